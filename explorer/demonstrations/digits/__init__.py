"""LeNet's canvas: a digit is drawn, made an input, and shown in all layers."""
