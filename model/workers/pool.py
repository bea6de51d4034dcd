"""Worker processes that open strangers' files, so that a crash, a hang or a memory hog costs one.

A thread of the main process sends the next task to its worker process and waits for the answer, for
the end of the process, or for the time limit; in the last two cases a notice takes the place of the
answer, and a new process takes over.

Workers start with the first tasks and serve all later calls of ``WorkerPool.map``.
"""

import contextlib
import os
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
from itertools import islice
from multiprocessing import Pipe
from queue import SimpleQueue
from typing import Any, Generic, Self, TypeAlias, TypeVar

from model.clips import Notice
from model.cpus import ONE_THREAD
from model.errors import GenreError
from model.workers.waiting import has_message

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
from model.workers.process import work
work(connection)
"""


Task = TypeVar("Task")
"""What a worker process gets."""

Answer = TypeVar("Answer")
"""What it sends back."""

TaskOrFunction: TypeAlias = Task | Callable[[], Task]
"""A task, or a function that waits for the task and returns it."""


@dataclass(frozen=True)
class Limits:
    """Limits for one task.

    Attributes:
        seconds: time from sending a task to receiving the answer; time in which the program is
            suspended does not count.
        memory: most address space of a worker process in bytes; less where the program's control
            group has less (``model.workers.process``).
    """

    seconds: float = 60.0
    memory: int = 4 << 30


@dataclass(frozen=True)
class Service:
    """What worker processes do.

    Attributes:
        module: module whose function ``serve`` runs in a worker process, with the connection to
            the main process and ``settings``.
        settings: anything that can be pickled.
        limits: limits for one task.
    """

    module: str
    settings: object
    limits: Limits


class WorkerPool(Generic[Task, Answer]):
    """A pool of worker processes; a context manager.

    The processes also end when the pool is garbage-collected and when the program exits.

    Args:
        service: what the processes do.
        workers: number of processes, at least 1.
        failed: the answer for a task that ended its process or took too long, and the notice that
            says so.
    """

    def __init__(
        self, service: Service, workers: int, failed: Callable[[Task, Notice], Answer]
    ) -> None:
        self.workers = workers
        self._tasks: SimpleQueue[_Queued[Task, Answer]] = SimpleQueue()
        # Threads refer to the queue, not to the pool, so that the pool can be collected.
        threads = [_Worker(self._tasks, service, failed) for _ in range(workers)]
        self._unstarted = iter(threads)
        self._owner = os.getpid()
        self._finalizer = weakref.finalize(self, _close, threads, self._tasks, self._owner)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End all worker processes; the pool cannot be used again."""
        self._finalizer()

    def map(
        self,
        tasks: Iterable[TaskOrFunction[Task]],
        ahead: int = 0,
        stop: threading.Event | None = None,
    ) -> Generator[Answer, None, None]:
        """Begin with the tasks at once.

        Args:
            tasks: iterated once, in order.
            ahead: most answers that are there but not yet taken from the iterator; at least the
                number of workers.
            stop: when it is set, the iterator ends early.

        Returns:
            For each task, in order, its answer. Raises the exception that a function in ``tasks``
            raised, or ``GenreError``, when it is the turn of the task concerned. Dropping the
            iterator drops the rest of the tasks.
        """
        if not self._finalizer.alive or self._owner != os.getpid():
            raise GenreError("the worker pool is closed, or belongs to another process")
        rest = iter(tasks)
        futures = deque(self._submit(task) for task in islice(rest, max(ahead, self.workers)))
        results = self._take(futures, rest, stop or threading.Event())
        weakref.finalize(results, _cancel, futures).atexit = False
        return results

    def _submit(self, task: TaskOrFunction[Task]) -> Future[Answer]:
        future: Future[Answer] = Future()
        self._tasks.put((task, future))
        if thread := next(self._unstarted, None):
            thread.start()
        return future

    def _take(
        self,
        futures: deque[Future[Answer]],
        rest: Iterator[TaskOrFunction[Task]],
        stop: threading.Event,
    ) -> Generator[Answer, None, None]:
        try:
            while futures and not stop.is_set():
                if not self._finalizer.alive:
                    raise GenreError("the worker pool was closed")
                wait([futures[0]], _STOP_SECONDS)
                if futures[0].done() and not stop.is_set():
                    answer = futures.popleft().result()
                    futures.extend(self._submit(task) for task in islice(rest, 1))
                    yield answer
        finally:
            _cancel(futures)


