"""Jobs and the machines that run them: the states of a job, the fair order of waiting jobs, registered workers and inference
servers, placement on devices, and what this machine has. Called by `worker` to claim jobs and by `app.api.queue`."""
