"""The 1x1 convolution: what it costs, what it saves, what it computes."""
