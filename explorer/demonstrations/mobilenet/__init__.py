"""MobileNet's width and resolution multipliers, and ReLU6 in few dimensions."""
