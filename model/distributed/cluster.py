"""Connection to a Ray cluster, and a pool of actors that classify blocks there."""

import contextlib
import logging
import os
import shutil
import socket
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from model.distributed.blocks import Block, BlockClassifier, Job
from model.errors import GenreError

LOCAL: Final = "local"
"""Instead of an address: start Ray on this machine, for this run."""

_ROOT: Final = Path(__file__).resolve().parents[2]
_CONNECT_SECONDS: Final = 10.0
_BLOCK_RETRIES: Final = 3
"""After as many dead actors the block itself is the likely cause."""

_LOCAL_STORE_BYTES: Final = 256 << 20
"""Ray's shared memory; only paths of clips go through it."""

_RESUME: Final = "run the same command again to resume"
log = logging.getLogger("model")


@contextlib.contextmanager
def connected(address: str) -> Iterator[None]:
    """Connect to a cluster for the length of a ``with`` block.

    Args:
        address: ``HOST:PORT`` of a cluster of which this machine is a node, ``auto`` for the
            cluster that runs here, or ``local`` to start Ray on this machine and stop it again.

    Raises:
        GenreError: no cluster is at the address, or Ray did not start.
    """
    if find_spec("ray") is None:
        raise GenreError(
            "Ray is not installed: run `pip install -r requirements/distributed.lock` in this "
            "environment"
        )
    _check(address)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    settings: dict[str, Any] = {"address": address}
    folder = ""
    if address == LOCAL:
        # Makes Ray listen on the loopback interface only, as it does by default on other systems.
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
        # Ray puts sockets there, whose paths must be short.
        folder = tempfile.mkdtemp(prefix="ray", dir="/tmp")
        settings |= {
            "_temp_dir": folder,
            "include_dashboard": False,
            "object_store_memory": _LOCAL_STORE_BYTES,
        }
    import ray

    try:
        try:
            with _silent_stderr():
                ray.init(
                    log_to_driver=False,
                    logging_level=logging.ERROR,
                    # Actors import this program from the same path as this process.
                    runtime_env={"env_vars": {"PYTHONPATH": str(_ROOT)}},
                    **settings,
                )
        except Exception as error:  # Ray raises Exception itself when its start times out
            hint = (
                "try again when this machine is less busy"
                if address == LOCAL
                else "start the cluster with `ray start`, and run this on one of its machines"
            )
            raise GenreError(
                f"--ray {address}: cannot connect: {_first_line(error)}; {hint}"
            ) from None
        yield
    finally:
        ray.shutdown()
        if folder:
            shutil.rmtree(folder, ignore_errors=True)


def classify(job: Job, blocks: Sequence[Block], actors: int | None = None) -> Iterator[int]:
    """Classify blocks on the connected cluster.

    Ray replaces an actor that dies, or whose machine dies, and its block is classified again.

    Args:
        job: the run's job.
        blocks: blocks in any order.
        actors: number of actors; None for as many as the cluster has CPUs for.

    Returns:
        The number of clips of each block, as soon as the block is finished.

    Raises:
        GenreError: no machine has enough CPUs for an actor, or an actor failed.
    """
    import ray
    from ray.data import ActorPoolStrategy, DataContext, from_items

    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    context = DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    size = min(actors or _room(job.threads), len(blocks))
    # A block of this run is a block of Ray's: the unit of scheduling and of retries.
    packed = from_items([{"block": b.packed()} for b in blocks], override_num_blocks=len(blocks))
    with warnings.catch_warnings(action="ignore"):  # Ray 2.64 deprecates this way to set retries
        rows = packed.map_batches(
            Actor,
            fn_constructor_args=(job,),
            compute=ActorPoolStrategy(size=size, max_tasks_in_flight_per_actor=2),
            batch_size=None,
            num_cpus=job.threads,
            max_task_retries=_BLOCK_RETRIES,
        )
    try:
        for row in rows.iter_rows():
            if row["failure"]:
                raise GenreError(f"{row['failure']}; when the cause is removed, {_RESUME}")
            yield row["clips"]
    except ray.exceptions.RayError as error:
        raise GenreError(f"the cluster gave up: {_first_line(error)}; {_RESUME}") from None


class Actor:
    """A ``BlockClassifier`` in the form that Ray Data needs: columns in, columns out.

    Failures are returned in a column, since Ray would print a page for an exception.
    """

    def __init__(self, job: Job) -> None:
        # Worker processes would import the script of the process that starts them: here Ray's.
        vars(sys.modules["__main__"]).pop("__file__", None)
        self._job = job

    @cached_property
    def _classifier(self) -> BlockClassifier:
        return BlockClassifier(self._job)

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[Any]]:
        """For each block of a batch the number of its clips, and the reason of a failure or ''."""
        blocks = [Block.unpacked(str(text)) for text in batch["block"]]
        return {
            "clips": [len(block.clips) for block in blocks],
            "failure": [self._failure(block) for block in blocks],
        }

    def _failure(self, block: Block) -> str:
        try:
            self._classifier(block)
        except GenreError as error:
            return f"{socket.gethostname()}: {error}"
        except Exception as error:  # an unexpected error: its type helps to find the cause
            log.exception("block %d", block.number)
            return f"{socket.gethostname()}: {type(error).__name__}: {error}"
        return ""


@contextlib.contextmanager
def _silent_stderr() -> Iterator[None]:
    """Keep messages of Ray's native code about its own log off the console."""
    sys.stderr.flush()
    original, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        yield
    finally:
        os.dup2(original, 2)
        os.close(original)
        os.close(null)


def _check(address: str) -> None:
    """Refuse an address where nothing responds; Ray would try for minutes."""
    if address in (LOCAL, "auto"):
        return
    host, colon, port = address.rpartition(":")
    if not (host and colon and port.isdecimal()) or "/" in address:
        raise GenreError(f"--ray {address}: not an address; give HOST:PORT, auto or local")
    try:
        socket.create_connection((host, int(port)), _CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise GenreError(
            f"--ray {address}: nothing responds there ({error}); start the cluster with `ray start "
            f"--head`, or give --ray {LOCAL} to use this machine alone"
        ) from None


def _room(cpus: int) -> int:
    """How many actors with ``cpus`` CPUs each the machines of the cluster can run at once."""
    import ray

    machines = [int(n["Resources"].get("CPU", 0)) for n in ray.nodes() if n["Alive"]]
    room = sum(count // cpus for count in machines)
    if not room:
        raise GenreError(
            f"no machine of the cluster has {cpus} CPUs for an actor; choose fewer with --cpus"
        )
    return room


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
