"""The kernels of the selected operation."""
