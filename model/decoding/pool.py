"""Processes that decode, so that a crash, a hang or a bloat of a decoder costs one clip.

Each worker process computes the spectrogram, or the features, of one clip at a time. A thread of
its own in the predicting process hands it the next path and waits for the answer, for the process
to die, or for the time limit; in the last two cases the clip is reported and a new process takes
over.

Clips are handed out in order and given back in order. At most ``ahead`` of them are in memory.
"""

import contextlib
import itertools
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from types import TracebackType
from typing import TYPE_CHECKING, Any

from model.clips import Notice
from model.cpus import ONE_THREAD
from model.errors import GenreError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from model.frontends.parameters import AnyFrontEnd

_START_SECONDS = 300.0
_LAST_SECONDS = 5.0
_STOP_SECONDS = 0.5

_BOOTSTRAP = """
import sys
from multiprocessing.connection import Connection
connection = Connection(int(sys.argv[1]))
sys.path[:] = connection.recv()
from model.decoding.pool import work
work(connection)
"""


class WorkerError(GenreError):
    """Decoding processes cannot run at all; the message says how they ended."""


@dataclass(frozen=True)
class Decoded:
    """What became of one clip.

    Attributes:
        log_mel: spectrogram, shape [frames, bands], or what else the front end gives; None when
            nothing could be had.
        notices: what was odd about the clip; says why where ``log_mel`` is None.
    """

    log_mel: "NDArray[Any] | None"
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True)
class Limits:
    """What one clip may cost.

    Attributes:
        seconds: from handing out a clip to its answer.
        memory: address space of a worker process in bytes.
    """

    seconds: float = 60.0
    memory: int = 4 << 30


class Decoders:
    """A pool of decoding processes, used as a context manager.

    Args:
        front_end: what to compute.
        workers: number of processes, at least 1.
        ahead: clips decoded but not yet taken, at least ``workers``.
        limits: what one clip may cost.
        decoder: module whose ``serve`` runs in the worker processes.
    """

    def __init__(
        self,
        front_end: "AnyFrontEnd",
        workers: int,
        ahead: int,
        limits: Limits | None = None,
        decoder: str = "model.decoding.worker",
    ) -> None:
        self._front_end = front_end
        self._workers = workers
        self._slots = threading.Semaphore(max(ahead, workers))
        self._limits = limits or Limits()
        self._decoder = decoder
        self._environment = os.environ | ONE_THREAD
        self._current: dict[int, _Worker] = {}
        self._changed = threading.Condition()
        self._done: dict[int, Decoded | BaseException] = {}
        self._paths: Iterator[str] = iter(())
        self._numbers = itertools.count()
        self._closing = False
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> "Decoders":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing = True
        for _ in range(self._workers):
            self._slots.release()
        for worker in list(self._current.values()):
            worker.kill()
        for thread in self._threads:
            thread.join(_STOP_SECONDS)

    def start(self, paths: Sequence[str], stop: threading.Event | None = None) -> Iterator[Decoded]:
        """Begin to decode at once.

        Args:
            paths: files to decode.
            stop: when it is set, the iterator ends early.

        Returns:
            One entry for each path, in order; it raises where ``paths`` raised.
        """
        self._paths = iter(paths)
        for _ in range(min(self._workers, len(paths))):
            self._threads.append(threading.Thread(target=self._serve, daemon=True))
            self._threads[-1].start()
        return self._take(len(paths), stop or threading.Event())

    def _take(self, count: int, stop: threading.Event) -> Iterator[Decoded]:
        for index in range(count):
            with self._changed:
                while index not in self._done and not stop.is_set():
                    self._changed.wait(_STOP_SECONDS)
                if stop.is_set():
                    return
                decoded = self._done.pop(index)
            self._slots.release()
            if isinstance(decoded, BaseException):
                raise decoded
            yield decoded

    def _serve(self) -> None:
        """One thread: keep one worker process busy until there is no clip left."""
        worker: _Worker | None = None
        answer: Decoded | BaseException
        try:
            while True:
                self._slots.acquire()
                with self._changed:
                    index, path = self._next()
                if path is None or self._closing:
                    break
                try:
                    worker, answer = self._decode(worker, path)
                except BaseException as error:  # raised again where the clip is taken
                    worker, answer = None, error
                with self._changed:
                    self._done[index] = answer
                    self._changed.notify_all()
        finally:
            if worker:
                worker.stop()

    def _next(self) -> tuple[int, str | None]:
        """The next clip's number and path; None when there is none left, or none can be had."""
        index = next(self._numbers)
        try:
            return index, next(self._paths, None)
        except BaseException as error:  # raised again where the clip is taken
            self._done[index] = error
            self._changed.notify_all()
            return index, None

    def _decode(self, worker: "_Worker | None", path: str) -> "tuple[_Worker | None, Decoded]":
        """Decode one clip, twice when the process died: it may have been the bystander of a kill.

        Returns:
            The process for the next clip, if it lives, and the answer.
        """
        for attempt in range(2):
            worker = worker or self._new_worker()
            answer = worker.decode(path)
            if worker.alive:
                return worker, answer
            worker = None
            if attempt or self._closing or answer.notices[0].reason != "crash":
                break
        return None, answer

    def _new_worker(self) -> "_Worker":
        worker = _Worker(self._limits, self._environment)
        self._current[threading.get_ident()] = worker
        worker.begin(self._front_end, self._decoder)
        return worker


