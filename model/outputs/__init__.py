"""Files for people: what becomes of the results of a run.

Each module is a function from results, read once, to a file that appears whole or not at all.
"""
