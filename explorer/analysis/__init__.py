"""What is known about a network without running it: its trace, its cost, and how it compares."""
