"""Adapters made from adapters, without training: combining, Arrow routing, LoRA extraction from a full fine-tune and merging
into the base model."""
