"""Files of every format, with a manifest inside and without, and what is found in them."""

import io
import json
import struct
import zlib

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from infoplane import embed
from infoplane.rendering import saved

MANIFEST = {
    "id": "0",
    "text": 'back\\slash (paren] é \n --> <!-- "a,b" ',
    "number": 0.5,
    "whole": 1.0,
    "infoplane": {"a": -1},
}
SUFFIXES = ["pdf", "png", "gif", "json", "csv", "html"]
TEXTS = {
    "json": b'{\n "name": "\xc3\xa9",\n "values": [1.0, 2.50, -1e-7],\n "nested": {"infoplane": {}}\n}\n',
    "csv": b'a,b\n1,"x, y"\n2.50,\n',
    "html": b"<!DOCTYPE html>\n<p>text</p>\n",
}


def drawing(suffix, title="one"):
    if suffix in TEXTS:
        return TEXTS[suffix].replace(b"a", title[0].encode()) if title != "one" else TEXTS[suffix]
    if suffix == "gif":
        frames = [Image.new("P", (4, 4), color) for color in (0, 1)]
        frames[0].putpalette(bytes(range(6)))
        frames[1].putpalette(bytes(range(6)))
        return film(frames, duration=[100, 200])
    figure = Figure(figsize=(2, 1))
    figure.subplots(subplot_kw={"title": title}).imshow(np.eye(3))
    return saved(figure)[suffix]


def film(frames, **options):
    stream = io.BytesIO()
    frames[0].save(stream, format="gif", save_all=True, append_images=frames[1:], loop=0, **options)
    return stream.getvalue()


def made(suffix, manifest=MANIFEST):
    """A file as a job makes it."""
    data = drawing(suffix)
    return embed.insert(suffix, data, manifest | embed.describe({f"a name.{suffix}": data}))


def verdict(data):
    return embed.verdict(embed.inspect(data, "a file"))


def inside(data):
    return json.dumps(embed.inspect(data, "a file").manifest)


def error_of(data):
    try:
        embed.inspect(data, "a file")
    except ValueError as error:
        return str(error)


def assert_resaved(suffix, edit):
    """What an edit leaves is found to be the same to look at, with the same manifest."""
    data = made(suffix)
    saved = edit(data)
    assert saved != data
    assert verdict(saved) == "re-saved"
    assert json.loads(inside(saved)) == json.loads(inside(data))


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def with_chunk(kind, body):
    """A chunk behind the header."""
    return lambda data: data[:33] + chunk(kind, body) + data[33:]


def png(*chunks, size=(1, 1)):
    header = chunk(b"IHDR", struct.pack(">2I5B", *size, 8, 0, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + chunk(b"IDAT", zlib.compress(bytes(2))) + chunk(b"IEND", b"")
    )


def packed(text):
    return chunk(b"zTXt", b"infoplane\0\0" + zlib.compress(text, 9))


def pdf(*objects, trailer=b""):
    """A PDF of these objects: the catalog first, the info dictionary second."""
    data, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    entries = b"/Size %d /Root 1 0 R /Info 2 0 R %s" % (len(objects) + 1, trailer)
    return data + b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< %s >>\nstartxref\n%d\n%%%%EOF\n" % (
        *(len(objects) + 1, table, entries, len(data)),
    )


def stream(data, entries=b""):
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), entries, data)


# the objects that a PDF begins with
CATALOG, INFO, NO_PAGES = b"<< /Pages 3 0 R >>", b"<< /infoplane ({}) >>", b"<< /Kids [] >>"
