"""What a clip costs: `python -m benchmarks pipeline`."""
