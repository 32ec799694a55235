"""Overfitting: networks trained with and without augmentation, on their own pictures, on others, on altered ones."""
