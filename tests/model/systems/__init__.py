"""Tests of model/systems/."""
