"""Tests of ``model.probabilities``."""
