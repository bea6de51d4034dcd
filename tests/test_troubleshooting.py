"""The messages that docs/troubleshooting.md explains are those that the program says."""

import ast
import re

import pytest

from tests.conftest import ROOT, Run

PAGE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
QUOTED = [quoted.replace("\\`", "`") for quoted in re.findall(r"^> `(.*)`$", PAGE, re.MULTILINE)]
"""Messages as the page has them."""


def said() -> list[str]:
    """Every text in the code of the product, what is filled in left out, and the Makefile."""
    texts = [(ROOT / "Makefile").read_text(encoding="utf-8")]
    for path in (ROOT / "model").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = (p.value if isinstance(p, ast.Constant) else "…" for p in node.values)
                texts.append("".join(map(str, parts)))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.append(re.sub(r"%[sd]", "…", node.value))
    return texts


SAID = "\n".join(said())


@pytest.mark.parametrize("message", QUOTED)
def test_a_message_is_in_the_code(message: str) -> None:
    parts = [part for part in re.split("…|; ", message) if len(part.strip(" :,()")) > 3]
    assert parts
    for part in parts:
        assert part.strip() in SAID, part


def test_there_are_messages() -> None:
    assert len(QUOTED) > 15


@pytest.mark.parametrize(
    ("arguments", "known"),
    [
        (["."], "file in …; add --recursive to look into its subfolders; add --any-audio"),
        (["nowhere"], "no such folder or file; name a folder that holds mp3 files"),
        (["{clips}", "--system", "nothing"], "no system is called"),
        (["{clips}", "-o", "a.csv", "--per-window", "a.csv"], "two outputs would have this name"),
    ],
)  # fmt: skip
def test_a_message_as_it_comes(
    predict: Run, tmp_path_factory: pytest.TempPathFactory, arguments: list[str], known: str
) -> None:
    folder = tmp_path_factory.mktemp("empty")
    given = [argument.format(clips=ROOT / "tests" / "clips") for argument in arguments]
    done = predict(*given, cwd=folder)
    assert done.returncode == 2
    for part in known.split("…"):
        assert part in done.stderr
    assert any(all(part in message for part in known.split("…")) for message in QUOTED)
