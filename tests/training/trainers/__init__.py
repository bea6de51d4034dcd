"""Tests of ``training.trainers``."""
