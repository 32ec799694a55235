"""A residual unit: what is added to what, and what happens without it."""
