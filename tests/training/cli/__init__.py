"""Tests of ``training.cli``."""
