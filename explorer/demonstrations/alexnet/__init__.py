"""AlexNet's first kernels, local response normalization and dropout."""
