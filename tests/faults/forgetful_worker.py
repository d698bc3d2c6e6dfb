"""The worker's Celery application with a broker that takes a message for lost after ``TEST_VISIBILITY_SECONDS``."""

import os

from worker.app import app

app.conf.broker_transport_options = {
    **app.conf.broker_transport_options,
    "visibility_timeout": float(os.environ["TEST_VISIBILITY_SECONDS"]),
}
