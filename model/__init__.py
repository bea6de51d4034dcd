"""From mp3 files to genre probabilities.

>>> import model
>>> classifier = model.load()
>>> table = classifier.predict("tests/clips")  # a pandas DataFrame

``load``, ``load_audio`` and ``Classifier`` are imported when they are asked for, so that
``import model`` and ``import model.cli.main`` stay quick.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from model.classifier import Classifier, load, load_audio

__version__ = "0.2.0"
__all__ = ["Classifier", "__version__", "load", "load_audio"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from model import classifier

    return getattr(classifier, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
