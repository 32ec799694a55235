"""The CNN explorer: see convolutional networks, from LeNet-5 to SENet."""
