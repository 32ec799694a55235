"""The picture painted over: what of it does the answer hang on?"""
