"""Every type of model that the studio promises: fetched, tuned, saved, and opened again by plain transformers and peft."""
