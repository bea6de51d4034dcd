"""Scores of held-out logits: metrics, intervals, calibration, leaderboard, costs."""
