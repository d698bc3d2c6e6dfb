"""Base models from the Hugging Face Hub: what is accepted and why not, the fetch job, and removal. Called by
`app.api.models` and by the fetch job of `worker`."""
