"""Odd files that need an encoder with more options than libsndfile has: ffmpeg's, through PyAV.

Some headers are rewritten by hand afterwards, where no encoder at hand writes such a stream.
"""

import io
import struct
from collections.abc import Iterator, Mapping

import av
import numpy as np

from tests.support.odd import SEED, Odd, Samples, encoded, mp3, plain_bytes, tone, wav

_NO_INDEX = {"write_xing": "0", "id3v2_version": "0"}
_BEST_VARIABLE = {"flags": "+qscale", "global_quality": "0", "compression_level": "9"}
_FRAME_BYTES = 384  # of an mp3 at 48 kHz and 128 kbit/s: the same for every frame


def ffmpeg(
    samples: Samples,
    rate: int,
    codec: str,
    container: str,
    bit_rate: int = 0,
    settings: Mapping[str, str] | None = None,
    muxing: Mapping[str, str] | None = None,
    layout: str = "",
) -> bytes:
    """Encode samples with a codec of ffmpeg, with options of the codec and of the container.

    Other channels than those of the samples are mixed from them where a `layout` is named.
    """
    channels = np.atleast_2d(samples.T).astype(np.float32)
    given = "mono" if len(channels) == 1 else "stereo"
    layout = layout or given
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container, options=dict(muxing or {})) as output:
        stream = output.add_stream(codec, rate=rate, options=dict(settings or {}), layout=layout)
        assert isinstance(stream, av.AudioStream)
        if bit_rate:
            stream.bit_rate = bit_rate
        context = stream.codec_context
        resampler = av.AudioResampler(
            format=context.format.name,
            layout=layout,
            rate=rate,
            frame_size=context.frame_size or None,
        )
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(channels), "fltp", given)
        frame.rate = rate
        for part in [*resampler.resample(frame), *resampler.resample(None), None]:
            output.mux(stream.encode(part))
    return buffer.getvalue()


def noisy(seconds: float, rate: int, channels: int = 1) -> Samples:
    """Return a chord with noise, so that no encoder can save bits."""
    chord = tone(seconds, rate, channels)
    return np.asarray(chord + np.random.default_rng(SEED).normal(0, 0.05, chord.shape))


def loud_then_quiet(loud: float, quiet: float) -> Samples:
    """Return noise and a quiet chord: from the first frames the rest looks four times as dear."""
    noise = np.random.default_rng(SEED).normal(0, 0.3, (round(loud * 44_100), 2))
    return np.concatenate([noise, 0.01 * tone(quiet, 44_100, 2)])


def without_index(samples: Samples, rate: int, bit_rate: int = 128_000) -> bytes:
    """Encode samples as an mp3 of constant bit rate whose frames are all audio."""
    plain = {"joint_stereo": "0"} if samples.ndim > 1 else {}
    return ffmpeg(samples, rate, "libmp3lame", "mp3", bit_rate, plain, _NO_INDEX)


def with_headers(content: bytes, index: int, keep: int, add: int) -> bytes:
    """Change one byte of every frame's header of an mp3 of 48 kHz and 128 kbit/s."""
    changed = bytearray(content)
    for start in range(0, len(changed), _FRAME_BYTES):
        assert changed[start] == 0xFF
        changed[start + index] = changed[start + index] & keep | add
    return bytes(changed)


def free_format(content: bytes) -> bytes:
    """Leave the bit rate open in every header; decoders must find the frames' size themselves."""
    return with_headers(content, index=2, keep=0x0F, add=0)


def dual_channel(content: bytes) -> bytes:
    """Say in every header that the channels are two programmes."""
    return with_headers(content, index=3, keep=0x3F, add=0x80)


def in_riff(content: bytes) -> bytes:
    """Put an mp3 of 44.1 kHz into a wav."""
    layer = struct.pack("<HHIIHHHHIHHH", 0x55, 2, 44_100, 16_000, 1, 0, 12, 1, 2, 417, 1, 1393)
    body = b"WAVEfmt " + struct.pack("<I", len(layer)) + layer
    body += b"data" + struct.pack("<I", len(content)) + content
    return b"RIFF" + struct.pack("<I", len(body)) + body


def variable() -> Iterator[Odd]:
    """Make mp3s of a variable bit rate that have no index of their length."""
    served = ("second_decoder",)
    for name, samples, reasons in (
        ("vbr-without-xing", loud_then_quiet(4, 4), served),
        ("vbr-without-xing-quiet-first", loud_then_quiet(4, 4)[::-1], served),
        ("vbr-without-xing-long", loud_then_quiet(3, 36), (*served, "long")),
    ):
        content = ffmpeg(samples, 44_100, "libmp3lame", "mp3", 0, _BEST_VARIABLE, _NO_INDEX)
        yield Odd(f"{name}.mp3", content, "model", reasons)


def changing() -> Iterator[Odd]:
    """Make mp3s whose sample rate or channels change on the way, with an index and without."""
    served = ("second_decoder",)
    stereo = {rate: mp3(noisy(3, rate, 2), rate) for rate in (22_050, 44_100, 48_000)}
    mono = mp3(noisy(3, 44_100), 44_100)
    plain = {rate: without_index(noisy(3, rate, 2), rate) for rate in (22_050, 44_100, 48_000)}
    low, middle, high = stereo.values()
    yield Odd("rates-44100-48000.mp3", middle + high, "model", served)
    yield Odd("rates-44100-22050.mp3", middle + low, "model", served)
    yield Odd("rates-22050-44100.mp3", low + middle, "model", served)
    yield Odd("rates-several.mp3", high + middle + low + mono, "model", served)
    yield Odd("rates-long.mp3", middle * 6 + low * 6, "model", (*served, "long"))
    yield Odd("channels-2-1.mp3", middle + mono, "model", served)
    yield Odd("channels-1-2.mp3", mono + middle, "model", served)
    yield Odd("no-index-44100-48000.mp3", plain[44_100] + plain[48_000], "model", served)
    # miniaudio holds this for twice as long as it is.
    yield Odd("no-index-22050-44100.mp3", plain[22_050] + plain[44_100], "model", served)
    damaged = plain[22_050] + plain_bytes(4096) + plain[44_100]
    yield Odd("no-index-22050-garbage-44100.mp3", damaged, "model", served)


