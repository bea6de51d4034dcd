"""Tests of ``model.distributed``."""
