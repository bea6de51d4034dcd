"""Worker processes that decode files, so that a crash, a hang or a memory hog costs one clip.

Each worker process computes the front end's values for one clip at a time. A thread of the main
process sends it the next path and waits for the result, for the end of the process, or for the time
limit; in the last two cases the clip gets a notice, and a new process takes over.

Workers start with the first clips and serve all later calls of ``DecoderPool.decode``.
"""

import contextlib
import os
import resource
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from importlib import import_module
from itertools import islice
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeAlias

from model.clips import Notice
from model.cpus import ONE_THREAD
from model.decoding.waiting import has_message
from model.errors import GenreError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from model.frontends.parameters import AnyFrontEnd

_START_SECONDS = 300.0
_EXIT_SECONDS = 5.0
_STOP_SECONDS = 0.5
_START_DELAYS = (0.1, 0.5, 2.0)
"""Seconds before each further try to start a worker process."""

_BOOTSTRAP = """
import sys
from multiprocessing.connection import Connection
connection = Connection(int(sys.argv[1]))
sys.path[:] = connection.recv()
from model.decoding.pool import work
work(connection)
"""


@dataclass(frozen=True)
class Decoded:
    """What a worker computed from one clip.

    Attributes:
        frames: output of the front end, shape [frames, width]: a log-mel spectrogram, an STFT, or
            one frame of 518 features; None when the clip cannot be decoded.
        notices: problems and peculiarities of the clip; not empty where ``frames`` is None.
    """

    frames: "NDArray[Any] | None"
    notices: tuple[Notice, ...] = ()


File: TypeAlias = str | Callable[[], str]
"""Path of a file, or a function that waits for the file and returns its path."""

_Task: TypeAlias = tuple[File, Future[Decoded]] | None
"""A path and the result to set; None wakes a thread of a closed pool."""


@dataclass(frozen=True)
class Limits:
    """Limits for one clip.

    Attributes:
        seconds: time from sending a path to receiving the result; time in which the program is
            suspended does not count.
        memory: address space of a worker process in bytes.
    """

    seconds: float = 60.0
    memory: int = 4 << 30


