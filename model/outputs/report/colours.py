"""One colour for each genre, the same in every chart and in both themes."""

from typing import Final

COLOURS: Final = (
    "#3b77d8", "#986750", "#d07419", "#f61cf6", "#aa00ff", "#6865a7", "#437907", "#cc3e00",
    "#3699bb", "#419c4e", "#7783f8", "#c41f97", "#f944a8", "#f65562", "#cd21d2", "#82858e",
)  # fmt: skip
"""By index of ``GENRES``. Each has a contrast of 3 to 1 or more to the backgrounds of both themes,
as WCAG 2.2 (1.4.11) asks of charts. The colours were drawn at random and moved until the most
similar pair differed as much as possible to people with and without colour blindness. Sixteen
colours cannot all be told apart; therefore the name of the genre always stands beside, or in the
text that appears."""
