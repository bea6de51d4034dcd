"""One colour for each genre, the same in every chart and in both themes."""

from typing import Final

COLOURS: Final = (
    "#2970c8", "#8b7ca5", "#bc8214", "#bb5ef7", "#a807fa", "#7b706a", "#5e7b16", "#e800db",
    "#5a8d67", "#37a13c", "#108aff", "#bb3e8d", "#ff0c79", "#d5351b", "#9957ab", "#d363be",
)  # fmt: skip
"""By index of ``GENRES``. Each has a contrast of 3 to 1 or more to the backgrounds of both themes,
as WCAG 2.2 (1.4.11) asks of charts. The colours were drawn at random and moved until the most
similar pair differed as much as possible to people with and without colour blindness. Sixteen
colours cannot all be told apart; therefore the name of the genre always stands beside, or in the
text that appears."""
