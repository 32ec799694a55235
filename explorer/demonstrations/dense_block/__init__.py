"""A dense block: what each layer adds, and what later layers read of it."""