class _Worker:
    """The predicting side of one worker process.

    The process is started with an environment of its own: an ``exec`` that reads ours fails now and
    then when a library, TensorFlow's import for one, sets a variable in another thread. And the
    program's main module plays no part in it, so that a script needs no ``__main__`` guard.
    """

    def __init__(self, limits: Limits, environment: dict[str, str]) -> None:
        self._limits = limits
        self._connection, theirs = Pipe()
        with theirs:
            descriptor = theirs.fileno()
            command = [sys.executable, "-P", "-c", _BOOTSTRAP, str(descriptor)]
            try:
                self._process = subprocess.Popen(
                    command, env=environment, stdin=subprocess.DEVNULL, pass_fds=[descriptor]
                )
            except OSError as error:
                self._connection.close()
                raise WorkerError(f"no decoding process could be started: {error}") from error
        self.alive = True

    def begin(self, front_end: "AnyFrontEnd", decoder: str) -> None:
        """Wait until the process can decode.

        Raises:
            WorkerError: it ended before.
        """
        try:
            self._connection.send(sys.path)
            self._connection.send((self._limits.memory, decoder))
            self._connection.send(front_end)
            ready = self._connection.poll(_START_SECONDS) and self._connection.recv()
        except (EOFError, OSError):
            ready = False
            self._wait()
        if not ready:
            self.stop()
            raise WorkerError(f"no decoding process could be started: {self._ending()}")

    def decode(self, path: str) -> Decoded:
        """The answer of the process, or a notice of how it ended."""
        try:
            self._connection.send(path)
            if not self._connection.poll(self._limits.seconds):
                self.stop()
                limit = f"no answer within {self._limits.seconds:g} s"
                return Decoded(None, (Notice("timeout", f"decoding was ended: {limit}"),))
            log_mel, notices = self._connection.recv()
        except (EOFError, OSError):
            self._wait()
            self.stop()
            return Decoded(None, (Notice("crash", self._ending()),))
        return Decoded(log_mel, tuple(Notice(*notice) for notice in notices))

    def stop(self) -> None:
        """End the process; it holds nothing that needs care."""
        self.alive = False
        self._connection.close()
        self.kill()
        self._process.wait()

    def kill(self) -> None:
        """End the process from any thread; who waits for its answer learns that it died."""
        self._process.kill()

    def _wait(self) -> None:
        """Let a process that hung up end by itself, so that its own ending is told, not ours."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_LAST_SECONDS)

    def _ending(self) -> str:
        code = self._process.returncode or 0
        if code >= 0:
            return f"the decoding process ended with exit code {code}"
        try:
            name = signal.Signals(-code).name
        except ValueError:  # a real-time signal has no name
            name = str(-code)
        return f"the decoding process ended by signal {name}"


def work(connection: Connection) -> None:
    """First steps of a worker process, before anything large is imported."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the predicting process decides when to stop
    memory, decoder = connection.recv()
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    allowed = memory if hard == resource.RLIM_INFINITY else min(memory, hard)
    resource.setrlimit(resource.RLIMIT_AS, (allowed, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    serve = import_module(decoder).serve
    serve(connection, connection.recv())
