"""What can be measured on the rows of a table before anything is trained: token lengths, languages, near-duplicates, columns
that no role reads, and how rows are split into train, validation and test. Called by `app.services.datasets`."""
