"""Where a network looks: heat maps of what a class, or one value, hangs on, and whether they can be believed."""
