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
import weakref
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
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
_EXIT_SECONDS = 5.0
_STOP_SECONDS = 0.5

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


@dataclass(frozen=True)
class Limits:
    """Limits for one clip.

    Attributes:
        seconds: time from sending a path to receiving the result.
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
        # Threads refer to the scheduler, not to the pool, so that the pool can be collected.
        self._scheduler = _Scheduler(front_end, workers, limits or Limits(), decoder)
        self._finalizer = weakref.finalize(self, self._scheduler.close)

    def __enter__(self) -> "DecoderPool":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all worker processes; the pool cannot be used again."""
        self._finalizer()

    def decode(
        self, paths: Sequence[str], ahead: int = 0, stop: threading.Event | None = None
    ) -> Generator[Decoded, None, None]:
        """Begin to decode at once.

        Args:
            paths: files to decode; iterated once, in order.
            ahead: most clips that are decoded but not yet taken from the iterator; at least the
                number of workers.
            stop: when it is set, the iterator ends early.

        Returns:
            For each path, in order, what was decoded. Raises the exception that ``paths`` raised,
            or ``GenreError``, when it is the turn of the path concerned. Dropping the iterator
            drops the rest of the paths.
        """
        call = _Call(iter(paths), len(paths), max(ahead, self.workers))
        self._scheduler.add(call)
        results = self._take(call, stop or threading.Event())
        weakref.finalize(results, self._scheduler.remove, call).atexit = False
        return results

    def _take(self, call: "_Call", stop: threading.Event) -> Generator[Decoded, None, None]:
        for _ in range(call.length):
            decoded = self._scheduler.take(call, stop)
            if decoded is None:
                return
            if isinstance(decoded, BaseException):
                raise decoded
            yield decoded


@dataclass(eq=False)
class _Call:
    """State of one call of ``DecoderPool.decode``.

    Attributes:
        paths: paths that were not sent to a worker yet.
        length: number of all paths.
        ahead: most clips that are sent but not yet taken.
        sent: number of paths that were sent to a worker.
        taken: number of results that were taken.
        results: results that were not taken yet, by the index of the path.
    """

    paths: Iterator[str]
    length: int
    ahead: int
    sent: int = 0
    taken: int = 0
    results: dict[int, Decoded | BaseException] = field(default_factory=dict)

    @property
    def may_send(self) -> bool:
        return self.sent < min(self.length, self.taken + self.ahead)


