"""Write what repo2docker would send to an engine: the Dockerfile and the files of the build.

For builders that repo2docker does not know. Prints the build's arguments as ``NAME=VALUE`` lines.

    python build_context.py FOLDER OPTIONS-OF-REPO2DOCKER...
"""

import sys
import tarfile
from collections.abc import Iterator
from typing import IO

from repo2docker.__main__ import make_r2d
from repo2docker.engine import ContainerEngine


class Recorder(ContainerEngine):
    """An engine that unpacks the context instead of building it.

    Args:
        folder: where to.
    """

    string_output = True

    def __init__(self, folder: str) -> None:
        super().__init__(parent=None)
        self.folder = folder

    def inspect_image(self, image: str) -> None:
        """No image is ever there already."""

    def build(self, *, fileobj: IO[bytes], buildargs: dict[str, str], **_: object) -> Iterator[str]:
        """Unpack the context and print the arguments."""
        with tarfile.open(fileobj=fileobj) as context:
            context.extractall(self.folder, filter="fully_trusted")  # noqa: S202 - our own files
        for name, value in buildargs.items():
            print(f"{name}={value}")
        return iter(())


def main(folder: str, options: list[str]) -> None:
    """Render a repository's build into a folder."""
    application = make_r2d(options)
    application.get_engine = lambda: Recorder(folder)
    application.initialize()
    application.build()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
