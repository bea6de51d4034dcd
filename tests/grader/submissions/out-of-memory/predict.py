"""Defect: takes half a gigabyte and more, whatever it is given."""

import time

blocks = []
for _ in range(64):
    blocks.append(b"x" * (16 << 20))
    time.sleep(0.05)
