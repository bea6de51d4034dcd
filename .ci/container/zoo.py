"""Fill a folder with the hostile files of the tests, as a grader's folder of clips."""

import sys
import tempfile
from pathlib import Path

from tests.support.zoo import build_zoo


def main(folder: Path, good: Path) -> None:
    """Build the zoo around a copy of a good clip.

    A container sees the folder under another path, and nothing beside it. So that the links mean
    the same in both places, the copy is gone afterwards and the link to itself is a relative one.
    """
    with tempfile.TemporaryDirectory() as elsewhere:
        copy = Path(elsewhere) / good.name
        copy.write_bytes(good.read_bytes())
        build_zoo(folder, copy)
    circle = folder / "link-to-itself.mp3"
    circle.unlink()
    circle.symlink_to(circle.name)
    folder.chmod(0o755)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
