"""Where the page finds a clip's audio: the file itself, or a copy inside the page."""

import base64
import mimetypes
import os
import stat
from functools import lru_cache
from pathlib import Path
from typing import Final
from urllib.parse import quote

EMBED_LIMIT: Final = 50_000_000
"""Bytes of audio files that a page may hold unless told otherwise; browsers get slow beyond."""


def location(path: str, folder: Path) -> str:
    """URL of a clip for a page that lies in ``folder``, whatever bytes the name is made of.

    A clip below the folder gets a relative URL, so that both can be moved together; any other gets
    a ``file:`` URL, so that the page can be moved alone.
    """
    base, place = _real(str(folder)), _real(str(Path(path).parent))
    name = os.fsencode(Path(path).name)
    if place == base or place.startswith(base.rstrip("/") + "/"):
        return quote(os.fsencode(place[len(base) :].lstrip("/")) + b"/" * (place != base) + name)
    return "file://" + quote(os.fsencode(place.rstrip("/")) + b"/" + name)


@lru_cache(maxsize=1024)
def _real(folder: str) -> str:
    # Browsers take ".." away by the text alone, which is wrong behind a symbolic link.
    return os.path.realpath(folder)


class Embedding:
    """Audio files as data URLs, in turn, until they are too many bytes.

    Args:
        limit: bytes of files to take, 0 for none.

    Attributes:
        embedded: files taken.
        left_out: files that were no more within the limit.
    """

    def __init__(self, limit: int) -> None:
        self._wanted = limit > 0
        self._left = limit
        self.embedded = 0
        self.left_out = 0

    def data_url(self, path: str) -> str:
        """The file as a URL, or an empty text when it is over the limit or cannot be read."""
        if not self._wanted:
            return ""
        try:
            # A pipe would block on opening.
            status = Path(path).stat()
            if not stat.S_ISREG(status.st_mode):
                return ""
            if status.st_size > self._left:
                self.left_out += 1
                return ""
            audio = Path(path).read_bytes()
        except OSError:
            return ""
        self._left -= len(audio)
        self.embedded += 1
        kind = mimetypes.guess_type(Path(path).name)[0] or ""
        kind = kind if kind.startswith("audio/") else "audio/mpeg"
        return f"data:{kind};base64,{base64.b64encode(audio).decode('ascii')}"