class DecoderPool:
    """A pool of worker processes that decode files; a context manager.

    The processes also end when the pool is garbage-collected and when the program exits.

    Args:
        front_end: what to compute from each clip.
        workers: number of processes, at least 1.
        limits: limits for one clip.
        decoder: module whose ``serve`` runs in the worker processes.
    """

    def __init__(
        self,
        front_end: "AnyFrontEnd",
        workers: int,
        limits: Limits | None = None,
        decoder: str = "model.decoding.worker",
    ) -> None:
        self.workers = workers
        self._tasks: SimpleQueue[_Task] = SimpleQueue()
        # Threads refer to the queue, not to the pool, so that the pool can be collected.
        threads = [
            _Worker(self._tasks, front_end, limits or Limits(), decoder) for _ in range(workers)
        ]
        self._unstarted = iter(threads)
        self._owner = os.getpid()
        self._finalizer = weakref.finalize(self, _close, threads, self._tasks, self._owner)

    def __enter__(self) -> "DecoderPool":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End all worker processes; the pool cannot be used again."""
        self._finalizer()

    def decode(
        self, paths: Iterable[File], ahead: int = 0, stop: threading.Event | None = None
    ) -> Generator[Decoded, None, None]:
        """Begin to decode at once.

        Args:
            paths: files to decode; iterated once, in order.
            ahead: most clips that are decoded but not yet taken from the iterator; at least the
                number of workers.
            stop: when it is set, the iterator ends early.

        Returns:
            For each path, in order, what was decoded. Raises the exception that a function in
            ``paths`` raised, or ``GenreError``, when it is the turn of the path concerned. Dropping
            the iterator drops the rest of the paths.
        """
        if not self._finalizer.alive or self._owner != os.getpid():
            raise GenreError("the decoder pool is closed, or belongs to another process")
        rest = iter(paths)
        futures = deque(map(self._submit, islice(rest, max(ahead, self.workers))))
        results = self._take(futures, rest, stop or threading.Event())
        weakref.finalize(results, _cancel, futures).atexit = False
        return results

    def _submit(self, path: File) -> Future[Decoded]:
        future: Future[Decoded] = Future()
        self._tasks.put((path, future))
        if thread := next(self._unstarted, None):
            thread.start()
        return future

    def _take(
        self, futures: deque[Future[Decoded]], rest: Iterator[File], stop: threading.Event
    ) -> Generator[Decoded, None, None]:
        try:
            while futures and not stop.is_set():
                if not self._finalizer.alive:
                    raise GenreError("the decoder pool was closed")
                wait([futures[0]], _STOP_SECONDS)
                if futures[0].done() and not stop.is_set():
                    decoded = futures.popleft().result()
                    futures.extend(map(self._submit, islice(rest, 1)))
                    yield decoded
        finally:
            _cancel(futures)


class _Worker(threading.Thread):
    """A thread that sends queued paths to a worker process of its own.

    The process is started with a copy of the environment: an ``exec`` that reads ``os.environ``
    fails now and then when a library, as TensorFlow's import does, sets a variable in another
    thread. The program's main module is not imported, so that a script needs no ``__main__`` guard.
    """

    def __init__(
        self, tasks: "SimpleQueue[_Task]", front_end: "AnyFrontEnd", limits: Limits, decoder: str
    ) -> None:
        super().__init__(daemon=True)
        self._tasks = tasks
        self._front_end = front_end
        self._limits = limits
        self._decoder = decoder
        self._environment = os.environ | ONE_THREAD
        self._lock = threading.Lock()  # guards the next two
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False

    def run(self) -> None:
        """Decode the paths of the queue until the worker is closed."""
        while not self._closed and (task := self._tasks.get()):
            path, future = task
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(self._decode(path if isinstance(path, str) else path()))
                except BaseException as error:  # raised again where the result is taken
                    future.set_exception(error)
        self._stop()

    def close(self) -> None:
        """End the process from any thread; the worker's own thread sees it die."""
        with self._lock:
            self._closed = True
            if self._process:
                self._process.kill()

    def _decode(self, path: str) -> Decoded:
        """Decode one clip; try again once if the process died, perhaps killed from outside."""
        decoded = self._decode_once(path)
        if self._process or self._closed or decoded.notices[0].reason != "crash":
            return decoded
        return self._decode_once(path)

    def _decode_once(self, path: str) -> Decoded:
        """What the process decodes, or a notice of how the process ended."""
        if not self._process:
            self._start()
        try:
            self._connection.send(path)
            if has_message(self._connection, self._limits.seconds):
                decoded: Decoded = self._connection.recv()
                return decoded
        except (EOFError, OSError):
            return Decoded(None, (Notice("crash", self._ending()),))
        self._stop()
        limit = f"no answer within {self._limits.seconds:g} s"
        return Decoded(None, (Notice("timeout", f"decoding was ended: {limit}"),))

    def _start(self) -> None:
        """Start a process and wait until it can decode; try again if that fails."""
        for delay in _START_DELAYS:
            try:
                return self._start_once()
            except GenreError:
                if self._closed:
                    raise
                time.sleep(delay)
        return self._start_once()

    def _start_once(self) -> None:
        self._connection, theirs = Pipe()
        with theirs:
            descriptor = theirs.fileno()
            command = [sys.executable, "-P", "-c", _BOOTSTRAP, str(descriptor)]
            try:
                process = subprocess.Popen(
                    command,
                    env=self._environment,
                    stdin=subprocess.DEVNULL,
                    pass_fds=[descriptor],
                )
            except OSError as error:
                self._connection.close()
                raise GenreError(f"cannot start a worker process: {error}") from error
        with self._lock:
            self._process = process
            if self._closed:
                process.kill()
        try:
            for message in (sys.path, (self._limits.memory, self._decoder), self._front_end):
                self._connection.send(message)
            ready = has_message(self._connection, _START_SECONDS) and self._connection.recv()
        except (EOFError, OSError):
            ready = False
        if not ready:
            raise GenreError(f"cannot start a worker process: {self._ending()}")

    def _stop(self) -> int:
        """End the process; returns its exit status."""
        with self._lock:
            process, self._process = self._process, None
        if not process:
            return 0
        self._connection.close()
        process.kill()
        return process.wait()

    def _ending(self) -> str:
        """Let a process that closed its connection end by itself, and say how it ended."""
        if self._process:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_EXIT_SECONDS)
        code = self._stop()
        if code >= 0:
            return f"the decoding process ended with exit code {code}"
        try:
            name = signal.Signals(-code).name
        except ValueError:  # a real-time signal has no name
            name = str(-code)
        return f"the decoding process ended by signal {name}"


def _cancel(futures: Iterable[Future[Decoded]]) -> None:
    for future in futures:
        future.cancel()


def _close(threads: Sequence[_Worker], tasks: "SimpleQueue[_Task]", owner: int) -> None:
    """End all worker processes and threads."""
    if owner != os.getpid():  # a fork of the process that started them
        return
    for thread in threads:
        thread.close()
        tasks.put(None)  # wakes a thread that waits for a task
    for thread in threads:
        if thread.is_alive() and thread is not threading.current_thread():
            thread.join(_STOP_SECONDS)


def work(connection: Connection) -> None:
    """Set a worker process's limits, then serve; nothing large is imported before."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the main process decides when to stop
    memory, decoder = connection.recv()
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    allowed = memory if hard == resource.RLIM_INFINITY else min(memory, hard)
    resource.setrlimit(resource.RLIMIT_AS, (allowed, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    serve = import_module(decoder).serve
    serve(connection, connection.recv())
