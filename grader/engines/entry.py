"""Why a system cannot start an entry point, as far as the file itself tells."""

from typing import Final

HEAD_BYTES: Final = 256
"""Bytes from the beginning of the file that are looked at."""
MISSING: Final = "does not exist"


def entry_fault(executable: bool, head: bytes) -> str:
    """What is wrong with an entry point that exists; empty where nothing is.

    Args:
        executable: whether the submission's user may execute it.
        head: its first ``HEAD_BYTES`` bytes.
    """
    if not executable:
        return "is not executable"
    if head.startswith(b"\x7fELF"):
        return ""
    if not head.startswith(b"#!"):
        return "does not name its interpreter in line 1, as #!/bin/bash does"
    return "has lines that end as on Windows" if b"\r\n" in head else ""
