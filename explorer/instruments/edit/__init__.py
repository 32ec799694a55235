"""Change the network that runs, and see what hangs on what."""
