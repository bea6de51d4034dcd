"""``check REPO``: what can be said of a repository without building it."""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from grader.repository.files import Repository
from grader.repository.repo2docker import find_repo2docker
from grader.rules import context, environment, manifest, rendered, required, scripts
from grader.rules.findings import Finding, Severity

Rule = Callable[[Repository], Iterator[Finding]]

RULES: Final[tuple[Rule, ...]] = (
    required.required_files,
    required.overriding_files,
    manifest.crowdai_json,
    environment.environment_yml,
    environment.apt_txt,
    scripts.shell_scripts,
    scripts.obeys_environment,
    scripts.reaches_outside,
    scripts.weights_named,
    context.pointers,
    context.size,
)


def check(path: Path, repo2docker: str | None = None) -> list[Finding]:
    """Every finding in a repository's folder, in the order of the rules.

    Args:
        path: the folder.
        repo2docker: program to render the Dockerfile with; looked for where None.

    Raises:
        GraderError: there is no such folder.
    """
    repository = Repository.at(path)
    findings = [finding for rule in RULES for finding in rule(repository)]
    return [*findings, *rendered.dockerfile(repository, find_repo2docker(repo2docker))]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command line."""
    parser.add_argument("repository", metavar="REPO", type=Path, help="folder of the submission")
    parser.add_argument("--repo2docker", metavar="PROGRAM", help="repo2docker to use")


def command(arguments: argparse.Namespace) -> int:
    """Print the findings; 1 when one of them is an error."""
    findings = check(arguments.repository, arguments.repo2docker)
    for finding in findings:
        print(finding)
    counts = {
        severity: sum(finding.severity is severity for finding in findings)
        for severity in (Severity.ERROR, Severity.WARNING)
    }
    wrong = ", ".join(f"{number} {name}(s)" for name, number in counts.items() if number)
    print(f"{arguments.repository}: {wrong or 'clean'}")
    return int(counts[Severity.ERROR] > 0)
