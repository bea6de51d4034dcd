"""Shell scripts that the system starts: line ends, first line, and the end of ``start``."""

import re
from collections.abc import Iterator

from grader.repository.files import Repository, code_of
from grader.rules.findings import Finding, error


def shell_scripts(repository: Repository) -> Iterator[Finding]:
    """Line ends and the first line of every script of the image."""
    names = {"run.sh", "postBuild", "start"}
    names |= {
        path.name for path in repository.context if path.match("*.sh") and len(path.parts) == 1
    }
    # Where bash reads a script, its first line does not matter.
    by_path = {start.name for start in repository.program.starts if start.by_path}
    started = {"run.sh", "postBuild", "start"} | by_path
    for name in sorted(filter(repository.has, names | by_path)):
        script = repository.data(name)
        if b"\r\n" in script:
            yield error(
                "crlf", name, "lines end as on Windows; the system looks for 'bash\\r'",
                f"save {name} with Unix line ends, and add '*.sh eol=lf' to .gitattributes",
            )  # fmt: skip
        if name in started and not script.startswith(b"#!"):
            yield error(
                "no-shebang", f"{name}:1", "line 1 does not name the interpreter",
                "make #!/bin/bash the very first line",
            )  # fmt: skip
    start = code_of(repository.text("start"))
    if repository.has("start") and not re.search(r"^[ \t]*exec\s+\S", start, re.MULTILINE):
        yield error(
            "start-ends", "start", "does not run the graders' command",
            'end it with exec "$@"',
        )  # fmt: skip
