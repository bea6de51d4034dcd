"""Short explanations of the reasons in the errors file, for the page."""

from typing import Final

MEANINGS: Final[dict[str, str]] = {
    "missing": "the file is gone, or is a link that leads nowhere",
    "unreadable": "the system, or an object store, refuses to look at the file",
    "not_a_file": "a pipe, a socket or a device, not a file",
    "permission": "you may not read the file",
    "empty": "the file has no bytes",
    "undecodable": "no decoder found audio in it",
    "no_audio": "it was opened, but no decoder found a sample",
    "silent": "all samples are the same",
    "memory": "decoding wanted more memory than a clip may take",
    "timeout": "decoding took longer than a clip may take",
    "crash": "the decoder died on it, twice",
    "time_limit": "the run ended before its turn; run the same command again",
    "failure": "an error that was not foreseen",
    "duplicate": "another file has the same id, and no row",
    "second_decoder": "the first decoder failed or gave too little; another one gave more",
    "incomplete": "a part is missing or damaged; the rest was used",
    "short": "less than a second of audio; it was repeated",
    "long": "longer than 30 seconds; the middle 30 were used",
    "not_mp3": "audio of another format under an mp3's name",
    "low_rate": "sampled below 16 kHz, so that the treble is missing",
    "downmixed": "more than two channels, averaged",
    "non_finite": "samples that are not numbers became zero",
}
"""By reason; ``docs/errors.md`` says more about each."""
