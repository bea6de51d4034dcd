"""The table of a run and its errors file."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from model.clips import Clip, Found, Notice, printable
from model.errors import GenreError
from model.files import atomic_file
from model.options import Options
from model.outputs import formats, submission, table
from model.results import Result

_NAMED = 5


@dataclass
class Summary:
    """Counts of a finished run.

    Attributes:
        predicted: number of clips with a prediction.
        unpredicted: number of clips that have the prior.
        named: for each problem of the errors file, the number of clips and the first of them.
        lines: number of lines of the errors file.
    """

    predicted: int = 0
    unpredicted: int = 0
    named: dict[str, tuple[int, list[Clip]]] = field(default_factory=dict)
    lines: int = 0

    def note(self, notice: Notice, clip: Clip) -> None:
        """Count a line of the errors file."""
        self.lines += 1
        if notice.is_problem:
            count, clips = self.named.get(notice.reason, (0, []))
            clips = clips if len(clips) > _NAMED else [*clips, clip]
            self.named[notice.reason] = (count + 1, clips)


def write_table(options: Options, found: Found, results: Iterable[Result]) -> Summary:
    """Write the submission and its errors file.

    Raises:
        GenreError: a clip's values are not probabilities.
        OutputError: a file cannot be written.
    """
    summary, layout = Summary(), table.layout(options)
    errors_path = submission.errors_path(options.output)
    with atomic_file(options.output) as file, atomic_file(errors_path) as errors:
        for clip in found.duplicates:
            notice = Notice("duplicate", "another clip has this file_id and the row")
            errors.write(_error_line(clip, notice, "none"))
            summary.note(notice, clip)

        def rows() -> Iterator[formats.Row]:
            for result in results:
                if broken := submission.violation(result.probabilities):
                    raise GenreError(f"{result.clip.file_id}: not written: {broken}")
                for notice in result.notices:
                    errors.write(
                        _error_line(result.clip, notice, "model" if result.predicted else "prior")
                    )
                    summary.note(notice, result.clip)
                summary.predicted += result.predicted
                summary.unpredicted += not result.predicted
                yield layout.row(result)

        form = options.format or formats.of(options.output)
        formats.append(file, form, layout.columns, rows())
    if not summary.lines:
        errors_path.unlink(missing_ok=True)
    return summary


def _error_line(clip: Clip, notice: Notice, row: str) -> str:
    return submission.error_line(
        file_id=clip.file_id,
        reason=notice.reason,
        detail=notice.detail,
        row=row,
        path=printable(clip.path),
    )
