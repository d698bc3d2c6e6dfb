"""What a run reports while it works and afterwards: the `Report` protocol, device and GPU use, and the frame of model cards."""
