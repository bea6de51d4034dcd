"""The read-me of the clips' folder."""

from collections.abc import Sequence

import numpy as np
import soundfile as sf

from tests.make_clips.clips import Clip
from tests.make_clips.debian import version_of


def read_me(rows: Sequence[str]) -> str:
    """Write the read-me of the clips' folder around one table row per clip."""
    debian = [f"{name} {version_of(name)}" for name in ("fluidsynth", "fluid-soundfont-gm")]
    debian.append(f"espeak-ng {version_of('espeak-ng')}")
    encoder = f"soundfile {sf.__version__} with libsndfile {sf.__libsndfile_version__}"
    return "\n".join(
        [
            "# Sample clips",
            "",
            "Ten short mp3s for the tests. All are synthetic: composed",
            "in `tests/make_clips/`, which writes this folder again with",
            "",
            "    python -m tests.make_clips tests/clips",
            "",
            "The genre in a name is what the composer had in mind. It is not ground truth: these",
            "are imitations by a sampler and a speech synthesiser, and say nothing about accuracy.",
            "",
            "| file | seconds | channels | encoding | kbit/s | what it is |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
            "Made with",
            "",
            "- the Debian packages " + ", ".join(debian),
            f"- {encoder} (mp3 encoder), numpy {np.__version__}",
            "",
            "The soundfont is Fluid (R3) GM by Frank Wen, under the MIT licence. The same code",
            "and versions give the same notes; another version may give other bytes.",
            "",
        ]
    )


def table_row(clip: Clip, seconds: float, size: int) -> str:
    """Return a clip's row in the read-me."""
    mode = {"CONSTANT": "CBR", "AVERAGE": "ABR", "VARIABLE": "VBR"}[clip.encoding.mode]
    rate = round(size * 8 / seconds / 1000)
    cells = [f"`{clip.stem}.mp3`", f"{seconds:.1f}", str(clip.encoding.channels), mode, str(rate)]
    return "| " + " | ".join([*cells, clip.about]) + " |"
