"""``python -m benchmarks.batches``: CPU time and memory of the network by windows a call.

On one thread. Prints one row a batch size: CPU milliseconds a window, peak memory so far, and the
largest difference of a logit from the first row's. Sizes take turns: a busy machine hurts all.
"""

import resource
import statistics
import sys
import time

import numpy as np

from model import systems
from model.systems import cards
from model.systems.base import Execution

BATCHES = (2, 3, 6, 12, 24, 48)
WINDOWS = 48
ROUNDS = 5


def main() -> int:
    """Measure and print; returns the exit code."""
    card = cards.read(systems.DEFAULT, systems.WEIGHTS_FOLDER)
    system = systems.load(card)
    shape = (WINDOWS, card.window_frames, card.front_end.width)
    windows = np.random.default_rng(0).normal(0.0, 0.5, shape).astype("float32")
    print(f"{card.name}, one thread, {ROUNDS} rounds of {WINDOWS} windows")
    networks, logits, memory = {}, {}, {}
    for batch in BATCHES:
        networks[batch] = system.connect(Execution("cpu", 1, batch))
        parts = [networks[batch](windows[i : i + batch]) for i in range(0, WINDOWS, batch)]
        logits[batch] = np.concatenate(parts)
        memory[batch] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    spent: dict[int, list[float]] = {batch: [] for batch in BATCHES}
    for _ in range(ROUNDS):
        for batch, network in networks.items():
            begun = time.process_time()
            for start in range(0, WINDOWS, batch):
                network(windows[start : start + batch])
            spent[batch].append((time.process_time() - begun) / WINDOWS * 1000)
    for batch in BATCHES:
        apart = np.abs(logits[batch] - logits[BATCHES[0]]).max()
        print(
            f"{batch:3} windows a call: {statistics.median(spent[batch]):5.1f} ms CPU a window, "
            f"{memory[batch]:5.0f} MB, logits within {apart:.1e}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
