"""Tests of ``model.frontends``."""
