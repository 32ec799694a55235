"""Batch normalization: what it computes, and what a network answers without it."""
