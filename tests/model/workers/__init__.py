"""Tests of model/workers/."""
