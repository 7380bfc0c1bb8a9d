"""PDF: what is drawn anew or added shows; other numbers, streams and updates do not."""

import io
import zlib

import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, TextStringObject

from infoplane import embed

from .making import CATALOG, INFO, MANIFEST, NO_PAGES, assert_resaved, drawing, error_of, made, pdf, stream, verdict


def updated(change):
    """An incremental update."""

    def edit(data):
        stream, writer = io.BytesIO(), PdfWriter(io.BytesIO(data), incremental=True)
        change(writer)
        writer.write(stream)
        return stream.getvalue()

    return edit


def rewritten(change=lambda writer: None):
    """All objects written anew, in another order and with other numbers."""

    def edit(data):
        stream, writer = io.BytesIO(), PdfWriter()
        writer.append(io.BytesIO(data))
        writer.add_metadata(PdfReader(io.BytesIO(data)).metadata)
        change(writer)
        writer.write(stream)
        return stream.getvalue()

    return edit


def overdraw(writer):
    writer.pages[0].merge_page(PdfReader(io.BytesIO(drawing("pdf", "two"))).pages[0])


def in_two_streams(writer):
    page = writer.pages[0]
    head, _, tail = page.get_contents().get_data().partition(b"\n")
    parts = [page.get_contents().__class__(None, None) for _ in range(2)]
    for part, data in zip(parts, (head, tail), strict=True):
        part.set_data(data)
    page[NameObject("/Contents")] = ArrayObject(writer._add_object(part.flate_encode()) for part in parts)


def uncompressed(writer):
    page = writer.pages[0]
    plain = page.get_contents().__class__(None, None)
    plain.set_data(page.get_contents().get_data())
    page[NameObject("/Contents")] = writer._add_object(plain)


def other_pixels(writer):
    image = next(iter(writer.pages[0]["/Resources"]["/XObject"].values())).get_object()
    image.set_data(bytes(len(image.get_data())))


def scripted(writer):
    """What a viewer does on opening may change what it shows."""
    action = DictionaryObject({NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("1")})
    writer._root_object[NameObject("/OpenAction")] = writer._add_object(action)


CHANGED = {
    "page": ("pdf", updated(overdraw)),
    "page rewritten": ("pdf", rewritten(overdraw)),
    "image": ("pdf", rewritten(other_pixels)),
    "turned": ("pdf", rewritten(lambda writer: writer.pages[0].rotate(90))),
    "one more page": ("pdf", rewritten(lambda writer: writer.add_blank_page())),
    "script": ("pdf", updated(scripted)),
}
RESAVED = {
    "info": ("pdf", updated(lambda writer: writer.add_metadata({"/Title": "another"}))),
    "pdf byte": ("pdf", lambda data: data + b"\n"),
    "renumbered": ("pdf", rewritten()),
    "merged objects": ("pdf", rewritten(lambda writer: writer.compress_identical_objects())),
    "level": ("pdf", rewritten(lambda writer: writer.pages[0].compress_content_streams(level=1))),
    "uncompressed": ("pdf", rewritten(uncompressed)),
    "streams": ("pdf", rewritten(in_two_streams)),
}


@pytest.mark.parametrize(("suffix", "edit"), CHANGED.values(), ids=CHANGED)
def test_what_is_added_or_edited_shows(suffix, edit):
    assert verdict(edit(made(suffix))) == "changed"


@pytest.mark.parametrize(("suffix", "edit"), RESAVED.values(), ids=RESAVED)
def test_what_is_stored_anew_is_told_from_what_is_changed(suffix, edit):
    assert_resaved(suffix, edit)


def test_a_pdf_keeps_its_page_and_what_it_says_of_its_maker(path):
    data = drawing("pdf")
    path.write_bytes(embed.insert("pdf", data, MANIFEST))
    before, after = PdfReader(io.BytesIO(data)), PdfReader(path, strict=True)
    assert after.metadata.producer == before.metadata.producer
    assert after.pages[0].get_contents().get_data() == before.pages[0].get_contents().get_data()


BOMB = zlib.compress(bytes(80_000_000), 9)
ENDLESS = {
    "tree": pdf(CATALOG, INFO, b"<< /Kids [3 0 R] >>"),
    "many pages": pdf(CATALOG, INFO, *(b"<< /Kids [%d 0 R %d 0 R] >>" % (n, n) for n in range(4, 50)), b"<< >>"),
    "resources": pdf(CATALOG, INFO, b"<< /Kids [4 0 R] >>", b"<< /Resources 5 0 R >>", b"<< /XObject 5 0 R >>"),
    "bomb": pdf(CATALOG, INFO, b"<< /Kids [4 0 R] >>", b"<< /Contents 5 0 R >>", stream(BOMB, b"/Filter /FlateDecode")),
    "other code": pdf(
        CATALOG, INFO, b"<< /Kids [4 0 R] >>", b"<< /Contents 5 0 R >>", stream(b"a", b"/Filter /LZWDecode")
    ),
}


@pytest.mark.parametrize("data", ENDLESS.values(), ids=ENDLESS)
def test_pages_that_cannot_be_walked_have_no_look(data):
    assert embed.inspect(data, "a file").look is None


def test_pages_that_draw_too_much_are_refused():
    full = stream(zlib.compress(bytes(60_000_000), 9), b"/Filter /FlateDecode")
    page = b"<< /Contents [%s] >>" % (b"4 0 R " * 5)
    assert "256 MiB" in error_of(pdf(CATALOG, INFO, b"<< /Kids [%s] >>" % page, full))


def test_objects_that_are_shared_many_times_are_walked_once():
    shared = (b"[%d 0 R %d 0 R]" % (number, number) for number in range(5, 60))
    assert embed.inspect(pdf(b"<< /Pages 3 0 R /X 4 0 R >>", INFO, NO_PAGES, *shared, b"1"), "a file").look


def test_content_that_is_not_compressed_is_seen():
    looks = {
        embed.look("pdf", pdf(CATALOG, INFO, b"<< /Kids [4 0 R] >>", b"<< /Contents 5 0 R >>", stream(letter)))
        for letter in (b"a", b"b")
    }
    assert len(looks) == 2
