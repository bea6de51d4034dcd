"""Judging a submission from outside: the scorer, for any repository and for training."""
