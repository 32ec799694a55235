"""What happens when a network runs: images, devices, weights, activations."""
