"""Tests of ``grader.judging``."""
