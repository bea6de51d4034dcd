"""Tests of the container's files and of CI's container tier, without an engine."""