class _Scheduler:
    """Threads that send the paths of all calls to worker processes, one process per thread."""

    def __init__(
        self, front_end: "AnyFrontEnd", workers: int, limits: Limits, decoder: str
    ) -> None:
        self._front_end = front_end
        self._workers = workers
        self._limits = limits
        self._decoder = decoder
        self._environment = os.environ | ONE_THREAD
        self._owner = os.getpid()
        self._changed = threading.Condition()  # guards everything below
        self._calls: list[_Call] = []
        self._threads: list[threading.Thread] = []
        self._processes: dict[int, _Worker] = {}
        self._closing = False

    def add(self, call: _Call) -> None:
        """Send the call's paths to workers, which are started where they are missing."""
        if self._closing or self._owner != os.getpid():
            raise GenreError("the decoder pool is closed, or belongs to another process")
        with self._changed:
            self._calls.append(call)
            for _ in range(min(self._workers, call.length) - len(self._threads)):
                self._threads.append(threading.Thread(target=self._serve, daemon=True))
                self._threads[-1].start()
            self._changed.notify_all()

    def remove(self, call: _Call) -> None:
        """Send no more paths of a call, and forget its results."""
        with self._changed:
            if call in self._calls:
                self._calls.remove(call)

    def take(self, call: _Call, stop: threading.Event) -> Decoded | BaseException | None:
        """Wait for the call's next result; None when ``stop`` is set."""
        with self._changed:
            while call.taken not in call.results and not stop.is_set():
                if self._closing:
                    raise GenreError("the decoder pool was closed")
                self._changed.wait(_STOP_SECONDS)
            if stop.is_set():
                return None
            call.taken += 1
            self._changed.notify_all()
            return call.results.pop(call.taken - 1)

    def close(self) -> None:
        """End all worker processes and threads."""
        if self._owner != os.getpid():  # a fork of the process that started them
            return
        with self._changed:
            self._closing = True
            self._changed.notify_all()
            for worker in self._processes.values():
                worker.kill()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(_STOP_SECONDS)

    def _serve(self) -> None:
        """Body of a thread: keep one worker process busy until the pool is closed."""
        worker: _Worker | None = None
        while not self._closing:
            worker = self._decode_next(worker)
        if worker:
            worker.stop()

    def _decode_next(self, worker: "_Worker | None") -> "_Worker | None":
        """Wait for a path and decode it; returns the process for the next path, if it lives."""
        decoded: Decoded | BaseException
        with self._changed:
            while not (call := next((call for call in self._calls if call.may_send), None)):
                self._changed.wait()
                if self._closing:
                    return worker
            index = call.sent
            call.sent += 1
            try:
                path = next(call.paths)
            except BaseException as error:  # raised again where the result is taken
                call.results[index] = error
                self._changed.notify_all()
                return worker
        try:
            worker, decoded = self._decode(worker, path)
        except BaseException as error:  # raised again where the result is taken
            worker, decoded = None, error
        with self._changed:
            call.results[index] = decoded
            self._changed.notify_all()
        return worker

    def _decode(self, worker: "_Worker | None", path: str) -> "tuple[_Worker | None, Decoded]":
        """Decode one clip; try again once if the process died, perhaps killed from outside.

        Returns:
            The process for the next clip, if it lives, and the result.
        """
        for attempt in range(2):
            worker = worker or self._start_worker()
            decoded = worker.decode(path)
            if worker.alive:
                return worker, decoded
            worker = None
            if attempt or self._closing or decoded.notices[0].reason != "crash":
                break
        return None, decoded

    def _start_worker(self) -> "_Worker":
        worker = _Worker(self._limits, self._environment)
        with self._changed:
            self._processes[threading.get_ident()] = worker
            if self._closing:
                worker.kill()
        worker.begin(self._front_end, self._decoder)
        return worker


class _Worker:
    """The main process's side of one worker process.

    The process is started with a copy of the environment: an ``exec`` that reads ``os.environ``
    fails now and then when a library, as TensorFlow's import does, sets a variable in another
    thread. The program's main module is not imported, so that a script needs no ``__main__`` guard.
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
                raise GenreError(f"cannot start a worker process: {error}") from error
        self.alive = True

    def begin(self, front_end: "AnyFrontEnd", decoder: str) -> None:
        """Wait until the process can decode.

        Raises:
            GenreError: the process ended before.
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
            raise GenreError(f"cannot start a worker process: {self._ending()}")

    def decode(self, path: str) -> Decoded:
        """What the process decodes, or a notice of how the process ended."""
        try:
            self._connection.send(path)
            if not self._connection.poll(self._limits.seconds):
                self.stop()
                limit = f"no answer within {self._limits.seconds:g} s"
                return Decoded(None, (Notice("timeout", f"decoding was ended: {limit}"),))
            decoded: Decoded = self._connection.recv()
        except (EOFError, OSError):
            self._wait()
            self.stop()
            return Decoded(None, (Notice("crash", self._ending()),))
        return decoded

    def stop(self) -> None:
        """End the process."""
        self.alive = False
        self._connection.close()
        self.kill()
        self._process.wait()

    def kill(self) -> None:
        """End the process from any thread; a thread that waits for its result sees it die."""
        self._process.kill()

    def _wait(self) -> None:
        """Let a process that closed its connection end by itself, which gives its exit status."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_EXIT_SECONDS)

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
    """Set a worker process's limits, then serve; nothing large is imported before."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the main process decides when to stop
    memory, decoder = connection.recv()
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    allowed = memory if hard == resource.RLIM_INFINITY else min(memory, hard)
    resource.setrlimit(resource.RLIMIT_AS, (allowed, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    serve = import_module(decoder).serve
    serve(connection, connection.recv())
