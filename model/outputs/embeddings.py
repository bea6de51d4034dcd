"""Embeddings of clips as npz or parquet, written row by row so that memory use stays constant."""

import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from model.files import atomic_file
from model.outputs import formats
from model.outputs.formats import GROUP_ROWS, in_groups
from model.results import Result


def write(path: Path, results: Iterable[Result]) -> None:
    """Write the embeddings of all clips that have an embedding, in their order.

    An npz file holds the arrays ``file_id``, text of shape [clips], and ``embedding``, float32 of
    shape [clips, features]. A parquet file has columns of these names.

    Args:
        path: file to write, ``.npz`` or ``.parquet``.
        results: results of all clips; may be read several times.

    Raises:
        OutputError: the path cannot be written.
        GenreError: pyarrow is not installed.
    """
    formats.require(formats.of(path))
    with atomic_file(path) as file:
        if path.suffix.lower() == ".npz":
            _write_npz(file.buffer, results)
        else:
            _write_parquet(file.buffer, results)


def _embedded(results: Iterable[Result]) -> Iterator[tuple[str, NDArray[np.float32]]]:
    for result in results:
        if result.embedding is not None:
            yield result.clip.file_id, result.embedding


def _write_npz(file: IO[bytes], results: Iterable[Result]) -> None:
    # The header of an array contains its shape, so the first pass counts.
    count = features = longest = 0
    for name, embedding in _embedded(results):
        count, features, longest = count + 1, len(embedding), max(longest, len(name))
    kind = f"<U{max(longest, 1)}"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        names = (np.array(name, kind) for name, _ in _embedded(results))
        _write_array(archive, "file_id", kind, (count,), names)
        rows = (embedding.astype("<f4") for _, embedding in _embedded(results))
        _write_array(archive, "embedding", "<f4", (count, features), rows)


def _write_array(
    archive: zipfile.ZipFile,
    name: str,
    kind: str,
    shape: tuple[int, ...],
    rows: Iterable[NDArray[Any]],
) -> None:
    header = {"descr": kind, "fortran_order": False, "shape": shape}
    # ZipInfo has a constant date, so that the same results give the same bytes.
    entry = zipfile.ZipInfo(f"{name}.npy")
    entry.compress_type = zipfile.ZIP_DEFLATED
    with archive.open(entry, "w", force_zip64=True) as member:
        np.lib.format.write_array_header_1_0(member, header)
        for row in rows:
            member.write(row.tobytes())


def _write_parquet(file: IO[bytes], results: Iterable[Result]) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    features = pa.list_(pa.float32())
    schema = pa.schema([("file_id", pa.string()), ("embedding", features)])
    with parquet.ParquetWriter(file, schema) as writer:
        for group in in_groups(_embedded(results), GROUP_ROWS):
            names, rows = zip(*group, strict=True)
            flat = pa.array(np.concatenate(rows), pa.float32())
            ends = np.cumsum([0, *(len(row) for row in rows)], dtype=np.int32)
            lists = pa.ListArray.from_arrays(ends, flat)
            writer.write_table(pa.table([pa.array(names), lists], schema=schema))
