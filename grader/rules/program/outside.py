"""Docker and downloads in a program that runs in a container without network."""

import ast
import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from grader.repository.files import Repository
from grader.repository.imports import commands_of, is_starter
from grader.repository.program import Program, Script
from grader.repository.python import name_of, text_of
from grader.repository.shell import Command, read_shell
from grader.repository.starts import meant_commands
from grader.rules.findings import Finding, error, warning
from grader.rules.program.code import line_of
from grader.rules.program.values import Values
from grader.text import LONGEST

_DOCKER: Final = re.compile(r"(?:\S*/)?(?:(?:nvidia-)?docker(?:-compose)?|podman)")
_DOES: Final = frozenset({"pull", "run", "cp", "exec", "build", "start", "up"})
_DOWNLOAD: Final = re.compile(
    r"(?:\S*/)?(?:wget|curl|gdown|aria2c|apt-get|apt|git clone|git fetch|git pull|git lfs pull"
    r"|(?:pip[\d.]*|conda|mamba) (?:install|download)|python[\d.]* -m pip (?:install|download)"
    r")(?: |$)"
)
_CALLS: Final = frozenset(
    {"urlretrieve", "urlopen", "hf_hub_download", "snapshot_download", "download_url",
     "create_connection"}
)  # fmt: skip
_OWNED: Final = frozenset(
    {("requests", "get"), ("requests", "post"), ("gdown", "download"), ("wget", "download"),
     ("nltk", "download"), ("hub", "load"), ("utils", "get_file")}
)  # fmt: skip
_IN_TEXT: Final = re.compile(
    r"\b(?:urlretrieve|urlopen|hf_hub_download|requests\.get|gdown\.download|wget\.download)\s?\("
)
_STARTS: Final = re.compile(r"\bos\.(?:system|popen)\b|\bsubprocess\b")
_HERE: Final = ("localhost", "127.0.0.1", "0.0.0.0", "file:", "://$")  # noqa: S104
"""Addresses that need no network, or whose host is not known."""
_MOST: Final = 20
"""Parts of an address, and values of a name, that are looked at."""
_SAYING: Final = frozenset({"echo", "printf", "grep", "cat", "test", "[", "[["})


def reaches_outside(repository: Repository) -> Iterator[Finding]:
    """Docker and downloads in the scripts that run without network."""
    places = [*_commands(repository.program), *_calls(repository.program)]
    if not repository.makes_files:
        places += _published_weights(repository.program)
    for where, kind in dict.fromkeys(places):
        if kind == "docker":
            yield error(
                "docker-inside", where, "starts Docker inside the container",
                "put what that image holds into environment.yml, apt.txt and postBuild",
            )  # fmt: skip
        else:
            yield warning(
                "network-at-run-time", where, "uses the network; there is none",
                "download in postBuild, or keep the file in the repository",
            )  # fmt: skip


def _published_weights(program: Program) -> Iterator[tuple[str, str]]:
    """Place of each model whose weights Keras or torchvision download on first use."""
    for script in program.trees:
        for node in script.always:
            for keyword in node.keywords if isinstance(node, ast.Call) else ():
                assert isinstance(node, ast.Call)  # noqa: S101 - for the type checker
                owner = node.func.value if isinstance(node.func, ast.Attribute) else None
                asked = isinstance(keyword.value, ast.Constant) and keyword.value.value is True
                torch = (
                    keyword.arg == "pretrained"
                    and asked
                    and owner is not None
                    and name_of(owner) == "models"
                )
                if torch or (keyword.arg == "weights" and text_of(keyword.value) == "imagenet"):
                    yield f"{script.name}:{node.lineno}", "network"


def _commands(program: Program) -> Iterator[tuple[str, str]]:
    """Place and kind of each command of shell scripts."""
    for name, shell in program.shells:
        for command in meant_commands(shell):
            if kind := _kind(command):
                yield f"{name}:{command.line}", kind


def _calls(program: Program) -> Iterator[tuple[str, str]]:
    """Place and kind of each call of Python files."""
    values = Values(program)
    for script in program.trees:
        for node in script.always:
            listed = isinstance(node, ast.List) and map(text_of, node.elts[:50])
            if listed and _kind(Command(0, tuple(word or "" for word in listed))) == "docker":
                yield f"{script.name}:{line_of(node)}", "docker"
            if isinstance(node, ast.Call) and (kind := _kind_of_call(values, script, node)):
                yield f"{script.name}:{node.lineno}", kind
    for name, python in program.texts:
        for number, line in enumerate(python.code.splitlines(), 1):
            short = line[:LONGEST]
            if _IN_TEXT.search(short):
                yield f"{name}:{number}", "network"
            elif _STARTS.search(short):
                words = " ".join(text for at, text in python.strings if at == number)
                commands = meant_commands(read_shell(words[:LONGEST]))
                yield from ((f"{name}:{number}", kind) for kind in map(_kind, commands) if kind)


def _kind_of_call(values: Values, script: Script, call: ast.Call) -> str:
    function = call.func
    owner = name_of(function.value) if isinstance(function, ast.Attribute) else ""
    if name_of(function) in _CALLS or (owner, name_of(function)) in _OWNED:
        return "" if _is_local(values, script, call) else "network"
    if is_starter(call):
        shell_commands = (
            inner for command in commands_of(call) for inner in meant_commands([command])
        )
        return next(filter(None, map(_kind, shell_commands)), "")
    return ""


def _is_local(values: Values, script: Script, call: ast.Call) -> bool:
    """Whether a call asks this machine only: by its address, or by ``source="local"``."""
    texts = [text_of(keyword.value) for keyword in call.keywords if keyword.arg == "source"]
    for node in islice(ast.walk(call.args[0]), _MOST) if call.args else ():
        texts.append(text_of(node))
        if isinstance(node, ast.Name | ast.Attribute):
            texts += [text_of(value.node) for value in values.of(script, node)[:_MOST]]
    return any(here in text for here in _HERE for text in texts if text) or "local" in texts


def _kind(command: Command) -> str:
    """What a command reaches: ``docker``, ``network`` or nothing."""
    if not command.words or command.words[0] in _SAYING:
        return ""
    text = " ".join(command.words[:50])[:LONGEST]
    if _DOCKER.fullmatch(command.words[0][:LONGEST]) and _DOES & set(command.words[1:50]):
        return "docker"
    downloads = _DOWNLOAD.match(text) or ("-c" in command.words and _IN_TEXT.search(text))
    local = "--no-index" in command.words or any(here in text for here in _HERE)
    return "network" if downloads and not local else ""
