"""Tests of ``grader.report``."""
