"""What the results of runs mean: verdicts, paired statistics, calibration, comparison, leaderboard, votes on answers and
read-only shares. Called by the run, comparison and share routes of `app.api` and by `app.services.experiments`."""
