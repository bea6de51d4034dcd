"""From mp3 files to genre probabilities.

Nothing is imported here, so that ``import model.cli`` stays quick; enter at the module you need.
"""

__version__ = "0.1.0"
