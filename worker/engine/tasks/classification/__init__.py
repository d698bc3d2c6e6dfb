"""Text classification: an encoder with pooled sentence vectors and a linear head that starts from a linear probe."""
