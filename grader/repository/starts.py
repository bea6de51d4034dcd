"""Which files the commands of a shell script start."""

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from grader.repository.shell import Command, Shell, read_shell
from grader.text import LONGEST

MAX_DEPTH: Final = 3
"""Commands in strings (``bash -c "..."``) that are looked into."""
_VARIABLE: Final = re.compile(r"\$\{[^}]*\}|\$\(\)|\$\w+|\$[@*#?$!-]")
_SCRIPT: Final = re.compile(r"(?<![\w./-])[\w./-]+\.(?:py|sh)\b")
"""Begins only where a word begins, so that a long word is searched once."""
_ASSIGNMENT: Final = re.compile(r"[A-Za-z_]\w*\+?=")
_PYTHON: Final = re.compile(r"i?python[\d.]*|pypy[\d.]*")
_SHELLS: Final = frozenset({"bash", "sh", "dash", "zsh", "ksh", "source", "."})
_KEYWORDS: Final = frozenset(
    {"if", "then", "else", "elif", "do", "while", "until", "!", "time", "exec", "nohup", "command",
     "env", "sudo", "nice", "ionice", "stdbuf", "timeout", "xargs", "setsid", "builtin", "unbuffer"}
)  # fmt: skip
"""Words before the command that is meant."""
_QUIET: Final = frozenset(
    {"echo", "printf", "cat", "rm", "cp", "mv", "ls", "ln", "chmod", "chown", "touch", "test", "[",
     "[[", "grep", "mkdir", "tar", "unzip", "gunzip", "gzip", "file", "stat", "du", "df", "head",
     "tail", "wc", "diff", "sed", "awk"}
)  # fmt: skip
"""Commands that start none of the files they name."""
_HARMLESS: Final = _QUIET | frozenset(
    {":", ";", "]", "]]", "activate", "alias", "apt-get", "basename", "bc", "break", "bzip2",
     "case", "cd", "clear", "comm", "conda", "continue", "curl", "cut", "date", "deactivate",
     "declare", "dirname", "done", "esac", "exit", "export", "expr", "false", "ffmpeg",
     "ffprobe", "fi", "find", "for", "free", "function", "gdown", "git", "hash", "hexdump",
     "hostname", "id", "in", "join", "kill", "lame", "let", "local", "lscpu", "mamba", "md5sum",
     "mktemp", "module", "mpg123", "nproc", "nvidia-smi", "od", "parallel", "paste", "pgrep",
     "pip", "pip3", "pkill", "popd", "ps", "pushd", "pwd", "read", "readlink", "readonly",
     "realpath", "return", "select", "seq", "set", "sha256sum", "shift", "shopt", "sleep",
     "sort", "sox", "soxi", "split", "sync", "tee", "tput", "tr", "trap", "true", "type",
     "typeset", "ulimit", "umask", "uname", "uniq", "unset", "wait", "wget", "which", "whoami",
     "xz", "zip", "{", "}"}
)  # fmt: skip
"""Commands that lead to no other file of the repository unless they name it."""


@dataclass(frozen=True)
class Call:
    """A file or module that is started.

    Attributes:
        path: path as it is written, without variables; empty for a module.
        module: dotted name after ``python -m``.
        arguments: words after it.
        folders: where it may lie, besides the root and the folder of its caller.
        certain: whether a program is started for sure, so that a file that is not found means that
            not everything was followed.
        by_path: whether the system starts the file itself, by its first line.
    """

    path: str = ""
    module: str = ""
    arguments: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    certain: bool = False
    by_path: bool = False


UNKNOWN: Final = Call(path="\0", certain=True)
"""Something that cannot be followed."""


def read_calls(shell: Shell) -> list[Call]:
    """What a script starts, in its order."""
    calls: list[Call] = []
    folders: list[str] = []
    for command in shell.commands:
        words = _command(command.words)
        if words[:1] in (("cd",), ("pushd",)) and len(words) > 1:
            folders.insert(0, plain(words[1]).strip("/"))
            del folders[MAX_DEPTH:]
        elif words and words[0] not in shell.functions:
            calls += _calls(words, tuple(folders), MAX_DEPTH)
    return calls


