"""Tests of model/outputs/."""
