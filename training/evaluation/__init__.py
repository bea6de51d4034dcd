"""Scores of held-out logits: metrics, intervals, calibration choice, leaderboard."""
