"""Made-up feature vectors of clips."""

import numpy as np

FEATURES = 518


def clips(count: int, genres: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Features that tell genres apart now and then, at very different scales, and the genres."""
    rng = np.random.default_rng(seed)
    own = np.arange(count) % genres
    centres = rng.normal(size=(genres, FEATURES))
    values = 0.3 * centres[own] + rng.normal(size=(count, FEATURES))
    scales = 10.0 ** rng.uniform(-4, 4, FEATURES)
    return (values * scales).astype(np.float32), own
