"""Defect: fetches its weights when it runs. The name is one that can never exist (RFC 2606)."""

from urllib.request import urlopen

weights = urlopen("http://weights.invalid/model.h5", timeout=5).read()
