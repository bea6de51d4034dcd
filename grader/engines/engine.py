"""The interface of the engines: jobs that they run and outcomes that they return."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from grader.engines.limits import Limits, Machine

ENTRIES: Final = ("/home/crowdai/run.sh", "/home/run.sh")
"""Entry points: the packaging guidelines' and the starter kit's readme's."""

FIXED_PAYLOAD: Final = "/crowdai-payload"
FIXED_TABLE: Final = "/tmp/output.csv"  # noqa: S108 - the challenge's path


@dataclass(frozen=True)
class ContainerPaths:
    """Paths of the clips and of the table in the container.

    The defaults differ from the challenge's paths, so that a submission fails that has the
    challenge's paths in its code and does not read its two variables.

    Attributes:
        payload: folder of the clips.
        table: file to write.
        slash: whether TEST_DIRECTORY ends in a slash; the challenge's did not.
    """

    payload: str = "/grading/clips"
    table: str = "/grading/out/table.csv"
    slash: bool = False

    @property
    def environment(self) -> dict[str, str]:
        """The two variables of the contract."""
        slash = "/" if self.slash else ""
        return {"TEST_DIRECTORY": self.payload + slash, "OUTPUT_PATH": self.table}


AS_2018: Final = ContainerPaths(FIXED_PAYLOAD, FIXED_TABLE)


def cache_variables(folder: str) -> dict[str, str]:
    """Variables that keep numba's and Matplotlib's caches out of the code folder.

    ``XDG_CACHE_HOME`` is left alone: an image may have downloaded weights to ``~/.cache``.

    Args:
        folder: a folder that the submission can write to.
    """
    return {"NUMBA_CACHE_DIR": f"{folder}/numba", "MPLCONFIGDIR": f"{folder}/matplotlib"}


def is_cache(path: str) -> bool:
    """Whether a file below the code folder is bytecode or hidden, as the caches of libraries are.

    In the challenge's image the code folder is the home folder, too.
    """
    parts = path.split("/")
    return parts[0].startswith(".") or "__pycache__" in parts


@dataclass(frozen=True)
class Job:
    """A request to run a submission.

    Attributes:
        image: name of an image; for the local engine, path of a repository.
        clips: folder of mp3 files.
        folder: empty folder for the log and the table.
        limits: already fitted to the machine.
        entry: command in the container.
        as_entrypoint: replace the image's entry point instead of passing it a command.
        environment: variables beside the contract's two, e.g. SYSTEM.
        paths: paths of the clips and the table in the container.
    """

    image: str
    clips: Path
    folder: Path
    limits: Limits
    entry: str = ENTRIES[0]
    as_entrypoint: bool = False
    environment: dict[str, str] = field(default_factory=dict)
    paths: ContainerPaths = field(default_factory=ContainerPaths)


@dataclass(frozen=True)
class Outcome:
    """What an engine observed of a run.

    Attributes:
        exit_code: exit code of the entry point; None where the run was ended from outside.
        seconds: wall time.
        log: stdout and stderr together.
        table: the file that the run left at OUTPUT_PATH, None where there is none.
        table_age: seconds between the table's last change and the end of the run.
        fixed_table: the run wrote a table at the challenge's path although OUTPUT_PATH is another.
        peak_memory: bytes; None where it could not be read.
        cpu_seconds: CPU time of all processes; None where it could not be read.
        timed_out: the time limit ended it.
        out_of_memory: the memory limit ended one of its processes.
        disk_full: the disk limit ended it.
        network_attempts: packets and connections that found no route, counted by the kernel; None
            where the engine does not count them.
        changed: files changed or made in the code or payload folder, as ``code/NAME`` and
            ``payload/NAME``; bytecode and hidden files of the code folder do not count.
        entry_fault: why the system cannot start the entry point; empty where it can.
        engine_fault: what the engine said when it could not start the run.
    """

    exit_code: int | None
    seconds: float
    log: Path
    table: Path | None = None
    table_age: float | None = None
    fixed_table: bool = False
    peak_memory: int | None = None
    cpu_seconds: float | None = None
    timed_out: bool = False
    out_of_memory: bool = False
    disk_full: bool = False
    network_attempts: int | None = None
    changed: tuple[str, ...] = ()
    entry_fault: str = ""
    engine_fault: str = ""


@dataclass(frozen=True)
class Usage:
    """What a running submission uses.

    Attributes:
        memory: bytes in use now.
        peak_memory: most bytes in use so far, file cache included where the kernel counts it.
        cpu_seconds: CPU time so far; None where it is not known.
    """

    memory: int
    peak_memory: int
    cpu_seconds: float | None = None


ProgressCallback = Callable[[float, Usage], None]
"""Called while a submission runs, with the seconds since its start and its usage."""


class Engine(Protocol):
    """Something that runs submissions."""

    name: str
    limitations: str
    """What a run on this engine does not cover, as a sentence. Empty for a full container."""

    def machine(self) -> Machine:
        """CPUs and memory of the engine's machine, and whether it has a GPU."""
        ...

    def run(self, job: Job, report_usage: ProgressCallback) -> Outcome:
        """Run a job to its end or to its limits.

        Raises:
            GraderError: there is no such image.
        """
        ...
