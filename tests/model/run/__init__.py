"""Tests of ``model.run``."""
