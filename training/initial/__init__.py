"""Initial weights from public checkpoints."""
