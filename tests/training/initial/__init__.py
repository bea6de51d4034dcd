"""Tests of ``training.initial``."""
