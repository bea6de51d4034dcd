"""Tests of ``model.cli``."""
