"""``python -m tests.fuzz``: damage clips by chance and see that decoding survives.

Exit code 1 when a mutant crashed, hung or bloated a decoding process, or got a wrong answer. Such
mutants are kept in a folder; their recipes belong in tests/fuzz/cases.jsonl.
"""

import argparse
import sys
import time
from pathlib import Path

from model import cpus
from tests.fuzz.campaign import Summary, run
from tests.fuzz.mutations import draw, mutant


def report(summary: Summary, seconds: float) -> str:
    """A summary for people."""
    rows = [f"{count:7} {reason}" for reason, count in summary.reasons.most_common()]
    milliseconds, recipe = summary.slowest
    slowest = recipe.to_json() if recipe else "none"
    return "\n".join(
        [
            f"{summary.mutants} mutants, each with an answer, in {seconds:.0f} s",
            *rows,
            f"slowest: {milliseconds} ms of CPU, {slowest}",
            f"most memory of a decoding process: {summary.megabytes} MB",
            f"crashes of a second decoder that cost nothing: {summary.contained}",
            f"findings: {len(summary.findings)}",
        ]
    )


def main() -> int:
    """Run from the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=2000, help="number of mutants")
    parser.add_argument("--seed", type=int, default=0, help="another seed, other mutants")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after about this")
    parser.add_argument("--workers", type=int, default=cpus.usable(), help="decoding processes")
    parser.add_argument("--keep", type=Path, default=Path("fuzz-findings"), help="for bad mutants")
    options = parser.parse_args()
    begun = time.monotonic()
    recipes = [draw(options.seed, number) for number in range(options.count)]
    summary = run(recipes, options.workers, options.seconds)
    print(report(summary, time.monotonic() - begun))
    for number, finding in enumerate(summary.findings):
        options.keep.mkdir(parents=True, exist_ok=True)
        (options.keep / f"{number}.mp3").write_bytes(mutant(finding.recipe))
        with (options.keep / "cases.jsonl").open("a", encoding="utf-8") as cases:
            cases.write(finding.recipe.to_json() + "\n")
        print(f"{finding.what}\n  {finding.recipe.to_json()}")
    return 1 if summary.findings else 0


if __name__ == "__main__":
    sys.exit(main())
