"""Text generation: causal language models that learn answers or running text; perplexity and generated samples."""