_Queued: TypeAlias = tuple[TaskOrFunction[Task], Future[Answer]] | None
"""A task and the answer to set; None wakes a thread of a closed pool."""


class _EndedError(Exception):
    """A process ended before it answered."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.notice = Notice(reason, detail)


class _Worker(threading.Thread, Generic[Task, Answer]):
    """A thread that sends queued tasks to a worker process of its own.

    The process is started with a copy of the environment: an ``exec`` that reads ``os.environ``
    fails now and then when a library, as TensorFlow's import does, sets a variable in another
    thread. The program's main module is not imported, so that a script needs no ``__main__`` guard.
    """

    def __init__(
        self,
        tasks: "SimpleQueue[_Queued[Task, Answer]]",
        service: Service,
        failed: Callable[[Task, Notice], Answer],
    ) -> None:
        super().__init__(daemon=True)
        self._tasks = tasks
        self._service = service
        self._failed = failed
        self._environment = os.environ | ONE_THREAD
        self._lock = threading.Lock()  # guards the next two
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False

    def run(self) -> None:
        """Answer the tasks of the queue until the worker is closed."""
        while not self._closed and (queued := self._tasks.get()):
            task, future = queued
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(self._answer(task() if callable(task) else task))
                except BaseException as error:  # raised again where the result is taken
                    future.set_exception(error)
        self._stop()

    def close(self) -> None:
        """End the process from any thread; the worker's own thread sees it die."""
        with self._lock:
            self._closed = True
            if self._process:
                self._process.kill()

    def _answer(self, task: Task) -> Answer:
        """Answer one task; try again once if the process died, perhaps killed from outside."""
        try:
            return self._answer_once(task)
        except _EndedError as first:
            if self._closed or first.notice.reason != "crash":
                return self._failed(task, first.notice)
        try:
            return self._answer_once(task)
        except _EndedError as second:
            return self._failed(task, second.notice)

    def _answer_once(self, task: Task) -> Answer:
        """What the process answers.

        Raises:
            _EndedError: the process ended, or was ended because it took too long.
        """
        if not self._process:
            self._start()
        seconds = self._service.limits.seconds
        try:
            self._connection.send(task)
            if has_message(self._connection, seconds):
                answer: Answer = self._connection.recv()
                return answer
        except (EOFError, OSError):
            raise _EndedError("crash", self._ending()) from None
        self._stop()
        raise _EndedError("timeout", f"the process was ended: no answer within {seconds:g} s")

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
            limits, module = self._service.limits, self._service.module
            for message in (sys.path, (limits.memory, module), self._service.settings):
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
            return f"the process ended with exit code {code}"
        try:
            name = signal.Signals(-code).name
        except ValueError:  # a real-time signal has no name
            name = str(-code)
        return f"the process ended by signal {name}"


def _cancel(futures: Iterable[Future[Any]]) -> None:
    for future in futures:
        future.cancel()


def _close(
    threads: Sequence[_Worker[Any, Any]], tasks: "SimpleQueue[_Queued[Any, Any]]", owner: int
) -> None:
    """End all worker processes and threads."""
    if owner != os.getpid():  # a fork of the process that started them
        return
    for thread in threads:
        thread.close()
        tasks.put(None)  # wakes a thread that waits for a task
    for thread in threads:
        if thread.is_alive() and thread is not threading.current_thread():
            thread.join(_STOP_SECONDS)
