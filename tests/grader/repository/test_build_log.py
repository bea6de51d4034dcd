"""The first error of a failed build is named, with what its step was for."""

import pytest

from grader.repository.build_log import build_fault

RAISED = """\
Traceback (most recent call last):
  File "repo2docker/utils.py", line 76, in execute_cmd
    raise subprocess.CalledProcessError(ret, cmd)
subprocess.CalledProcessError: Command '['docker', 'buildx']' returned non-zero exit status 1.
"""


def build_log(command: str, *printed: str) -> str:
    """What BuildKit prints of a step that fails, between others, and repo2docker behind it."""
    said = "".join(f"#9 {number}.5 {line}\n" for number, line in enumerate(printed))
    return (
        "#8 [3/20] RUN groupadd crowdai\n#8 0.1 error: not this one\n#8 DONE 0.2s\n\n"
        f"#9 [ 4/20] RUN {command}\n{said}"
        f'#9 ERROR: process "{command}" did not complete successfully: exit code: 1\n------\n'
        f" > [ 4/20] RUN {command}:\nERROR: failed to solve: exit code: 1\n{RAISED}"
    )


ENVIRONMENT = "bash -c 'time ${MAMBA_EXE} env update --file \"environment.yml\"'"
APT = "apt-get -qq update && apt-get install --yes --no-install-recommends gone"


@pytest.mark.parametrize(
    ("log", "fault"),
    [
        (
            build_log(
                ENVIRONMENT, "Collecting numpy", "  WARNING: cannot reach the cache",
                "ERROR: Ignored the following versions that require a different python: 1.21",
                "ERROR: Could not find a version that satisfies the requirement tensorflow==1.4",
                "ERROR: No matching distribution found for tensorflow==1.4",
            ),
            "environment.yml: ERROR: Could not find a version that satisfies the requirement "
            "tensorflow==1.4",
        ),
        (
            build_log(
                ENVIRONMENT, "Channels:", "error    libmamba Could not solve for environment specs",
                "    The following package could not be installed", "    gone 1.0 does not exist",
                "critical libmamba Could not solve for environment specs",
            ),
            "environment.yml: error    libmamba Could not solve for environment specs "
            "The following package could not be installed gone 1.0 does not exist",
        ),
        (
            build_log(
                ENVIRONMENT, "error: subprocess-exited-with-error", "Traceback",
                "ModuleNotFoundError: No module named 'Cython'",
                "error: metadata-generation-failed",
            ),
            "environment.yml: ModuleNotFoundError: No module named 'Cython'",
        ),
        (build_log("./postBuild", "CMake Error at CMakeLists.txt:3 (find_package)", "bye"),
         "postBuild: CMake Error at CMakeLists.txt:3 (find_package)"),
        (build_log("./postBuild", "cc x.c", "make: *** [Makefile:2: x] Error 2"),
         "postBuild: make: *** [Makefile:2: x] Error 2"),
        (
            build_log(APT, "Reading package lists...", "E: Unable to locate package gone"),
            "apt.txt: E: Unable to locate package gone",
        ),
        (
            build_log(
                "./postBuild", "loading", "Traceback (most recent call last):",
                "ModuleNotFoundError: No module named 'tensorflow'",
            ),
            "postBuild: ModuleNotFoundError: No module named 'tensorflow'",
        ),
        (build_log("./postBuild", "./postBuild: line 2: git-lfs: command not found", "bye"),
         "postBuild: ./postBuild: line 2: git-lfs: command not found"),
        (build_log("./postBuild", "no such model"), "postBuild: no such model"),
        (build_log("chmod +x x"),
         'chmod +x x: ERROR: process "chmod +x x" did not complete successfully: exit code: 1'),
        (
            "Using local repo.\nTraceback (most recent call last):\n  File x\n"
            "ValueError: Python version 3.4 on linux-64 is not supported!\n",
            "ValueError: Python version 3.4 on linux-64 is not supported!",
        ),
        (
            "Traceback (most recent call last):\n  File x\nruamel.yaml.scanner.ScannerError: "
            'mapping values are not allowed here\n  in "environment.yml", line 1, column 8\n',
            "ruamel.yaml.scanner.ScannerError: mapping values are not allowed here "
            'in "environment.yml", line 1, column 8',
        ),
        ("repo2docker: killed", "repo2docker: killed"),
        ("", "nothing in the log"),
    ],
)  # fmt: skip
def test_the_first_error(log: str, fault: str) -> None:
    assert build_fault(log) == fault


@pytest.mark.parametrize("line", ["#9 ERROR: ", "#9 0.1 " + "error " * 200_000, "x" * 3_000_000])
def test_odd_logs(line: str) -> None:
    assert len(build_fault(line)) <= 300
