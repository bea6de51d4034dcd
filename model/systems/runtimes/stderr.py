"""What native libraries write to standard error."""

import contextlib
import logging
import os
import sys
from collections.abc import Iterator

log = logging.getLogger(__name__)


@contextlib.contextmanager
def stderr_to_log(library: str) -> Iterator[None]:
    """Send what a native library writes to stderr to the debug log instead of the console."""
    sys.stderr.flush()
    console = os.dup(2)
    # In memory: there may be no folder for temporary files that can be written.
    with os.fdopen(os.memfd_create("stderr"), "w+b") as output:
        os.dup2(output.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(console, 2)
            os.close(console)
            output.seek(0)
            for line in output.read().decode(errors="replace").splitlines():
                log.debug("%s: %s", library, line)
