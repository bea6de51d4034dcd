"""Files and folders on a disk or in an object store (``s3://``, ``gs://``), read through Arrow.

Used by all other modules of this package.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

from model.errors import GenreError

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

STORES: Final = ("s3://", "gs://")
_DENIALS: Final = ("ACCESS_DENIED", "HTTP response code 403", "PERMISSION_DENIED")
"""Parts of an object store's error message when this account may not read an object."""


def in_store(name: str) -> bool:
    """Whether a path is an address in an object store."""
    return name.startswith(STORES)


def last_part(address: str) -> str:
    """The name of a file without its folders."""
    return address.rstrip("/").rpartition("/")[2]


def is_denied(error: Exception) -> bool:
    """Whether a store denies this account access to a file, so that a retry is useless."""
    return isinstance(error, PermissionError) or any(word in str(error) for word in _DENIALS)


def reason(error: Exception) -> str:
    """The message of an error on one line."""
    message = getattr(error, "strerror", None) or str(error)
    return " ".join(message.split()) or type(error).__name__


@lru_cache
def _store(scheme: str, bucket: str) -> "FileSystem":
    """The file system of a bucket, cached because Arrow asks S3 for the bucket's region."""
    from pyarrow import ArrowInvalid
    from pyarrow.fs import FileSystem

    address = f"{scheme}://{bucket}"
    # Arrow ignores the variables in which other tools expect the address of another S3 server.
    server = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if scheme == "s3" and server:
        parts = urlsplit(server)
        address += "?" + urlencode({"endpoint_override": parts.netloc, "scheme": parts.scheme})
    try:
        return FileSystem.from_uri(address)[0]
    except (OSError, ArrowInvalid) as error:
        raise GenreError(f"{scheme}://{bucket}: cannot be reached: {reason(error)}") from None


@dataclass(frozen=True)
class Location:
    """A file or folder.

    Attributes:
        name: address in a store, or path.
    """

    name: str

    @property
    def filesystem(self) -> "FileSystem":
        """Arrow's file system that holds the file or folder.

        Raises:
            GenreError: the store cannot be reached.
        """
        if not in_store(self.name):
            from pyarrow.fs import LocalFileSystem

            return LocalFileSystem()
        scheme, _, rest = self.name.partition("://")
        return _store(scheme, rest.partition("/")[0])

    @property
    def address(self) -> str:
        """The name by which other machines can open the file or folder."""
        return self.name if in_store(self.name) else self.path

    @property
    def path(self) -> str:
        """Path in ``filesystem``: an absolute path, or bucket and key."""
        if not in_store(self.name):
            return os.path.abspath(self.name)  # noqa: PTH100 - a string
        return self.name.partition("://")[2].rstrip("/")


@dataclass(frozen=True)
class Folder(Location):
    """A folder whose files are read and written by their names below the folder.

    A file appears under its name only when its content is complete.
    """

    def prepare(self) -> None:
        """Create the folder and check that it is writable.

        Raises:
            GenreError: the folder cannot be created or written.
        """
        with self._errors("written"):
            self.filesystem.create_dir(self.path, recursive=True)
        self.write(".writable", b"")
        self.remove(".writable")

    def write(self, name: str, content: bytes) -> None:
        """Write a file.

        Raises:
            GenreError: the file cannot be written.
        """
        path = self._path(name)
        with self._errors("written", name):
            if in_store(self.name):  # an object appears when its stream is closed
                with self.filesystem.open_output_stream(path) as file:
                    file.write(content)
                return
            self.filesystem.create_dir(str(PurePosixPath(path).parent), recursive=True)
            part = f"{path}.{uuid4().hex}.part"
            with self.filesystem.open_output_stream(part) as file:
                file.write(content)
            self.filesystem.move(part, path)

    def read(self, name: str) -> bytes | None:
        """The content of a file, or None for a missing file.

        Raises:
            GenreError: the file cannot be read.
        """
        with self._errors("read", name):
            try:
                with self.filesystem.open_input_file(self._path(name)) as file:
                    return bytes(file.read())
            except FileNotFoundError:
                return None

    def names(self, subfolder: str) -> list[str]:
        """Sorted names of the files directly in a subfolder; empty for a missing subfolder.

        Raises:
            GenreError: the subfolder cannot be read.
        """
        from pyarrow.fs import FileSelector

        with self._errors("read", subfolder):
            selector = FileSelector(self._path(subfolder), allow_not_found=True)
            infos = self.filesystem.get_file_info(selector)
        return sorted(info.base_name for info in infos if info.is_file)

    def remove(self, name: str) -> None:
        """Delete a file, or a folder with its content; a missing one is no error.

        Raises:
            GenreError: the file or folder cannot be deleted.
        """
        from pyarrow.fs import FileType

        path = self._path(name)
        with self._errors("deleted", name):
            kind = self.filesystem.get_file_info(path).type
            if kind == FileType.Directory:
                self.filesystem.delete_dir(path)
            elif kind == FileType.File:
                self.filesystem.delete_file(path)

    def upload(self, path: str, name: str) -> None:
        """Copy a file of this machine into the folder.

        Raises:
            GenreError: the file cannot be written.
        """
        from pyarrow.fs import LocalFileSystem, copy_files

        with self._errors("written", name):
            copy_files(path, self._path(name), LocalFileSystem(), self.filesystem)

    def _path(self, name: str) -> str:
        return f"{self.path}/{name}"

    @contextmanager
    def _errors(self, action: str, name: str = "") -> Iterator[None]:
        """Turn an ``OSError`` into a ``GenreError`` that names the file."""
        try:
            yield
        except OSError as error:
            address = f"{self.name}/{name}" if name else self.name
            raise GenreError(f"{address}: cannot be {action}: {reason(error)}") from None
