"""The decoders and their fallback order.

Each decoder is a function from a path, a number of seconds and a start to a ``Reading``. It takes
untrusted bytes and may raise any exception. ``model.decoding.audio`` and ``model.decoding.songs``
call it in a worker process.
"""

from dataclasses import dataclass

from model.decoding.decoders import ffmpeg, libsndfile, miniaudio
from model.decoding.decoders.isolation import Read, in_child_process


@dataclass(frozen=True)
class Decoder:
    """One decoder of the fallback order.

    Attributes:
        name: name in notices.
        read: decodes at most a number of seconds of a file, from a start or from the middle.
    """

    name: str
    read: Read


# libsndfile is by far the fastest and right for nearly every file. ffmpeg knows the most formats,
# skips damage and follows a change of sample rate, which miniaudio plays at a wrong speed and so
# seems to decode more. miniaudio decodes the mp3s of free format that ffmpeg cannot.
DECODERS = (
    Decoder("libsndfile", libsndfile.read),
    Decoder("ffmpeg", in_child_process(ffmpeg.read, "av")),
    Decoder("miniaudio", in_child_process(miniaudio.read, "miniaudio")),
)
