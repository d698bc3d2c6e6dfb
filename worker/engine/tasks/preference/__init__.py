"""Preferences: a causal language model that learns which of two answers is better; accuracy, margins, length bias."""
