"""Training, evaluation and everything else that prediction does not need."""
