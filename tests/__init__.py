"""Tests, by the folders that they test."""
