"""Mutated clips through the real decoding processes: ``python -m tests.fuzz``."""
