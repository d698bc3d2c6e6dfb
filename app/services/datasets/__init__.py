"""Datasets and their immutable versions: import a file, build its report, search and edit rows, change columns or splits,
export, restore. Called by the dataset routes of `app.api`, by the dataset jobs of `worker` and by `studio check`."""
