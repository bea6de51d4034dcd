"""What it takes to run a submission, and what can be seen of the run: the engines' common terms."""

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
class Stage:
    """Where the container finds its clips and leaves its table.

    The default is not the challenge's choice, on purpose: a submission that obeys its two
    variables does not notice, one that has the challenge's paths fixed in its code does.

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


AS_2018: Final = Stage(FIXED_PAYLOAD, FIXED_TABLE)


@dataclass(frozen=True)
class Job:
    """One run.

    Attributes:
        image: what the engine's ``build`` gave, or any image's name.
        clips: folder of mp3 files.
        folder: empty folder for the log and the table.
        limits: already fitted to the machine.
        entry: command in the container.
        as_entrypoint: replace the image's entry point instead of passing it a command.
        environment: variables beside the contract's two, e.g. SYSTEM.
        stage: where things are in the container.
    """

    image: str
    clips: Path
    folder: Path
    limits: Limits
    entry: str = ENTRIES[0]
    as_entrypoint: bool = False
    environment: dict[str, str] = field(default_factory=dict)
    stage: Stage = field(default_factory=Stage)


@dataclass(frozen=True)
class Outcome:
    """What was seen of a run.

    Attributes:
        exit_code: of the entry point; None where the run was ended from outside.
        seconds: wall time.
        log: stdout and stderr together.
        table: the file that the run left at OUTPUT_PATH, None where there is none.
        table_age: seconds between the table's last change and the end of the run.
        fixed_table: the run left a table at the challenge's path although told another.
        peak_memory: bytes; None where it could not be read.
        cpu_seconds: CPU time of all processes; None where it could not be read.
        timed_out: the time limit ended it.
        out_of_memory: the memory limit ended a process of it.
        network_attempts: packets and connections that found no route, counted by the kernel; None
            where nobody counted.
        changed: files changed or made in the code or payload folder, as ``code/NAME`` and
            ``payload/NAME``; always empty where these folders are read-only.
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
    network_attempts: int | None = None
    changed: tuple[str, ...] = ()
    engine_fault: str = ""


@dataclass(frozen=True)
class Reading:
    """A look at a run in progress: seconds since its start, bytes now and at most so far."""

    seconds: float
    memory: int | None
    peak_memory: int | None


Watcher = Callable[[Reading], None]


class Engine(Protocol):
    """Something that runs submissions."""

    name: str
    covers: str
    """One sentence: what a run on this engine does not show. Empty for a full container."""

    def machine(self) -> Machine:
        """What there is to share out."""
        ...

    def run(self, job: Job, watch: Watcher) -> Outcome:
        """Run a job to its end or to its limits.

        Raises:
            GraderError: there is no such image.
        """
        ...
