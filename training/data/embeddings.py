"""Embeddings of labelled clips by frozen public networks."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.data.dataset import ClipTable, DatasetError


def read_embeddings(folder: Path, names: Sequence[str], table: ClipTable) -> NDArray[np.float32]:
    """Join ``NAME.npz`` (arrays clip_id and emb) in table order, shape [clips, features].

    Raises:
        DatasetError: a file is missing or lacks a clip.
    """
    joined = []
    for name in names:
        path = folder / f"{name}.npz"
        if not path.is_file():
            raise DatasetError(f"{path}: no such file; the folder of embeddings lacks it")
        with np.load(path) as arrays:
            rows = {str(clip): row for row, clip in enumerate(arrays["clip_id"])}
            if missing := set(table.ids) - set(rows):
                raise DatasetError(f"{path}: no embedding of {min(missing)}")
            embeddings = arrays["emb"][[rows[clip] for clip in table.ids]].astype(np.float32)
        joined.append(np.nan_to_num(embeddings))
    return np.concatenate(joined, axis=1)
