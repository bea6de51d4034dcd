"""Clips on the machines of a Ray cluster: blocks of them to files of a folder, then to one table.

``python -m model.distributed CLIPS -o FOLDER --ray ADDRESS``; docs/distributed.md tells more.
"""
