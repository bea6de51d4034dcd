"""Command lines: arguments, console output, progress, and the merging of tables."""
