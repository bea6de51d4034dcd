"""Tests of ``grader.repository``."""
