"""Degradation: one deep network trained twice, without shortcuts and with them."""
