"""Shell scripts and what the entry point does: the defects of 2018 that can be read off."""

import re
from collections.abc import Iterator
from itertools import chain
from typing import Final

from grader.repository.files import Repository, code_of
from grader.rules.findings import Finding, error, warning

_DOCKER: Final = re.compile(
    r"(?:^|[;&|(\s\"'\[])(?:nvidia-)?docker[\"',\s]+(?:pull|run|cp|exec|build)\b"
)
_DOWNLOAD: Final = re.compile(
    r"(?:^|[;&|(\s])(?:wget|curl|gdown|apt-get|git clone|git lfs pull|(?:pip|conda|mamba) install)"
    r"\s"
    r"|urlretrieve|urlopen|requests\.get|hf_hub_download"
)
SOURCES: Final = frozenset({".py", ".sh", ".R", ".r", ".jl", ".js", ".lua", ".ipynb", ".pl", ""})
"""Suffixes of files that may read the two variables."""
_VARIABLES: Final = {
    "TEST_DIRECTORY": "/crowdai-payload",
    "OUTPUT_PATH": "/tmp/output.csv",  # noqa: S108 - the challenge's path
}
_WEIGHTS: Final = re.compile(
    r"[\"'=\s]([\w./-]+\.(?:h5|hdf5|keras|pt|pth|ckpt|onnx|tflite|pkl|joblib|npz|bin))\b"
)


def shell_scripts(repository: Repository) -> Iterator[Finding]:
    """Line ends and the first line of every script of the image."""
    names = {"run.sh", "postBuild", "start"}
    names |= {
        path.name for path in repository.context if path.match("*.sh") and len(path.parts) == 1
    }
    for name in sorted(filter(repository.has, names)):
        script = repository.data(name)
        if b"\r\n" in script:
            yield error(
                "crlf", name, "lines end as on Windows; the system looks for 'bash\\r'",
                f"save {name} with Unix line ends, and add '*.sh eol=lf' to .gitattributes",
            )  # fmt: skip
        if not script.startswith(b"#!"):
            yield error(
                "no-shebang", f"{name}:1", "line 1 does not name the interpreter",
                "make #!/bin/bash the very first line",
            )  # fmt: skip
    start = code_of(repository.text("start"))
    if repository.has("start") and not re.search(r"^[ \t]*exec\s+\S", start, re.MULTILINE):
        yield error(
            "start-ends", "start", "does not run the graders' command",
            'end it with exec "$@"',
        )  # fmt: skip


def obeys_environment(repository: Repository) -> Iterator[Finding]:
    """TEST_DIRECTORY and OUTPUT_PATH must be asked for somewhere."""
    if not repository.has("run.sh"):
        return
    words = {word for pair in _VARIABLES.items() for word in pair}
    sources = (str(path) for path in repository.context if path.suffix in SOURCES)
    found: set[str] = set()
    for text in chain(repository.entry_scripts.values(), map(repository.text, sources)):
        code = code_of(text)
        found |= {word for word in words - found if word in code}
        if found >= _VARIABLES.keys():
            return
    for variable, fixed in _VARIABLES.items():
        if variable not in found:
            always = f"; it always uses {fixed}" if fixed in found else ""
            yield error(
                "environment-ignored", "run.sh", f"nothing reads ${variable}{always}",
                f'use "${variable}" in run.sh, in double quotes',
            )  # fmt: skip


def reaches_outside(repository: Repository) -> Iterator[Finding]:
    """Docker and downloads in the scripts that run without network."""
    for name, text in repository.entry_scripts.items():
        for number, line in enumerate(code_of(text).splitlines(), 1):
            if _DOCKER.search(line):
                yield error(
                    "docker-inside", f"{name}:{number}", "starts Docker inside the container",
                    "put what that image holds into environment.yml, apt.txt and postBuild",
                )  # fmt: skip
            elif _DOWNLOAD.search(line):
                yield warning(
                    "network-at-run-time", f"{name}:{number}", "uses the network; there is none",
                    "download in postBuild, or keep the file in the repository",
                )  # fmt: skip


def weights_named(repository: Repository) -> Iterator[Finding]:
    """Weights that the entry scripts name by a fixed path must be in the image."""
    present = {path.name for path in repository.context}
    for name, text in repository.entry_scripts.items():
        for number, line in enumerate(code_of(text).splitlines(), 1):
            for weights in _WEIGHTS.findall(line):
                if weights.rsplit("/", 1)[-1] not in present:
                    yield warning(
                        "weights-missing", f"{name}:{number}", f"{weights} is not in the image",
                        "add the file (git lfs pull?), or take it out of .dockerignore",
                    )  # fmt: skip
