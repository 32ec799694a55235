"""How the bundled weights were made: the data, one recipe for each network, the training and its evaluation."""
