"""Configuration of repo2docker for a machine without Docker Hub, conda-forge and a bridge network.

All else stays repo2docker's own: detection, Dockerfile, install script, postBuild, start and
entrypoint. From the environment: ``CONTAINER_BASE`` (the base image), ``CONTAINER_CA`` (a bundle of
certificates for the steps of the build) and ``CONTAINER_LOCK`` (a lock for the stand-in, optional).
"""

import os
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from repo2docker import contentproviders
from repo2docker.app import Repo2Docker
from repo2docker.buildpacks import CondaBuildPack, PythonBuildPack

HERE = Path(os.environ["CONTAINER_HERE"])
IN_IMAGE = "/usr/local/lib/conda-stand-in"

# The bundle is mounted into a step as a secret and is gone after it: no layer ever holds it.
BUNDLE = "/run/secrets/ca.crt"
SECRET = f"RUN --mount=type=secret,id=ca,target={BUNDLE},mode=0444 " + (
    "export "
    + " ".join(
        f"{name}={BUNDLE}"
        for name in ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
    )
    + "; "
)


class WithStandIn:
    """A build pack whose conda is the stand-in."""

    @lru_cache  # noqa: B019 - as repo2docker's own: one build pack lives as long as the program
    def get_build_script_files(self) -> dict[str, str]:
        """Files that the build brings along: repo2docker's and the stand-in's."""
        files: dict[str, str] = dict(super().get_build_script_files())  # type: ignore[misc]
        files[str(HERE / "conda_stand_in.py")] = f"{IN_IMAGE}/conda_stand_in.py"
        files[str(HERE / "wget")] = "/usr/local/bin/wget"
        if lock := os.environ.get("CONTAINER_LOCK"):
            files[lock] = f"{IN_IMAGE}/dev.lock"
        return files

    def render(self, build_args: dict[str, str] | None = None) -> str:
        """Return the Dockerfile with the secret in every step."""
        dockerfile: str = super().render(build_args)  # type: ignore[misc]
        return re.sub(r"(?m)^RUN\s+", lambda _: SECRET, dockerfile)


class Conda(WithStandIn, CondaBuildPack):
    """For repositories with an environment.yml."""


class Python(WithStandIn, PythonBuildPack):
    """For repositories with a requirements.txt, or without anything."""


# Stock order: a stray Dockerfile or DESCRIPTION takes the build over here as it does elsewhere.
stock: list[type] = Repo2Docker.class_traits()["buildpacks"].default()
own: dict[type, type] = {CondaBuildPack: Conda, PythonBuildPack: Python}

c: Any = get_config()  # type: ignore[name-defined]  # noqa: F821 - traitlets' own function
c.Repo2Docker.buildpacks = [own.get(pack, pack) for pack in stock]
c.Repo2Docker.default_buildpack = Python
c.Repo2Docker.base_image = os.environ["CONTAINER_BASE"]
# The stock list asks web sites about every address before it tries git.
c.Repo2Docker.content_providers = [contentproviders.Local, contentproviders.Git]
c.DockerEngine.extra_buildx_build_args = [
    "--network=host",
    f"--secret=id=ca,src={os.environ['CONTAINER_CA']}",
]
