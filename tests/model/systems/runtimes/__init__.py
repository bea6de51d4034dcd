"""Tests of what runs a network."""
