"""Token classification: an encoder with a head over every token, scored by entities."""
