"""The measured block of docs/container.md."""

from pathlib import Path
from types import ModuleType

import pytest

HISTORY = """\
0\tCMD ["jupyter" "notebook"]
40\tRUN /bin/sh -c ./postBuild # buildkit
3000000\tCOPY --chown=1001:1001 src/ /home/crowdai/ # buildkit
1500000000\tRUN /bin/sh -c bash -c 'time ${MAMBA_EXE} env update -p ${NB_PYTHON_PREFIX}' # buildkit
25000000\tRUN /bin/sh -c apt-get -qq install --yes --no-install-recommends locales
200000000\t
"""
LOG = """\
#5 [ 2/20] RUN apt-get -qq install --yes --no-install-recommends locales
#5 12.0 something
#5 DONE 6.5s
#9 [15/20] RUN bash -c 'time ${MAMBA_EXE} env update -p ${NB_PYTHON_PREFIX}'
#9 DONE 30.1s
#10 [16/20] COPY --chown=1001:1001 src/ ${REPO_DIR}/
#10 CACHED
#11 exporting to image
#11 DONE 14.0s
"""
FILES = "1000 run.sh\n2999000 weights/a b.h5\n"


@pytest.fixture
def measured(tmp_path: Path) -> list[str]:
    names = {"history": HISTORY, "log": LOG, "files": FILES}
    for name, text in names.items():
        (tmp_path / name).write_text(text)
    return [str(tmp_path / name) for name in names]


def document(image_report: ModuleType, size: str, files: str = "2 files, 3.0 MB") -> str:
    return (
        f"before\n{image_report.BEGIN}\nImage: {size} MB on disk.\n\n"
        f"Of this repository: {files}.\n{image_report.END}\nafter\n"
    )


def test_sizes_and_times_are_added_up_by_purpose(image_report: ModuleType) -> None:
    sizes, seconds = image_report.sizes(HISTORY), image_report.seconds(LOG)
    assert sum(sizes.values()) == 1_728_000_040
    assert sizes["base"] == 200_000_000
    assert sizes["environment.yml"] == 1_500_000_000
    assert sizes["code and weights"] == 3_000_000
    assert seconds["locale"] == 6.5
    assert seconds["environment.yml"] == 30.1
    assert sum(seconds.values()) == pytest.approx(36.6)


def test_the_block_is_written_between_the_markers(
    image_report: ModuleType, measured: list[str], tmp_path: Path
) -> None:
    place = tmp_path / "document.md"
    place.write_text(document(image_report, "1"))
    assert image_report.main(["--write", *measured, str(place)]) == 0
    text = place.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "Image: 1,728 MB on disk." in text
    assert "2 files, 3.0 MB" in text
    assert image_report.main([*measured, str(place)]) == 0


@pytest.mark.parametrize(
    ("size", "files", "code"),
    [
        ("1,700", "2 files, 3.0 MB", 0),
        ("1,200", "2 files, 3.0 MB", 1),
        ("2,300", "2 files, 3.0 MB", 1),
        ("?", "2 files, 3.0 MB", 1),
        ("1,728", "3 files, 3.0 MB", 1),
        ("1,728", "2 files, 3.4 MB", 1),
    ],
)
def test_a_document_that_has_drifted_is_told(
    image_report: ModuleType, measured: list[str], tmp_path: Path, size: str, files: str, code: int
) -> None:
    place = tmp_path / "document.md"
    place.write_text(document(image_report, size, files))
    assert image_report.main([*measured, str(place)]) == code


def test_a_document_without_markers_is_left_alone(image_report: ModuleType) -> None:
    with pytest.raises(ValueError, match="no markers"):
        image_report.replaced("text", "block")
