"""An S3 server in this process, on the loopback interface, for tests."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

VARIABLES = {
    "AWS_ACCESS_KEY_ID": "tests",
    "AWS_SECRET_ACCESS_KEY": "tests",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@contextmanager
def serving(bucket: str) -> Iterator[dict[str, str]]:
    """The variables by which programs find the server, which has one empty bucket."""
    pytest.importorskip("moto.server", reason="no S3 server: requirements/distributed.in has moto")
    from moto.server import ThreadedMotoServer
    from pyarrow.fs import S3FileSystem

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        S3FileSystem(
            access_key="tests",
            secret_key="tests",  # noqa: S106 - the server takes any
            region="us-east-1",
            endpoint_override=f"{host}:{port}",
            scheme="http",
            allow_bucket_creation=True,
        ).create_dir(bucket)
        yield {**VARIABLES, "AWS_ENDPOINT_URL": f"http://{host}:{port}"}
    finally:
        server.stop()
