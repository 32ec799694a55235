"""The picture painted over, and a grey patch slid over it: what of the picture does the answer hang on?"""
