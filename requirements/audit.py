"""Read pip-audit's result from standard input, tell it, and exit with what it means for a lock."""

import json
import re
import sys
from pathlib import Path

CLEAN, VULNERABLE, UNKNOWN = 0, 1, 75


def verdict(result: str, lock: str) -> tuple[int, list[str]]:
    """Judge a result.

    Args:
        result: pip-audit's json; empty when it could not finish.
        lock: text of the lock that it audited.

    Returns:
        `CLEAN` only if there was an answer for every pin of the lock; and lines to tell.
    """
    pinned = set(re.findall(r"(?m)^([a-z0-9][\w.-]*)==", lock))
    entries = json.loads(result)["dependencies"] if result.strip() else []
    answered = {entry["name"] for entry in entries if "vulns" in entry}
    known = [
        f"{entry['name']} {entry['version']}: {flaw['id']}, mended in "
        f"{', '.join(flaw['fix_versions']) or 'no version yet'}"
        for entry in entries
        for flaw in entry.get("vulns", ())
    ]
    if known:
        return VULNERABLE, known
    if missing := pinned - answered:
        return UNKNOWN, [
            f"NOT AUDITED: no advisories could be had for {len(missing)} of {len(pinned)} packages"
        ]
    return CLEAN, [f"no vulnerability is known in {len(pinned)} packages"]


def main() -> int:
    """Print the verdict on the lock that is named and return the exit code."""
    lock = Path(sys.argv[1])
    code, lines = verdict(sys.stdin.read(), lock.read_text("utf-8"))
    for line in lines:
        print(f"{lock}: {line}")
    return code


if __name__ == "__main__":
    sys.exit(main())
