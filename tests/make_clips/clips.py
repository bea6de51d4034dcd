"""The ten clips: who makes each and how it is encoded."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.make_clips.drone import drone
from tests.make_clips.encoding import Encoding
from tests.make_clips.pieces import blues, classical, country, electronic, folk, hip_hop, jazz, rock
from tests.make_clips.playing import render
from tests.make_clips.samples import Samples
from tests.make_clips.score import Piece
from tests.make_clips.speech import spoken


@dataclass(frozen=True)
class Clip:
    """One clip: its file's stem, its maker, its encoding and a line for the read-me."""

    stem: str
    make: Callable[[Path], Samples]
    encoding: Encoding
    about: str


def composed(compose: Callable[[], Piece]) -> Callable[[Path], Samples]:
    """Return the maker of a composed clip."""
    return lambda folder: render(compose(), folder)


CLIPS = (
    Clip("blues-shuffle", composed(blues), Encoding(1, "CONSTANT", 0.889), "eight bars in A"),
    Clip("classical-strings", composed(classical), Encoding(2, "VARIABLE", 0.95), "string quintet"),
    Clip("country-band", composed(country), Encoding(2, "CONSTANT", 0.889), "two-step in G"),
    Clip("electronic-house", composed(electronic), Encoding(2, "CONSTANT", 0.778), "house loop"),
    Clip("experimental-drone", drone, Encoding(2, "VARIABLE", 0.9), "partials, noise and clicks"),
    Clip("folk-waltz", composed(folk), Encoding(1, "VARIABLE", 0.45), "guitar and flute, dorian"),
    Clip("hip-hop-beat", composed(hip_hop), Encoding(2, "AVERAGE", 0.889), "slow beat, C minor"),
    Clip("jazz-trio", composed(jazz), Encoding(2, "CONSTANT", 0.889), "swing trio in F"),
    Clip("rock-band", composed(rock), Encoding(2, "CONSTANT", 0.833), "driven guitars, riff in E"),
    Clip("spoken-word", spoken, Encoding(1, "CONSTANT", 0.889), "synthetic voice, own text"),
)
