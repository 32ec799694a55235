"""Separable convolutions taken apart: kernels, channels, rank."""
