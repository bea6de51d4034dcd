"""Ray: connecting to a cluster, and a pool of actors that classify blocks there."""

import contextlib
import json
import logging
import os
import shutil
import socket
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from model.decoding.pool import WorkerError
from model.distributed.blocks import Block, BlockClassifier, BlockError, Job, Receipt
from model.distributed.fetching import FetchError
from model.distributed.places import PlaceError
from model.errors import GenreError
from model.systems.cards import CardError

LOCAL: Final = "local"
"""Instead of an address: start Ray on this machine, for this run."""

_ROOT: Final = Path(__file__).resolve().parents[2]
_CONNECT_SECONDS: Final = 10.0
_TRIES_OF_A_BLOCK: Final = 3
"""How often a block is done again after its actor died; more often, it is the block's fault."""

_LOCAL_STORE_BYTES: Final = 256 << 20
"""Ray's shared memory; only the names of clips and receipts go through it."""

_GO_ON: Final = "run the same command again to go on"
log = logging.getLogger("model")


class ClusterError(GenreError):
    """The cluster cannot be used, or gave up; the message says why and what to do."""


@contextlib.contextmanager
def connected(address: str) -> Iterator[None]:
    """Be connected to a cluster.

    Args:
        address: ``HOST:PORT`` of a cluster of which this machine is a node, ``auto`` for the one
            that runs here, or ``local`` to start one on this machine that ends with the block.

    Raises:
        ClusterError: there is none, or it did not start.
    """
    if find_spec("ray") is None:
        raise ClusterError(
            "Ray is not installed: run `pip install -r requirements/distributed.lock` in this "
            "environment"
        )
    _check(address)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    more: dict[str, Any] = {"address": address}
    folder = ""
    if address == LOCAL:
        # By this Ray listens on the loopback interface only, as it does by itself on other systems.
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
        # Sockets lie there, whose paths must be short.
        folder = tempfile.mkdtemp(prefix="ray", dir="/tmp")
        more |= {
            "_temp_dir": folder,
            "include_dashboard": False,
            "object_store_memory": _LOCAL_STORE_BYTES,
        }
    import ray

    try:
        try:
            with _quiet():
                ray.init(
                    log_to_driver=False,
                    logging_level=logging.ERROR,
                    # Actors import this program from where it is here.
                    runtime_env={"env_vars": {"PYTHONPATH": str(_ROOT)}},
                    **more,
                )
        except Exception as error:  # Ray's own is a bare one, when a start takes it too long
            hint = (
                "try again when this machine is less busy"
                if address == LOCAL
                else "start the cluster with `ray start`, and run this on one of its machines"
            )
            raise ClusterError(
                f"--ray {address}: cannot connect: {_first_line(error)}; {hint}"
            ) from None
        yield
    finally:
        ray.shutdown()
        if folder:
            shutil.rmtree(folder, ignore_errors=True)


def receipts(job: Job, blocks: Sequence[Block], actors: int | None = None) -> Iterator[Receipt]:
    """Have blocks classified by the cluster that is connected.

    An actor that dies, or whose machine does, is replaced, and its block is done again.

    Args:
        job: what to do.
        blocks: in any order.
        actors: how many at once; None for as many as there are processors for.

    Returns:
        A receipt for each block as it is finished.

    Raises:
        ClusterError: no machine has room for an actor, or one failed for good.
    """
    import ray
    from ray.data import ActorPoolStrategy, DataContext, from_items

    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    context = DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    size = min(actors or _room(job.threads), len(blocks))
    # A block of ours is a block of Ray's: what is retried, and what is handed out.
    packed = from_items([{"block": b.packed()} for b in blocks], override_num_blocks=len(blocks))
    with warnings.catch_warnings(action="ignore"):  # Ray 2.64 will not take retries this way
        done = packed.map_batches(
            Actor,
            fn_constructor_args=(job,),
            compute=ActorPoolStrategy(size=size, max_tasks_in_flight_per_actor=2),
            batch_size=None,
            num_cpus=job.threads,
            max_task_retries=_TRIES_OF_A_BLOCK,
        )
    try:
        for row in done.iter_rows():
            if row["failure"]:
                raise ClusterError(f"{row['failure']}; when that is mended, {_GO_ON}")
            yield Receipt(**json.loads(row["receipt"]))
    except ray.exceptions.RayError as error:
        raise ClusterError(f"the cluster gave up: {_first_line(error)}; {_GO_ON}") from None


class Actor:
    """A ``BlockClassifier`` as Ray Data wants it: columns in, columns out.

    What goes wrong is told in a column, since Ray would print a page for an exception.
    """

    def __init__(self, job: Job) -> None:
        # Decoding processes would import the script of the process that starts them: here Ray's.
        vars(sys.modules["__main__"]).pop("__file__", None)
        self._job = job

    @cached_property
    def _classifier(self) -> BlockClassifier:
        return BlockClassifier(self._job)

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[str]]:
        """For each block of a batch its receipt as text, or why there is none."""
        done = [self._classified(Block.unpacked(str(text))) for text in batch["block"]]
        return {"receipt": [receipt for receipt, _ in done], "failure": [why for _, why in done]}

    def _classified(self, block: Block) -> tuple[str, str]:
        try:
            return json.dumps(asdict(self._classifier(block))), ""
        except (BlockError, CardError, FetchError, PlaceError, WorkerError) as error:
            return "", f"{socket.gethostname()}: {error}"
        except Exception as error:  # not foreseen: say what it was
            log.exception("block %d", block.number)
            return "", f"{socket.gethostname()}: {type(error).__name__}: {error}"


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep off the console what Ray's native part says at its start about its own log."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _check(address: str) -> None:
    """Refuse an address where nothing answers; Ray would try for minutes."""
    if address in (LOCAL, "auto"):
        return
    host, colon, port = address.rpartition(":")
    if not (host and colon and port.isdecimal()) or "/" in address:
        raise ClusterError(f"--ray {address}: not an address; give HOST:PORT, auto or local")
    try:
        socket.create_connection((host, int(port)), _CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise ClusterError(
            f"--ray {address}: nothing answers there ({error}); start the cluster with `ray start "
            f"--head`, or give --ray {LOCAL} to use this machine alone"
        ) from None


def _room(processors: int) -> int:
    """How many actors of so many processors the machines of the cluster have room for."""
    import ray

    machines = [int(n["Resources"].get("CPU", 0)) for n in ray.nodes() if n["Alive"]]
    room = sum(count // processors for count in machines)
    if not room:
        raise ClusterError(
            f"no machine of the cluster has {processors} processors for an actor; give fewer with "
            "--cpus"
        )
    return room


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
