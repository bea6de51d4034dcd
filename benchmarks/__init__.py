"""Measurements of CPU time and memory, run with ``python -m benchmarks``.

Each module measures one subject and has the two functions of ``benchmarks.__main__.Benchmark``.
"""
