"""A manifest inside a figure is found again, and whatever is added to the file afterwards shows."""

import io
import struct
import zlib

import pytest
from matplotlib.figure import Figure
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pypdf import PdfReader, PdfWriter

from infoplane import embed

MANIFEST = {"id": "0", "text": "back\\slash (paren] é \n", "number": 0.5}


def drawing(suffix, title="one"):
    if suffix == "gif":
        stream = io.BytesIO()
        frames = [Image.new("P", (4, 4), color) for color in (0, 1)]
        frames[0].save(stream, format="gif", save_all=True, append_images=frames[1:])
        return stream.getvalue()
    figure = Figure(figsize=(2, 1))
    figure.subplots().set_title(title)
    return embed.draw(figure)[suffix]


@pytest.fixture(params=["pdf", "png", "gif"])
def suffix(request):
    return request.param


@pytest.fixture
def figure(suffix, tmp_path):
    path = tmp_path / "figure"
    path.write_bytes(embed.insert(suffix, drawing(suffix), MANIFEST))
    return path


def merged(data):
    """An incremental update that draws another page over the first."""
    stream = io.BytesIO()
    writer = PdfWriter(io.BytesIO(data), incremental=True)
    writer.pages[0].merge_page(PdfReader(io.BytesIO(drawing("pdf", "two"))).pages[0])
    writer.write(stream)
    return stream.getvalue()


def titled(data):
    """An incremental update of the info dictionary alone."""
    stream = io.BytesIO()
    writer = PdfWriter(io.BytesIO(data), incremental=True)
    writer.add_metadata({"/Title": "another"})
    writer.write(stream)
    return stream.getvalue()


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def darker(data):
    """A chunk of gamma behind the header: the same pixels are shown in other colours."""
    return data[:33] + chunk(b"gAMA", struct.pack(">I", 5)) + data[33:]


def animated(data):
    """A second frame, which a browser shows after the first."""
    stream, info = io.BytesIO(), PngInfo()
    with Image.open(io.BytesIO(data)) as image:
        info.add_text(embed.KEY, image.text[embed.KEY])
        image.save(stream, "png", save_all=True, append_images=[Image.new(image.mode, image.size)], pnginfo=info)
    return stream.getvalue()


def with_frame(data):
    """A second frame, which a browser shows after the first."""
    frame = b"\x2c" + struct.pack("<4HB", 0, 0, 4, 4, 0) + b"\x08\x0b" + bytes(11) + b"\0"
    return data[:-1] + frame + data[-1:]


def test_what_was_put_in_is_read_and_the_drawing_is_intact(suffix, figure):
    manifest, found = embed.read(figure)
    assert MANIFEST.items() <= manifest.items()
    assert found == embed.content(suffix, drawing(suffix))


def test_a_pdf_keeps_its_page_and_what_it_says_of_its_maker(tmp_path):
    data = drawing("pdf")
    (tmp_path / "a.pdf").write_bytes(embed.insert("pdf", data, MANIFEST))
    before, after = PdfReader(io.BytesIO(data)), PdfReader(tmp_path / "a.pdf", strict=True)
    assert after.metadata.producer == before.metadata.producer
    assert after.pages[0].get_contents().get_data() == before.pages[0].get_contents().get_data()


@pytest.mark.parametrize(
    ("suffix", "edit"),
    [
        ("pdf", merged),
        ("pdf", titled),
        ("pdf", lambda data: data + b"\n"),
        ("png", darker),
        ("png", animated),
        ("gif", with_frame),
        ("gif", lambda data: data + b"\n"),
    ],
    ids=["page", "info", "byte", "gamma", "animation", "frame", "gif byte"],
    indirect=["suffix"],
)
def test_what_is_added_later_shows(suffix, figure, edit):
    figure.write_bytes(edit(figure.read_bytes()))
    manifest, found = embed.read(figure)
    assert MANIFEST.items() <= manifest.items()
    assert found != embed.content(suffix, drawing(suffix))
