"""The command line and the composition of processes: the outermost layer, which may import every door."""
