"""Damaged clips (``python -m tests.fuzz``) and random files (``python -m tests.fuzz.readers``)."""
