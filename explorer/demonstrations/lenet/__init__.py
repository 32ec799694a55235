"""LeNet-5's connection table and its output of distances."""