def meant_commands(
    commands: Shell | Iterable[Command], depth: int = MAX_DEPTH
) -> Iterator[Command]:
    """Commands without the words before them (``if``, ``sudo``), and those in ``bash -c "..."``."""
    for command in commands.commands if isinstance(commands, Shell) else commands:
        words = _command(command.words)
        if words:
            yield Command(command.line, words, command.targets, command.end)
        inner = _inner(words)
        if inner and depth:
            for found in meant_commands(read_shell(inner), depth - 1):
                yield Command(command.line, found.words, found.targets, found.end)


def calls_of(command: Command) -> list[Call]:
    """What a single command starts."""
    return read_calls(Shell((command,), frozenset(), ""))


def plain(word: str) -> str:
    """A word without its variables: ``/x.py`` for ``$here/x.py``."""
    return _VARIABLE.sub("", word) if len(word) <= LONGEST else ""


def named_scripts(text: str) -> list[str]:
    """Names of scripts in a text."""
    return _SCRIPT.findall(plain(text))


def is_assignment(word: str) -> bool:
    """Whether a word sets a variable."""
    return bool(_ASSIGNMENT.match(word))


def _command(words: tuple[str, ...]) -> tuple[str, ...]:
    """Words from the command on that is meant."""
    at, wrapped = 0, False
    if words[:1] == ("command",) and words[1:2] in (("-v",), ("-V",)):
        return ()
    while at < len(words):
        word = words[at]
        wrapped = wrapped or word in ("timeout", "nice", "ionice", "stdbuf", "xargs", "env", "sudo")
        skipped = word in _KEYWORDS or is_assignment(word)
        if not skipped and not (wrapped and re.match(r"-|\d", word)):
            break
        at += 1
    return words[at:]


def _calls(words: tuple[str, ...], folders: tuple[str, ...], depth: int) -> Iterator[Call]:
    first = plain(words[0])
    name = posixpath.basename(first)
    if _PYTHON.fullmatch(name) or (not first and words[0].startswith("$")):
        yield from _python(words, folders)
    elif name in _SHELLS:
        yield from _shell(words, folders, depth)
    elif name in _QUIET:
        return
    elif name in _HARMLESS:
        yield from _named(words, folders)
    else:
        yield Call(first, "", words[1:], folders, certain=True, by_path=True)
        yield from _named(words[1:], folders)


def _named(words: tuple[str, ...], folders: tuple[str, ...]) -> Iterator[Call]:
    """Scripts among the arguments of a command that is not known."""
    for at, word in enumerate(words):
        for path in named_scripts(word):
            yield Call(path, "", words[at + 1 :] if len(words) < LONGEST else (), folders)


def _python(words: tuple[str, ...], folders: tuple[str, ...]) -> Iterator[Call]:
    at = 1
    while at < len(words):
        word = words[at]
        if word == "-m" and at + 1 < len(words):
            yield Call("", words[at + 1][:LONGEST], words[at + 2 :], folders, certain=True)
            return
        if word in ("-c", "-"):
            break
        if word in ("-W", "-X"):
            at += 1
        elif not word.startswith("-"):
            yield Call(plain(word), "", words[at + 1 :], folders, certain=True)
            return
        at += 1
    yield UNKNOWN


def _shell(words: tuple[str, ...], folders: tuple[str, ...], depth: int) -> Iterator[Call]:
    arguments = words[1:]
    if text := _inner(words) if depth else "":
        for command in read_shell(text).commands:
            if inner := _command(command.words):
                yield from _calls(inner, folders, depth - 1)
        return
    rest = [at for at, word in enumerate(arguments) if not word.startswith("-")]
    if not rest:
        yield UNKNOWN
        return
    path = plain(arguments[rest[0]])
    sourced = words[0] in ("source", ".")
    known = posixpath.basename(path) in ("activate", "conda.sh", ".bashrc", "activate-conda.sh")
    certain = not (sourced and known)
    yield Call(path, "", arguments[rest[0] + 1 :], folders, certain=certain)


def _inner(words: tuple[str, ...]) -> str:
    """The script of ``bash -c SCRIPT``."""
    if words and posixpath.basename(words[0][:LONGEST]) in _SHELLS and "-c" in words[1:4]:
        return "".join(words[words.index("-c") + 1 :][:1])[: LONGEST * 10]
    return ""
