"""The clip that is spoken, by espeak-ng."""

from pathlib import Path

import soundfile as sf
import soxr

from tests.make_clips.debian import run
from tests.make_clips.samples import RATE, Samples, shaped

SPEECH = (
    "The ferry left a little before seven, with nine passengers and a crate of lemons. "
    "Nobody spoke until the harbour lights were small. Then the man beside me said: "
    "I have never once seen the other side."
)


def spoken(folder: Path) -> Samples:
    """Read a text aloud with a British voice, at 170 words a minute."""
    sound = folder / "speech.wav"
    run("espeak-ng", "-v", "en-gb", "-s", "170", "-p", "38", "-w", str(sound), SPEECH)
    samples, rate = sf.read(sound, always_2d=True)
    resampled: Samples = soxr.resample(samples, rate, RATE)
    return shaped(resampled, len(resampled) / RATE + 0.3)
