"""Tests of ``grader.engines``."""
