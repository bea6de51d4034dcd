"""Addresses of the clips' audio for the page: of the file, or of a copy inside the page."""

import base64
import mimetypes
import os
import stat
from functools import lru_cache
from pathlib import Path
from typing import Final
from urllib.parse import quote

EMBED_LIMIT: Final = 50_000_000
"""Default limit of embedded audio in bytes; browsers become slow with more."""


def location(path: str, folder: Path) -> str:
    """URL of a clip for a page in ``folder``; names may contain any bytes.

    A clip below the folder gets a relative URL, so that the folder can be moved as a whole. Any
    other clip gets a ``file:`` URL, so that the page can be moved alone.
    """
    base, place = _real(str(folder)), _real(str(Path(path).parent))
    name = os.fsencode(Path(path).name)
    if place == base or place.startswith(base.rstrip("/") + "/"):
        return quote(os.fsencode(place[len(base) :].lstrip("/")) + b"/" * (place != base) + name)
    return "file://" + quote(os.fsencode(place.rstrip("/")) + b"/" + name)


@lru_cache(maxsize=1024)
def _real(folder: str) -> str:
    # Browsers resolve ".." without looking at symbolic links.
    try:
        return os.path.realpath(folder)
    except ValueError:  # a name with a null byte
        return folder


class EmbeddedAudio:
    """Audio files as data URLs, as long as they fit into a limit.

    Args:
        limit: largest total size of the files in bytes; 0 embeds none.

    Attributes:
        embedded: number of embedded files.
        left_out: number of files over the limit.
    """

    def __init__(self, limit: int) -> None:
        self._enabled = limit > 0
        self._left = limit
        self.embedded = 0
        self.left_out = 0

    def data_url(self, path: str) -> str:
        """Data URL of a file; empty if the file is over the limit or cannot be read."""
        if not self._enabled:
            return ""
        try:
            status = Path(path).stat()
            if not stat.S_ISREG(status.st_mode):  # opening a pipe would block
                return ""
            if status.st_size > self._left:
                self.left_out += 1
                return ""
            audio = Path(path).read_bytes()
        except (OSError, ValueError):  # ValueError: a name with a null byte
            return ""
        self._left -= len(audio)
        self.embedded += 1
        kind = mimetypes.guess_type(Path(path).name)[0] or ""
        kind = kind if kind.startswith("audio/") else "audio/mpeg"
        return f"data:{kind};base64,{base64.b64encode(audio).decode('ascii')}"
