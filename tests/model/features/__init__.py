"""Tests of model/features/."""
