"""All rules of ``check``: what can be said of a repository without building it."""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from grader.repository.files import Repository
from grader.repository.repo2docker import find_repo2docker
from grader.rules import context, environment, manifest, rendered, required, scripts
from grader.rules.findings import Finding, error
from grader.rules.program import (
    outside,
    paths,
    rows,
    separators,
    started,
    syntax,
    variables,
    weights,
    writes,
)

Rule = Callable[[Repository], Iterator[Finding]]

MAX_FINDINGS: Final = 1000
"""Findings of one function of ``RULES``."""
RULES: Final[tuple[Rule, ...]] = (
    required.required_files,
    required.overriding_files,
    manifest.crowdai_json,
    environment.environment_yml,
    environment.apt_txt,
    scripts.shell_scripts,
    started.script_missing,
    started.ends_early,
    syntax.python_syntax,
    variables.obeys_environment,
    paths.fixed_paths,
    outside.reaches_outside,
    weights.weights_named,
    separators.separators,
    rows.id_suffix,
    rows.rows_lost,
    writes.writes,
    context.dockerignore,
    context.pointers,
    context.size,
)


def check(path: Path, repo2docker: str | None = None) -> list[Finding]:
    """Findings in a repository's folder, in the order of the rules.

    Args:
        path: the folder.
        repo2docker: program to render the Dockerfile with; searched for where None.

    Raises:
        GraderError: there is no such folder, or it has more files than
            ``grader.files.MAX_FILES``.
    """
    repository = Repository.at(path)
    findings = [finding for rule in RULES for finding in _first(rule(repository))]
    return [*findings, *rendered.dockerfile(repository, find_repo2docker(repo2docker))]


def _first(findings: Iterator[Finding]) -> Iterator[Finding]:
    """The first thousand findings, and an error where there are more."""
    yield from islice(findings, MAX_FINDINGS)
    if next(findings, None):
        what = f"more than {MAX_FINDINGS} findings of a kind; the others are left out"
        yield error("findings-omitted", ".", what, "correct what is named, then check again")
