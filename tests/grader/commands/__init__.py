"""Tests of ``grader.commands``."""
