"""Python's side of the upload page: collects the pieces of a file and classifies it.

The browser's side is ``upload.js``. It sends one message for a new file and one for each piece, and
waits for each reply. A file in one message would exceed the limit of Jupyter's connection, and the
visitor would see no progress.
"""

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from model.classifier import Classifier

LIMIT_MB: Final = 100
TOP: Final = 5
"""Number of genres in an answer."""

_CHOOSE: Final = "choose an mp3, wav, flac, ogg, opus or m4a file"
_PROBLEMS: Final = {
    "empty": f"the file is empty; {_CHOOSE}",
    "undecodable": f"no audio was found in this file; {_CHOOSE}",
    "no_audio": f"no audio was found in this file; {_CHOOSE}",
    "silent": "there is no sound in this file; choose a recording that is not silent",
}
"""What to tell the visitor, by the reason why a clip has no prediction."""


class Upload:
    """The file of a visitor. A new file replaces one that has not arrived completely.

    Args:
        classifier: gives the probabilities.
        reply: sends a reply to the browser: the ``id`` of the file and ``received``, a number of
            bytes, or ``genres``, pairs of name and probability, or ``error``, a line of text.
        folder: holds the file until it is classified.
    """

    def __init__(
        self, classifier: Classifier, reply: Callable[[dict[str, object]], object], folder: Path
    ) -> None:
        self._classifier, self._reply = classifier, reply
        # The content decides about the format, and no name of a stranger is used.
        self._path = folder / "clip.mp3"
        self._id: object = None
        self._size = 0

    def receive(self, message: Mapping[str, Any], pieces: Sequence[bytes | memoryview]) -> None:
        """Handle a message of the browser and reply.

        Args:
            message: the ``id`` of a file, and its ``size`` in bytes in the file's first message.
            pieces: the next bytes of the file.
        """
        if "size" in message:
            self._id, self._size = message["id"], int(message["size"])
            self._path.write_bytes(b"")
        elif message["id"] != self._id:
            return  # the visitor has chosen another file
        try:
            reply = self._next(pieces)
        except Exception as error:
            reply = {"error": f"the file could not be classified: {error}; choose it once more"}
        if "received" not in reply:
            self._id = None
            self._path.unlink(missing_ok=True)
        self._reply({"id": message["id"], **reply})

    def _next(self, pieces: Sequence[bytes | memoryview]) -> dict[str, object]:
        if self._size > LIMIT_MB * 1_000_000:
            return {"error": f"the file is larger than {LIMIT_MB} MB; cut out a part of it"}
        with self._path.open("ab") as file:
            for piece in pieces:
                file.write(piece)
            received = file.tell()
        if received < self._size:
            return {"received": received}
        self._reply({"id": self._id, "received": received})
        return self._classified()

    def _classified(self) -> dict[str, object]:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            probabilities = self._classifier.predict(self._path).iloc[0]
        for warning in caught:
            if reason := re.search(r"^no usable audio.*\((\w+)\)$", str(warning.message)):
                unusual = f"the file could not be decoded ({reason[1]}); choose another one"
                return {"error": _PROBLEMS.get(reason[1], unusual)}
        top = probabilities.nlargest(TOP)
        return {"genres": [[str(name), float(value)] for name, value in top.items()]}
