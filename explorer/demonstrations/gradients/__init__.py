"""Gradients before training, with shortcuts and without."""
