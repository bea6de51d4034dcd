"""One prediction run: pipeline, journal and resume, results."""
