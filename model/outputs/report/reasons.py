"""The reasons of the errors file in words, for the page; ``docs/errors.md`` says more of each."""

from typing import Final

MEANINGS: Final[dict[str, str]] = {
    "missing": "file is gone",
    "unreadable": "file cannot be looked at",
    "not_a_file": "not a file",
    "permission": "you may not read it",
    "empty": "file has no bytes",
    "undecodable": "no audio that can be read",
    "no_audio": "no sound in it",
    "silent": "silence",
    "memory": "needs too much memory",
    "timeout": "takes too long to read",
    "crash": "ended the decoder twice",
    "time_limit": "not reached in time",
    "failure": "unforeseen error",
    "duplicate": "another file has the same name",
    "second_decoder": "read by the second decoder",
    "incomplete": "a part is missing or damaged",
    "short": "shorter than a second",
    "long": "longer than 30 s",
    "not_mp3": "another format under an mp3's name",
    "low_rate": "sampled below 16 kHz",
    "downmixed": "more than two channels, averaged",
    "non_finite": "has samples that are no numbers",
}
