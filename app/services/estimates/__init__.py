"""What a run will cost in memory and time: arithmetic from the declarations of the catalog, corrected by observations of
finished runs. Called when a run is submitted, by `app.api.estimates` and by the queue page."""
