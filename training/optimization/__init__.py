"""Optimizer steps of a network: configuration, batches, training loop, outputs for whole clips."""
