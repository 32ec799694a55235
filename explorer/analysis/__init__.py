"""What is known about a network without running it: its trace, cost and diagrams."""
