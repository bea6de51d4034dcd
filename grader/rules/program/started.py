"""What ``run.sh`` starts must be there, and must have ended when ``run.sh`` ends."""

import posixpath
import re
from collections.abc import Iterator
from typing import Final

from grader.repository.files import Repository
from grader.repository.program import ENTRY
from grader.repository.shell import Command
from grader.repository.starts import Call, calls_of, is_assignment, meant_commands, plain
from grader.rules.findings import Finding, error, warning
from grader.rules.program.folders import Folders

_SCRIPT: Final = re.compile(r"[^*?\[]{1,1000}\.(?:py|sh)")
_FIRST: Final = 20
_AFTER: Final = frozenset({"echo", "printf", "exit", "date", "true", ":", "disown", "done", "fi"})
"""Commands at the end of a script that wait for nothing."""
_WAITS: Final = re.compile(r"\bwait\b")


def script_missing(repository: Repository) -> Iterator[Finding]:
    """Scripts and modules of the repository that are started without being there."""
    program = repository.program
    if repository.makes_files:
        return
    present = {path.name for path in repository.context}
    present |= {f"{path.parts[-2]}.py" for path in repository.context if len(path.parts) > 1}
    packages = {path.parts[0] for path in repository.context if len(path.parts) > 1}
    present |= {posixpath.basename(start.name) for start in program.starts}
    present |= {posixpath.basename(path) for path in _mentioned(repository)}
    for name, shell in program.shells:
        folders = Folders(shell)
        if folders.leaves:
            continue
        for command in meant_commands(shell):
            for call in _sure_calls(command) if command.end != "||" else ():
                missing = _module(call, packages) or _script(call, command, folders)
                if missing and posixpath.basename(missing) not in present:
                    yield error(
                        "script-missing", f"{name}:{command.line}", f"starts {missing}, not there",
                        "add the file (is it in .gitignore or .dockerignore?), or name it rightly",
                    )  # fmt: skip


def _sure_calls(command: Command) -> list[Call]:
    """Scripts and modules that a command starts for sure; its first words tell."""
    words = command.words[:_FIRST]
    if not any(word == "-m" or word.endswith((".py", ".sh")) for word in words):
        return []
    return [call for call in calls_of(Command(command.line, words)) if call.certain]


def _script(call: Call, command: Command, folders: Folders) -> str:
    """Path of a script that a call starts, where it lies in the repository for sure."""
    if not _SCRIPT.fullmatch(call.path):
        return ""
    word = next((word for word in command.words[:_FIRST] if plain(word) == call.path), "")
    by_search = call.by_path and "/" not in word  # the system looks for it in PATH
    started = folders.is_own(word, command.line) and word and not by_search
    return call.path.lstrip("/") if started else ""


def _module(call: Call, packages: set[str]) -> str:
    """Path of a module that a call starts, where its package is a folder of the repository."""
    package, _, module = call.module.partition(".")
    own = package in packages and module.isidentifier()
    return f"{package}/{module}.py" if own else ""


def _mentioned(repository: Repository) -> Iterator[str]:
    """Files that a script or ``postBuild`` names without starting them: it may make them."""
    yield from re.findall(r"[\w./-]+", repository.text("postBuild"))
    for _, shell in repository.program.shells:
        for command in meant_commands(shell):
            started = {call.path for call in _sure_calls(command)}
            yield from command.targets
            yield from (word for word in command.words if plain(word) not in started)


def ends_early(repository: Repository) -> Iterator[Finding]:
    """A program in the background ends with its container, when ``run.sh`` ends."""
    shell = next((shell for name, shell in repository.program.shells if name == ENTRY), None)
    if shell is None or _WAITS.search(shell.code):
        return
    commands = list(shell.commands)
    while commands and (commands[-1].words[:1] == () or _waits_for_nothing(commands[-1])):
        commands.pop()
    if commands and commands[-1].end == "&":
        first = len(commands) - 1
        while first and commands[first - 1].end == "|":
            first -= 1
        if any(call.certain for command in commands[first:] for call in calls_of(command)):
            yield warning(
                "ends-early", f"{ENTRY}:{commands[-1].line}",
                "runs in the background, and nothing waits for it",
                "take the & away, or end run.sh with wait",
            )  # fmt: skip


def _waits_for_nothing(command: Command) -> bool:
    return command.end != "&" and (
        command.words[0] in _AFTER or all(map(is_assignment, command.words))
    )
