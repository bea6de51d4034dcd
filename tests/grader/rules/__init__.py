"""Tests of ``grader.rules``."""
