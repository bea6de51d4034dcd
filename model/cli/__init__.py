"""The command line: arguments, settings file, console, progress, merging tables."""
