"""Folders and files, on a disk or in an object store (``s3://``, ``gs://``)."""

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode, urlsplit

from model.errors import GenreError

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

STORES: Final = ("s3://", "gs://")
_REFUSALS: Final = ("ACCESS_DENIED", "HTTP response code 403", "PERMISSION_DENIED")
"""What an object store's error says when this account may not read."""


class PlaceError(GenreError):
    """A folder or file cannot be read or written; the message says which and why."""


def in_store(name: str) -> bool:
    """Whether a path is the address of something in an object store."""
    return name.startswith(STORES)


def last_part(address: str) -> str:
    """The name of a file without the folders that lead to it."""
    return address.rstrip("/").rpartition("/")[2]


def is_refusal(error: OSError) -> bool:
    """Whether a store says that it will not give a file to this account, however often asked."""
    return isinstance(error, PermissionError) or any(word in str(error) for word in _REFUSALS)


def reason(error: Exception) -> str:
    """What went wrong, on one line."""
    said = getattr(error, "strerror", None) or str(error)
    return " ".join(said.split()) or type(error).__name__


@lru_cache
def _store(scheme: str, bucket: str) -> "FileSystem":
    """The store of a bucket; opened once, since S3 is asked for the bucket's region."""
    from pyarrow import ArrowInvalid
    from pyarrow.fs import FileSystem

    address = f"{scheme}://{bucket}"
    # Arrow does not look at the variables by which other tools are told of another S3 server.
    server = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if scheme == "s3" and server:
        parts = urlsplit(server)
        address += "?" + urlencode({"endpoint_override": parts.netloc, "scheme": parts.scheme})
    try:
        return FileSystem.from_uri(address)[0]
    except (OSError, ArrowInvalid) as error:
        raise PlaceError(f"{scheme}://{bucket}: cannot be reached: {reason(error)}") from None


@dataclass(frozen=True)
class Place:
    """A file or folder.

    Attributes:
        name: an address in a store, or a path.
    """

    name: str

    @property
    def filesystem(self) -> "FileSystem":
        """Arrow's door to it.

        Raises:
            PlaceError: there is none.
        """
        if not in_store(self.name):
            from pyarrow.fs import LocalFileSystem

            return LocalFileSystem()
        scheme, _, rest = self.name.partition("://")
        return _store(scheme, rest.partition("/")[0])

    @property
    def address(self) -> str:
        """The name by which other machines may find it."""
        return self.name if in_store(self.name) else self.path

    @property
    def path(self) -> str:
        """Where it is, as ``filesystem`` wants to hear it."""
        if not in_store(self.name):
            return os.path.abspath(self.name)  # noqa: PTH100 - a string
        return self.name.partition("://")[2].rstrip("/")


@dataclass(frozen=True)
class Folder(Place):
    """A folder that a run writes to and reads from, by names below it.

    Every file appears under its name complete or not at all.
    """

    def prepare(self) -> None:
        """Make it, and see that it can be written.

        Raises:
            PlaceError: it cannot.
        """
        try:
            self.filesystem.create_dir(self.path, recursive=True)
            self.write(".writable", b"")
            self.filesystem.delete_file(self._full(".writable"))
        except OSError as error:
            raise PlaceError(f"{self.name}: cannot be written: {reason(error)}") from None

    def write(self, name: str, content: bytes) -> None:
        """Write a file.

        Raises:
            PlaceError: it cannot be written.
        """
        full = self._full(name)
        # An object of a store is there once it is closed; a file of a disk from the first byte on.
        unfinished = full if in_store(self.name) else f"{full}.{os.getpid()}.part"
        try:
            if not in_store(self.name):
                self.filesystem.create_dir(str(PurePosixPath(full).parent), recursive=True)
            with self.filesystem.open_output_stream(unfinished) as file:
                file.write(content)
            if unfinished != full:
                self.filesystem.move(unfinished, full)
        except OSError as error:
            raise PlaceError(f"{self.name}/{name}: cannot be written: {reason(error)}") from None

    def read(self, name: str) -> bytes | None:
        """The content of a file, or None where there is none.

        Raises:
            PlaceError: it cannot be read.
        """
        try:
            with self.filesystem.open_input_file(self._full(name)) as file:
                return bytes(file.read())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise PlaceError(f"{self.name}/{name}: cannot be read: {reason(error)}") from None

    def names(self, below: str) -> list[str]:
        """Names of the files directly in a folder below this one, sorted.

        Raises:
            PlaceError: it cannot be looked into.
        """
        from pyarrow.fs import FileSelector

        try:
            selector = FileSelector(self._full(below), allow_not_found=True)
            found = self.filesystem.get_file_info(selector)
        except OSError as error:
            raise PlaceError(f"{self.name}/{below}: cannot be read: {reason(error)}") from None
        return sorted(info.base_name for info in found if info.is_file)

    def remove(self, name: str) -> None:
        """Delete a file, or a folder with all that is in it; it need not be there.

        Raises:
            PlaceError: it cannot be deleted.
        """
        from pyarrow.fs import FileType

        full = self._full(name)
        try:
            kind = self.filesystem.get_file_info(full).type
            if kind == FileType.Directory:
                self.filesystem.delete_dir(full)
            elif kind == FileType.File:
                self.filesystem.delete_file(full)
        except OSError as error:
            raise PlaceError(f"{self.name}/{name}: cannot be deleted: {reason(error)}") from None

    def upload(self, path: str, name: str) -> None:
        """Copy a file of this machine.

        Raises:
            PlaceError: it cannot be written.
        """
        from pyarrow.fs import LocalFileSystem, copy_files

        try:
            copy_files(path, self._full(name), LocalFileSystem(), self.filesystem)
        except OSError as error:
            raise PlaceError(f"{self.name}/{name}: cannot be written: {reason(error)}") from None

    def _full(self, name: str) -> str:
        return f"{self.path}/{name}"
