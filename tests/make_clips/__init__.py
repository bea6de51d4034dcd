"""Compose, render and encode the ten sample clips in `tests/clips`.

Run from the project's root as `python -m tests.make_clips tests/clips`. Besides the Python
packages of the tests this needs three Debian packages that the tests themselves do not need:
`fluidsynth`, `fluid-soundfont-gm` and `espeak-ng`. Every note, word and noise is written here;
nothing is taken from a recording.
"""
