"""Label smoothing: what a network is trained towards, and how sure that lets it become."""
