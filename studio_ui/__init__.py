"""The front end: a Gradio application with one route per page, its components, and the frame around it. Mounted by `studio.web`."""

import os

# Gradio reports usage over the network unless that is disabled before it is imported.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
