"""Shell scripts as commands: comments and quotes are understood, nothing is expanded."""

import re
from dataclasses import dataclass, field
from typing import Final

SUBSTITUTION: Final = "$()"
"""Stands in a word for the output of a command; that command is listed as well."""
_HEREDOC: Final = re.compile(r"<<-?[ \t]*(['\"]?)(\w{1,100})\1")
_DELIMITERS: Final = ";&|\n(){}"
_PLAIN: Final = re.compile(r"[A-Za-z0-9_./,:=+@%^*?~\[\]!-]+")


@dataclass(frozen=True)
class Command:
    """A simple command.

    Attributes:
        line: line of its first word, from 1.
        words: its words without quotes; variables stay as they are written.
        targets: files that its output is redirected to.
        end: what follows it: ``||``, ``&&``, ``|``, ``&``, or nothing that matters here.
    """

    line: int
    words: tuple[str, ...]
    targets: tuple[str, ...] = ()
    end: str = ""


@dataclass(frozen=True)
class Shell:
    """A script.

    Attributes:
        commands: its commands in the order of their ends.
        functions: names of functions that it defines.
        code: its text without comments; line numbers stay.
    """

    commands: tuple[Command, ...]
    functions: frozenset[str]
    code: str


@dataclass
class _Frame:
    """A list of commands that is being read: the script, or one between ``$(`` and ``)``."""

    closer: str
    quoted: bool
    word: list[str] = field(default_factory=list)
    started: bool = False
    words: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    redirects: bool = False
    line: int = 1
    open: int = 0
    piped: int = 0


def read_shell(text: str) -> Shell:
    """Split a script into commands, in one pass over its text."""
    return _Reader(text).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text.replace("\r\n", "\n")
        self.at = 0
        self.line = 1
        self.code: list[str] = []
        self.commands: list[Command] = []
        self.functions: set[str] = set()
        self.frames = [_Frame("", quoted=False)]
        self.heredocs: list[str] = []

    def read(self) -> Shell:
        text = self.text
        while self.at < len(text):
            self._step(text[self.at])
        while self.frames:
            self._end_command()
            self.frames.pop()
        return Shell(tuple(self.commands), frozenset(self.functions), "".join(self.code))

    def _take(self, count: int = 1) -> None:
        """Move on over characters that belong to the code."""
        taken = self.text[self.at : self.at + count]
        self.code.append(taken)
        self.line += taken.count("\n")
        self.at += count

    def _add(self, characters: str) -> None:
        frame = self.frames[-1]
        if not frame.words and not frame.started and not frame.targets:
            frame.line = self.line
        frame.started = True
        frame.word.append(characters)

    def _step(self, character: str) -> None:
        frame = self.frames[-1]
        following = self.text[self.at + 1 : self.at + 2]
        if plain := _PLAIN.match(self.text, self.at):
            self._add(plain[0])
            self._take(len(plain[0]))
        elif character == "\\":
            if following != "\n":
                self._add(following)
            self._take(2)
        elif character == '"':
            self._add("")
            frame.quoted = not frame.quoted
            self._take()
        elif character == "`" or (character == "$" and following in ("(", "{")):
            self._substitution(character, following)
        elif frame.quoted:
            self._add(character)
            self._take()
        else:
            self._unquoted(character, frame)

    def _substitution(self, character: str, following: str) -> None:
        if character == "`" and self.frames[-1].closer == "`":
            self._close()
        elif character == "`":
            self._open("`", 1)
        elif following == "{":
            self._braces()
        elif self.text.startswith("$((", self.at):
            self._arithmetic()
        else:
            self._open(")", 2)

    def _unquoted(self, character: str, frame: _Frame) -> None:
        if character == "'":
            end = self.text.find("'", self.at + 1)
            end = len(self.text) if end < 0 else end
            self._add(self.text[self.at + 1 : end])
            self._take(end + 1 - self.at)
        elif character == "#" and not frame.started:
            end = self.text.find("\n", self.at)
            self.at = len(self.text) if end < 0 else end
        elif character == frame.closer:
            self._close()
        elif character == "<" and (found := _HEREDOC.match(self.text, self.at)):
            self._end_word()
            self.heredocs.append(found[2])
            self._take(len(found[0]))
        elif character in "<>":
            if "".join(frame.word).isdigit():  # the 2 of 2>file
                frame.word, frame.started = [], False
            self._end_word()
            frame.redirects = character == ">"
            self._take(2 if self.text[self.at + 1 : self.at + 2] in (">", "&", "<", "|") else 1)
        elif character in _DELIMITERS:
            self._delimiter(character)
        elif character in " \t\r":
            self._end_word()
            self._take()
        else:
            self._add(character)
            self._take()

    def _arithmetic(self) -> None:
        end = self.text.find("))", self.at)
        self._add(SUBSTITUTION)
        self._take((end + 2 if end >= 0 else len(self.text)) - self.at)

    def _delimiter(self, character: str) -> None:
        frame = self.frames[-1]
        if character == "(":
            if self.text.startswith("()", self.at):  # a function's name
                self._end_word()
                self.functions.update(frame.words[-1:])
                frame.words = []
            frame.open += 1
        elif character == ")":
            if not frame.open:  # a pattern of case
                frame.word, frame.started, frame.words = [], False, []
                del self.commands[len(self.commands) - frame.piped :]
            frame.open = max(0, frame.open - 1)
        if character in "{}" and (frame.started or self._next_is_of_word()):
            self._add(character)
            self._take()
            return
        before = len(self.commands)
        twice = self.text[self.at : self.at + 2]
        self._end_command(twice if twice in ("&&", "||", "&>") else character)
        frame.piped = frame.piped + len(self.commands) - before if character == "|" else 0
        self._take()
        if character == "\n":
            while self.heredocs:
                self._skip_heredoc(self.heredocs.pop(0))

    def _next_is_of_word(self) -> bool:
        following = self.text[self.at + 1 : self.at + 2]
        return following not in ("", " ", "\t", "\r", "\n", ";", "&", "|", ")", "<", ">")

    def _skip_heredoc(self, delimiter: str) -> None:
        found = re.compile(rf"^\t*{delimiter}$", re.MULTILINE).search(self.text, self.at)
        self._take((found.end() if found else len(self.text)) - self.at)

    def _open(self, closer: str, length: int) -> None:
        self._add(SUBSTITUTION)
        self._take(length)
        self.frames.append(_Frame(closer, quoted=False, line=self.line))

    def _close(self) -> None:
        self._end_command()
        self._take()
        self.frames.pop()

    def _braces(self) -> None:
        """Take ``${...}`` as it is written."""
        depth, end = 0, self.at + 1
        while end < len(self.text):
            depth += {"{": 1, "}": -1}.get(self.text[end], 0)
            end += 1
            if not depth:
                break
        self._add(self.text[self.at : end].replace('"', "").replace("'", ""))
        self._take(end - self.at)

    def _end_word(self) -> None:
        frame = self.frames[-1]
        if frame.started:
            word = "".join(frame.word)
            if not frame.redirects:
                frame.words.append(word)
            elif not word.isdigit() and word != "-":  # >&2 names no file
                frame.targets.append(word)
            frame.word, frame.started, frame.redirects = [], False, False

    def _end_command(self, end: str = "") -> None:
        self._end_word()
        frame = self.frames[-1]
        if frame.words or frame.targets:
            end = end if end in ("&&", "||", "&", "|") else ""
            words, targets = tuple(frame.words), tuple(frame.targets)
            self.commands.append(Command(frame.line, words, targets, end))
        frame.words, frame.targets, frame.redirects = [], [], False
