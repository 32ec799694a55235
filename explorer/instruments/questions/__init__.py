"""Predict first, then see: the page's questions, for one person or for a hall that votes."""
