"""What is fetched from other machines: which hosts may be asked, and what their failures mean. Called by the fetches of base
models and of data."""
