"""VGG's receptive fields, stacked small kernels, and where its parameters are."""
