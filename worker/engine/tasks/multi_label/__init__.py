"""Multi-label classification: an encoder with an output for each label; a threshold for each, chosen on the validation rows."""
