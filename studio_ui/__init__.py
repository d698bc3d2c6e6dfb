"""The front end: pages that Gradio carries, their scripts and styles, and the frame around them. Mounted by `studio.web`."""
