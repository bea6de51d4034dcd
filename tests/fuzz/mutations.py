"""Recipes of damaged clips: plain data, so that a finding is kept as one line of json.

A recipe names a clip and the steps that damage it. Offsets are taken modulo what is there, so that
every recipe fits every clip.
"""

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cache

import numpy as np

from tests.conftest import CLIPS
from tests.support import encodings, odd

Step = tuple[str, tuple[int, ...]]
Clips = Mapping[str, bytes]

_MOST_STEPS = 4
_HEADER_BYTES = 4
_BASES = (  # synthesised clips to mutate beside the samples: other layers, formats and containers
    "vbr-without-xing",
    "channels-2-1",
    "no-index-44100-48000",
    "free-format",
    "layer-2",
    "no-index",
    "no-index-12000",
    "m4a-aac",
    "aac-adts",
    "opus-webm",
    "wma",
)


@dataclass(frozen=True)
class Recipe:
    """How to make one mutant.

    Attributes:
        clip: the clip that is damaged, by name.
        other: the clip of which a piece may be spliced in.
        steps: names of ``STEPS`` with their numbers, done in order.
    """

    clip: str
    other: str
    steps: tuple[Step, ...]

    def to_json(self) -> str:
        """One line that ``from_json`` reads."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(line: str) -> "Recipe":
        """The recipe of a line."""
        fields = json.loads(line)
        steps = tuple((name, tuple(numbers)) for name, numbers in fields["steps"])
        return Recipe(fields["clip"], fields["other"], steps)


@cache
def clips() -> Clips:
    """What is mutated: the sample clips, and short ones of other encodings, by name."""
    found = {path.stem: path.read_bytes() for path in sorted(CLIPS.glob("*.mp3"))}
    good = found["rock-band"]
    made = [*encodings.variable(), *encodings.changing(), *encodings.rare_mpegs()]
    made += encodings.other_containers(good)
    by_name = {one.name.removesuffix(".mp3"): one.content for one in made}
    found |= {name: by_name[name] for name in _BASES}
    music = encodings.noisy(3, 44_100, 2)
    for form, subtype in (("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("OGG", "VORBIS")):
        found[form.lower()] = odd.encoded(music, 44_100, form, subtype)
    return found


def draw(seed: int, number: int) -> Recipe:
    """The recipe with this number, always the same; half of them damage a sample clip."""
    chance = random.Random(f"{seed}/{number}")  # noqa: S311 (no secrets here)
    names = list(clips())
    samples = names[: len(names) - len(_BASES) - 3]
    clip = chance.choice(samples if chance.random() < 0.5 else names)
    size = len(clips()[clip])
    steps = []
    for _ in range(chance.randint(1, _MOST_STEPS)):
        name = chance.choice(list(STEPS))
        # Most damage is in the beginning, where the headers of containers are.
        place = chance.randrange(chance.choice((64, 4096, size, size)))
        length = int(2 ** chance.uniform(0, 15))
        steps.append((name, (place, length, chance.randrange(1 << 30))))
    return Recipe(clip, chance.choice(names), tuple(steps))


def mutant(recipe: Recipe) -> bytes:
    """The damaged clip."""
    content, other = clips()[recipe.clip], clips()[recipe.other]
    for name, numbers in recipe.steps:
        if content:
            place, length, dice = numbers
            content = STEPS[name](content, other, place % len(content), length, dice)
    return content


def _flip(content: bytes, _: bytes, place: int, length: int, dice: int) -> bytes:
    """Flip a few bits at and behind a place."""
    chance = np.random.default_rng(dice)
    changed = np.frombuffer(content, np.uint8).copy()
    end = min(place + length, len(changed))
    hit = chance.integers(place, end, 1 + dice % 40)
    changed[hit] ^= (1 << chance.integers(0, 8, len(hit))).astype(np.uint8)
    return changed.tobytes()


def _flip_header(content: bytes, _: bytes, place: int, __: int, dice: int) -> bytes:
    """Flip one bit in the header of the first frame at or behind a place."""
    changed = bytearray(content)
    start = content.find(b"\xff", place)
    while 0 <= start < len(content) - _HEADER_BYTES and content[start + 1] < 0xE0:
        start = content.find(b"\xff", start + 1)
    if 0 <= start < len(content) - _HEADER_BYTES:
        changed[start + 1 + dice % 3] ^= 1 << (dice // 3 % 8)
    return bytes(changed)


def _flip_every_header(content: bytes, _: bytes, place: int, __: int, dice: int) -> bytes:
    """Flip the same bit in all that looks like a frame's header behind a place."""
    changed = np.frombuffer(content, np.uint8).copy()
    starts = np.flatnonzero((changed[:-_HEADER_BYTES] == 0xFF) & (changed[1:-3] >= 0xE0))
    changed[starts[starts >= place] + 1 + dice % 3] ^= np.uint8(1 << (dice // 3 % 8))
    return changed.tobytes()


def _write_number(content: bytes, _: bytes, place: int, __: int, dice: int) -> bytes:
    """Put an extreme number of four bytes at a place, as sizes and counts of containers are."""
    numbers = (b"\xff\xff\xff\xff", bytes(4), b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\1")
    return content[:place] + numbers[dice % len(numbers)] + content[place + 4 :]


def _tag(content: bytes, _: bytes, __: int, length: int, dice: int) -> bytes:
    """Put a tag of noise in front, or behind, that may lie about its size."""
    claimed = (length, dice % (1 << 28))[dice % 2]
    tag = odd.id3(0, claimed) + odd.noise_bytes(length, dice)
    return tag + content if dice % 3 else content + tag


STEPS: Mapping[str, Callable[[bytes, bytes, int, int, int], bytes]] = {
    "flip": _flip,
    "flip_header": _flip_header,
    "flip_every_header": _flip_every_header,
    "write_number": _write_number,
    "tag": _tag,
    "delete": lambda content, _, at, length, __: content[:at] + content[at + length :],
    "repeat": lambda content, _, at, length, dice: (
        content[:at] + content[at : at + length] * (2 + dice % 3) + content[at + length :]
    ),
    "swap": lambda content, _, at, length, __: (
        content[:at]
        + content[at + length : at + 2 * length]
        + content[at : at + length]
        + content[at + 2 * length :]
    ),
    "zero": lambda content, _, at, length, __: (
        content[:at] + bytes(len(content[at : at + length])) + content[at + length :]
    ),
    "noise": lambda content, _, at, length, dice: (
        content[:at] + odd.noise_bytes(length, dice) + content[at + length * (dice % 2) :]
    ),
    "truncate": lambda content, _, at, __, dice: content[: max(at, dice % len(content))],
    "behead": lambda content, _, at, __, ___: content[at:],
    "splice": lambda content, other, at, _, dice: content[:at] + other[dice % len(other) :],
}
"""By name: content, other clip, place below the content's length, length, a number for chance."""
