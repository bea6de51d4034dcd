"""``check REPO``: apply the rules that need no engine to a repository."""

import argparse
from pathlib import Path

from grader.commands.arguments import add_repo2docker
from grader.rules.check import check
from grader.rules.findings import Severity


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments to its parser."""
    parser.add_argument("repository", metavar="REPO", type=Path, help="folder of the submission")
    add_repo2docker(parser)


def command(args: argparse.Namespace) -> int:
    """Print the findings; 1 when one of them is an error."""
    findings = check(args.repository, args.repo2docker)
    for finding in findings:
        print(finding)
    severities = [finding.severity for finding in findings]
    counts = [
        f"{severities.count(severity)} {severity}(s)"
        for severity in (Severity.ERROR, Severity.WARNING)
        if severity in severities
    ]
    print(f"{args.repository}: {', '.join(counts) or 'clean'}")
    return int(Severity.ERROR in severities)
