"""The subcommands of ``python -m grader``."""
