"""LeNet learns from scratch, while one watches, on digits that are drawn for it."""
