"""Answers of base models and finished runs: chat, conversations, saved prompts and predictions, all asked of an inference
server over HTTP. Called by the chat and prediction routes of `app.api`."""
