"""Tests of ``model.decoding``."""
