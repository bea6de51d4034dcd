"""From what a submission wrote and printed to a verdict: table, labels, metrics, experiments."""
