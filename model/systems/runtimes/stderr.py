"""What native libraries write to standard error."""

import contextlib
import logging
import os
import sys
import threading
from collections.abc import Iterator

log = logging.getLogger(__name__)

_one_at_a_time = threading.Lock()


@contextlib.contextmanager
def stderr_to_log(library: str) -> Iterator[None]:
    """Send what a native library writes to stderr to the debug log instead of the console.

    Standard error belongs to the whole process: other threads wait here.
    """
    with _one_at_a_time:
        yield from _redirected(library)


def _redirected(library: str) -> Iterator[None]:
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
