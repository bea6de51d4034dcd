"""The clip that is computed: partials, noise and clicks."""

from pathlib import Path

import numpy as np
import scipy.signal

from tests.make_clips.samples import RATE, Samples, shaped


def drone(_folder: Path) -> Samples:
    """Build a drone of slowly beating, slightly inharmonic partials under swelling noise."""
    seconds = 9.5
    time = np.arange(round(seconds * RATE)) / RATE
    generator = np.random.default_rng(20_24)
    sides: list[Samples] = []
    for _ in range(2):
        hum = np.zeros_like(time)
        for partial in range(1, 13):
            pitch = 55 * partial**1.013 * (1 + generator.normal(0, 0.002))
            swell = 0.6 + 0.4 * np.sin(
                2 * np.pi * (generator.uniform(0.05, 0.3) * time + generator.uniform())
            )
            hum += swell * np.sin(2 * np.pi * pitch * time) / partial
        noise = generator.normal(0, 1, time.size)
        low, high = (
            scipy.signal.sosfilt(
                scipy.signal.butter(2, band, "bandpass", fs=RATE, output="sos"), noise
            )
            for band in ((150, 500), (1800, 6000))
        )
        sweep = np.sin(np.pi * time / seconds) ** 2
        clicks = np.where(
            generator.random(time.size) < 4 / RATE, generator.normal(0, 0.5, time.size), 0
        )
        sides.append(hum / 3 + 1.2 * (1 - sweep) * low + 0.8 * sweep * high + clicks)
    samples = np.stack(sides, axis=1) * np.minimum(1, time / 1.5)[:, None]
    return shaped(samples, seconds)
