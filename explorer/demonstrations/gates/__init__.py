"""The squeeze-and-excitation laboratory: gates seen and altered."""
