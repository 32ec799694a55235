"""The feature maps of the selected operation."""
