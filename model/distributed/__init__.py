"""Prediction runs on the machines of a Ray cluster, for clips and results on disks or in stores.

Run it with ``python -m model.distributed CLIPS -o FOLDER --ray ADDRESS``.
"""
