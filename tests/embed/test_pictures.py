"""PNG and GIF: what is seen otherwise shows; other compression, palettes and chunks do not."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from infoplane import embed

from .making import assert_resaved, film, inside, made, verdict, with_chunk


def saved_png(change=lambda image: image, add="add_text", **options):
    """By Pillow, the manifest kept."""

    def edit(data):
        stream, info = io.BytesIO(), PngInfo()
        with Image.open(io.BytesIO(data)) as image:
            getattr(info, add)(embed.KEY, image.text[embed.KEY])
            change(image).save(stream, "png", pnginfo=info, **options)
        return stream.getvalue()

    return edit


def animated(data):
    """A second frame, which a browser shows after the first."""
    with Image.open(io.BytesIO(data)) as image:
        return saved_png(save_all=True, append_images=[Image.new(image.mode, image.size)])(data)


def dotted(image):
    image.putpixel((50, 50), (1, 2, 3, 255))
    return image


def moved(data):
    """The manifest from its place to the end."""
    length = 12 + int.from_bytes(data[33:37], "big")
    return data[:33] + data[33 + length : -12] + data[33 : 33 + length] + data[-12:]


def with_frame(data):
    """A second frame, which a browser shows after the first."""
    frame = b"\x2c" + struct.pack("<4HB", 0, 0, 4, 4, 0) + b"\x08\x0b" + bytes(11) + b"\0"
    return data[:-1] + frame + data[-1:]


def saved_gif(**options):
    """By Pillow, each frame whole; the manifest first, in sub-blocks of another length."""

    def edit(data):
        with Image.open(io.BytesIO(data)) as image:
            frames = []
            for number in range(image.n_frames):
                image.seek(number)
                frames.append(image.convert("RGB"))
        return film(frames, **{"duration": [100, 200], **options}, comment=b"infoplane" + inside(data).encode())

    return edit


CHANGED = {
    "pixel": ("png", saved_png(dotted)),
    "size": ("png", saved_png(lambda image: image.crop((0, 0, image.width, image.height - 1)))),
    "gamma": ("png", with_chunk(b"gAMA", struct.pack(">I", 5))),
    "profile": ("png", with_chunk(b"iCCP", b"a\0\0" + zlib.compress(b"b"))),
    "stretched": ("png", with_chunk(b"pHYs", struct.pack(">IIB", 1, 2, 0))),
    "two palettes": ("png", lambda data: with_chunk(b"PLTE", bytes(3))(with_chunk(b"PLTE", bytes(3))(data))),
    "animation": ("png", animated),
    "frame": ("gif", with_frame),
    "duration": ("gif", saved_gif(duration=[100, 300])),
    "frame of another colour": ("gif", lambda data: data.replace(bytes(range(6)), bytes(range(1, 7)))),
    "profile of a film": ("gif", lambda data: data[:-1] + b"\x21\xff\x0bICCRGBG1012\x01a\0" + data[-1:]),
}
RESAVED = {
    "optimised": ("png", saved_png(optimize=True)),
    "no compression": ("png", saved_png(compress_level=0)),
    "opaque": ("png", saved_png(lambda image: image.convert("RGB"))),
    "palette": ("png", saved_png(lambda image: image.convert("RGB").convert("P", palette=1, colors=256))),
    "zipped text": ("png", saved_png(add="add_itxt")),
    "time": ("png", with_chunk(b"tIME", bytes(7))),
    "text": ("png", with_chunk(b"tEXt", b"Software\0some")),
    "png byte": ("png", lambda data: data + b"\n"),
    "moved": ("png", moved),
    "frames": ("gif", saved_gif()),
    "gif byte": ("gif", lambda data: data + b"\n"),
}


@pytest.mark.parametrize(("suffix", "edit"), CHANGED.values(), ids=CHANGED)
def test_what_is_added_or_edited_shows(suffix, edit):
    assert verdict(edit(made(suffix))) == "changed"


@pytest.mark.parametrize(("suffix", "edit"), RESAVED.values(), ids=RESAVED)
def test_what_is_stored_anew_is_told_from_what_is_changed(suffix, edit):
    assert_resaved(suffix, edit)


@pytest.mark.parametrize("transparent", [(0, 0, 0), (255, 255, 255)])
def test_a_transparent_colour_is_seen_as_transparency(transparent):
    pixels = np.zeros((3, 4, 3), np.uint8)
    pixels[1] = 255
    alpha = np.where((pixels == transparent).all(-1, keepdims=True), 0, 255).astype(np.uint8)
    plain, keyed, full = io.BytesIO(), io.BytesIO(), io.BytesIO()
    Image.fromarray(pixels).save(plain, "png")
    Image.fromarray(pixels).save(keyed, "png", transparency=transparent)
    Image.fromarray(np.concatenate([pixels, alpha], -1)).save(full, "png")
    looks = [embed.look("png", stream.getvalue()) for stream in (plain, keyed, full)]
    assert looks[1] == looks[2] != looks[0]


def test_sixteen_bits_are_undecided():
    stream = io.BytesIO()
    Image.fromarray(np.arange(12, dtype=np.uint16).reshape(3, 4)).save(stream, "png")
    assert embed.look("png", stream.getvalue()) is None


def test_a_film_may_hold_a_frame_for_longer_or_show_it_twice():
    frames = [Image.new("RGB", (4, 4), color) for color in ("red", "blue")]
    once, twice = film(frames, duration=[200, 50]), film(frames, duration=[200, 50])
    header = once.index(b"\x21\xf9")
    frame = once[header : once.index(b"\x21\xf9", header + 1)]
    shorter = frame.replace(struct.pack("<H", 20), struct.pack("<H", 10))
    twice = once[:header] + shorter + shorter + once[header + len(frame) :]
    assert embed.look("gif", once) == embed.look("gif", twice)
