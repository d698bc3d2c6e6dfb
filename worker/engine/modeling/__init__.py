"""Models, whatever they are used for: loading in full precision or quantised, which parameters train, frozen lower layers, dropout,
gradient checkpointing and the files of an adapter folder. Called by `tasks`, `loop`, `merging` and the inference server."""
