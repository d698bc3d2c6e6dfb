"""Queue: what works, what waits and why, and the workers."""

from studio_ui.pages.page import Page

QUEUE = Page(
    path="/queue",
    title="Queue",
    nav_label="Queue",
    purpose="What is being trained and what waits: when each run is expected to start and end, and why it waits.",
    script="queue.js",
    container="queue-page",
)
