"""Generation for the inference server: continuous batching, the key-value cache, sampling, batches with several adapters,
and vLLM where it is installed."""
