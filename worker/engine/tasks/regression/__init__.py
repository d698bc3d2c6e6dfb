"""Regression: encoder, head, and the numbers that it gives."""
