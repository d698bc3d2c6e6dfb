"""People and what identifies them: users, sign-in links, browser sessions, API tokens, audit entries, limits per person, and
the rules for names that people give. Called by `app.gate` on every request, by the routes of `app.api` and by `studio user`."""
