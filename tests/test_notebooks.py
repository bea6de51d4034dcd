"""The notebooks run from top to bottom without a network."""

import ast
import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import model
from benchmarks import notebooks
from tests.conftest import CLIPS, ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PACKAGES = ("nbclient", "ipykernel", "anywidget", "matplotlib", "pandas")
LONGEST_CELL = 25

OFFLINE = """
import sys

def refuse(event, arguments):
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        if arguments[1][0] not in ("127.0.0.1", "::1", "localhost"):
            raise RuntimeError(f"the notebook asks the network: {arguments[1]}")
    if event == "socket.getaddrinfo" and arguments[0] not in (None, "", "127.0.0.1", "localhost"):
        raise RuntimeError(f"the notebook asks the network: {arguments[0]}")

sys.addaudithook(refuse)
"""

Execute = Callable[..., Any]


def cells(path: Path) -> list[dict[str, Any]]:
    return list(json.loads(path.read_text(encoding="utf-8"))["cells"])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_committed_as_plain_text(path: Path) -> None:
    for cell in cells(path):
        assert not cell.get("outputs"), "clear the outputs before committing"
        assert cell.get("execution_count") is None
        assert len(cell["source"]) <= LONGEST_CELL
        if cell["cell_type"] == "code":
            ast.parse("".join(cell["source"]))


@pytest.fixture
def execute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Execute:
    """Runs a notebook in a kernel that cannot reach the network, and gives its cells back."""
    for package in PACKAGES:
        pytest.importorskip(
            package, reason=f"NOT TESTED: {package} is missing (requirements/notebook.in)"
        )
    nbclient, nbformat = import_module("nbclient"), import_module("nbformat")
    (tmp_path / "sitecustomize.py").write_text(OFFLINE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def run(name: str, *further: str) -> Any:
        path = ROOT / "notebooks" / f"{name}.ipynb"
        book = nbformat.read(path, as_version=4)
        book.cells += [nbformat.v4.new_code_cell(code) for code in further]
        place = {"metadata": {"path": str(path.parent)}}
        nbclient.NotebookClient(book, timeout=240, resources=place).execute()
        return book.cells

    return run


def shown(cell: Any) -> str:
    """What a cell printed or displayed as text."""
    return "".join(
        output.get("text") or str(output.get("data", {}).get("text/plain", ""))
        for output in cell.outputs
    )


def kinds(done: Any) -> list[str]:
    """The richest form of everything that was displayed."""
    outputs = [output for cell in done for output in cell.get("outputs", ())]
    return [kind for output in outputs for kind in output.get("data", {})]


@pytest.mark.slow
def test_the_tour(execute: Execute) -> None:
    done = execute("tour", "assert table.shape == (4, 16)", "print(rate, len(over_time))")
    assert kinds(done).count("image/png") == 5
    sounds = [cell for cell in done if "<audio" in json.dumps(cell.get("outputs", ""))]
    assert len(sounds) == 2
    rate, steps = shown(done[-1]).split()
    assert (rate, int(steps) > 20) == ("22050", True)


@pytest.mark.slow
def test_the_kernel_of_these_tests_has_no_network(execute: Execute) -> None:
    failure = import_module("nbclient.exceptions").CellExecutionError
    with pytest.raises(failure, match="asks the network"):
        execute("upload", "import urllib.request as r; r.urlopen('http://192.0.2.1')")


UPLOAD = """
import json

upload = Upload(classifier, lambda reply: print(json.dumps(reply)), Path(folder.name))
content = Path({path!r}).read_bytes()
upload.receive({{"id": 1, "size": len(content)}}, [])
upload.receive({{"id": 1}}, [memoryview(content)])
"""


@pytest.mark.slow
def test_an_upload_has_the_answer_of_python(execute: Execute) -> None:
    clip = CLIPS / "spoken-word.mp3"
    done = execute("upload", UPLOAD.format(path=str(clip)))
    *_, answer = map(json.loads, shown(done[-1]).splitlines())
    expected = model.load(device="cpu", workers=1).predict(clip).iloc[0].nlargest(5)
    assert [name for name, _ in answer["genres"]] == list(expected.index)
    assert [value for _, value in answer["genres"]] == pytest.approx(list(expected), abs=1e-6)


@pytest.mark.slow
def test_the_notebooks_fit_into_mybinders_memory() -> None:
    for package in PACKAGES:
        pytest.importorskip(package, reason=f"NOT TESTED: {package} is missing")
    for peak in notebooks.measure_notebooks():
        assert 100 < peak.kernel <= peak.together
        assert peak.together < notebooks.LIMIT_MB - notebooks.SERVER_MB, peak