def rare_mpegs() -> Iterator[Odd]:
    """Make MPEG audio of kinds that are hardly ever met."""
    plain = without_index(noisy(4, 48_000, 2), 48_000)
    free, half = free_format(plain), len(plain) // 2
    layer2 = ffmpeg(noisy(4, 44_100, 2), 44_100, "mp2", "mp2", 192_000)
    served, garbage = ("second_decoder",), plain_bytes(4096)
    yield Odd("free-format.mp3", free, "model")
    yield Odd("free-format-garbage-before.mp3", garbage[:1024] + free, "model")
    yield Odd(
        "free-format-garbage-middle.mp3", free[:half] + garbage + free[half:], "model", served
    )
    yield Odd("free-format-truncated.mp3", free[:half], "model")
    yield Odd("layer-2.mp3", layer2, "model", ("not_mp3",))
    yield Odd(
        "layer-2-garbage-middle.mp3", layer2[:half] + garbage + layer2[half:], "model", served
    )
    mpeg2 = ffmpeg(noisy(3, 24_000), 24_000, "mp2", "mp2", 64_000)
    yield Odd("layer-2-mpeg-2.mp3", mpeg2, "model", ("not_mp3",))
    yield Odd("dual-channel.mp3", dual_channel(plain), "model")
    yield Odd("no-index.mp3", plain, "model")
    # The more there is behind the last frame, the longer libsndfile holds the file to be.
    yield Odd("no-index-tag-after.mp3", plain + plain_bytes(300_000), "model")
    for rate in (12_000, 24_000, 32_000):
        low = ("low_rate",) if rate < 16_000 else ()
        content = without_index(noisy(3, rate), rate, 64_000)
        yield Odd(f"no-index-{rate}.mp3", content, "model", low)


def other_containers(good: bytes) -> Iterator[Odd]:
    """Make files of formats that libsndfile does not know, and damaged ones that it does."""
    served, music = ("second_decoder",), noisy(4, 48_000, 2)
    m4a = ffmpeg(music, 48_000, "aac", "ipod", 96_000)
    flac = encoded(music, 48_000, "FLAC", "PCM_16")
    ogg = encoded(music, 48_000, "OGG", "VORBIS")
    half, garbage = len(flac) // 2, plain_bytes(3000)
    yield Odd("m4a-aac.mp3", m4a, "model", served)
    # What describes the samples is at the end of such a file; libmpg123 finds 0.1 s of noise in it.
    yield Odd("m4a-truncated.mp3", m4a[: len(m4a) // 2], "prior", ("undecodable",))
    yield Odd("m4a-alac.mp3", ffmpeg(music, 48_000, "alac", "ipod"), "model", served)
    yield Odd("aac-adts.mp3", ffmpeg(music, 48_000, "aac", "adts", 96_000), "model", served)
    yield Odd("aac-mpegts.mp3", ffmpeg(music, 48_000, "aac", "mpegts", 96_000), "model", served)
    yield Odd("opus-webm.mp3", ffmpeg(music, 48_000, "libopus", "webm", 96_000), "model", served)
    yield Odd("wma.mp3", ffmpeg(music, 44_100, "wmav2", "asf", 96_000), "model", served)
    yield Odd("ac3.mp3", ffmpeg(music, 48_000, "ac3", "ac3", 96_000), "model", served)
    yield Odd("mp3-in-avi.mp3", ffmpeg(music, 48_000, "libmp3lame", "avi"), "model", served)
    yield Odd("mp3-in-riff.mp3", in_riff(good), "model")
    yield Odd("flac-garbage.mp3", flac[:half] + garbage + flac[half:], "model", served)
    yield Odd("flac-truncated.mp3", flac[:half], "model", ("incomplete",))
    yield Odd("ogg-chained.mp3", ogg + ogg, "model", served)
    yield Odd("ogg-hole.mp3", ogg[:half] + bytes(3000) + ogg[half + 3000 :], "model", ("not_mp3",))
    channels = bytearray(wav(noisy(3, 44_100, 2), 44_100))
    channels[22:24] = struct.pack("<H", 1000)
    yield Odd("wav-claims-1000-channels.mp3", bytes(channels), "model", ("downmixed",))


def playlists() -> Iterator[Odd]:
    """Make texts at which ffmpeg would open another file of the folder."""
    playlist = b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nwav.mp3\n#EXT-X-ENDLIST\n"
    yield Odd("playlist.mp3", playlist, "prior", ("undecodable",))
    yield Odd("ffconcat.mp3", b"ffconcat version 1.0\nfile wav.mp3\n", "prior", ("undecodable",))


def encodings(good: bytes) -> Iterator[Odd]:
    """Make all of them; `good` is an mp3 of 44.1 kHz in stereo."""
    yield from variable()
    yield from changing()
    yield from rare_mpegs()
    yield from other_containers(good)
    yield from playlists()
