"""Runs a decoder in a child process, so that its crash does not lose another decoder's result.

Only for the second and third decoder: a process for every file costs some milliseconds.
"""

import ctypes
import os
import resource
import signal
from collections.abc import Callable
from functools import partial
from importlib import import_module
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NoReturn, Protocol

from model.decoding.decoders.reading import Reading
from model.workers.waiting import has_message

_SECONDS = 20
_PARENT_DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG of Linux's prctl(2)."""
_EXTRA_BYTES = 768 << 20
"""Memory beyond what the process has already; 30 s of 7.1 at 96 kHz are 92 MB, several times."""


class Read(Protocol):
    """A decoder."""

    def __call__(self, path: Path, seconds: float, start: float | None = None) -> Reading:
        """Decode at most ``seconds`` of a file from ``start`` on, by default from its middle."""


def in_child_process(read: Read, needs: str) -> Read:
    """The same decoder in a forked process with limits of time and memory.

    Args:
        read: the decoder. The process that calls it must not rely on threads of its own.
        needs: a module that it imports; imported before forking, so that this is done once.

    Returns:
        A decoder that raises ``RuntimeError`` with a few words where ``read`` raises or dies, or
        ``MemoryError``.
    """

    def read_in_child(path: Path, seconds: float, start: float | None = None) -> Reading:
        import_module(needs)
        receiver, sender = Pipe(duplex=False)
        parent, child = os.getpid(), os.fork()
        if child == 0:
            _answer(sender, partial(read, path, seconds, start), parent)
        sender.close()
        with receiver:
            if not has_message(receiver, _SECONDS):
                os.kill(child, signal.SIGALRM)
            try:
                answer: Reading | Exception = receiver.recv()
            except EOFError:
                answer = RuntimeError("ended without an answer")
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            name = signal.Signals(os.WTERMSIG(status)).name
            late = f" after {_SECONDS} s" if name == "SIGALRM" else ""
            answer = RuntimeError(f"ended by signal {name}{late}")
        if isinstance(answer, Exception):
            raise answer
        return answer

    return read_in_child


def why(error: Exception) -> str:
    """An exception in a few words, without the path that libraries like to add."""
    text = getattr(error, "error_string", "") or getattr(error, "strerror", "") or str(error)
    return " ".join(str(text).split()) or type(error).__name__


def _answer(sender: Connection, read: Callable[[], Reading], parent: int) -> NoReturn:
    """All that the forked process does; it must not return into what it was forked from."""
    try:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        # The parent ends a decoder that hangs; the system does where the parent was killed.
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)
        if os.getppid() != parent:  # it was killed before
            os._exit(0)
        _limit_memory()
        sender.send(read())
    except MemoryError:
        sender.send(MemoryError())
    except Exception as error:  # decoders raise what they like
        sender.send(RuntimeError(why(error)))
    finally:
        os._exit(0)


def _limit_memory() -> None:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    wanted = pages * os.sysconf("SC_PAGE_SIZE") + _EXTRA_BYTES
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    if soft == resource.RLIM_INFINITY or wanted < soft:
        resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))
