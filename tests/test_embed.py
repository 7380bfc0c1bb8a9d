"""A manifest inside a file is found again; what is added or edited afterwards shows, and what is only stored anew too."""

import base64
import csv
import io
import json
import os
import re
import struct
import zlib

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, TextStringObject

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


@pytest.fixture(params=SUFFIXES)
def suffix(request):
    return request.param


@pytest.fixture
def path(tmp_path):
    return tmp_path / "renamed"


# PDF


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


# PNG and GIF


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def with_chunk(kind, body):
    """A chunk behind the header."""
    return lambda data: data[:33] + chunk(kind, body) + data[33:]


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


# text


def csv_saved(**options):
    def edit(data):
        stream = io.StringIO(newline="")
        csv.writer(stream, **options).writerows(csv.reader(io.StringIO(data.decode(), newline="")))
        return stream.getvalue().encode()

    return edit


def json_saved(change=lambda value: value, **options):
    return lambda data: json.dumps(change(json.loads(data)), **options).encode()


CHANGED = {
    "page": ("pdf", updated(overdraw)),
    "page rewritten": ("pdf", rewritten(overdraw)),
    "image": ("pdf", rewritten(other_pixels)),
    "turned": ("pdf", rewritten(lambda writer: writer.pages[0].rotate(90))),
    "one more page": ("pdf", rewritten(lambda writer: writer.add_blank_page())),
    "script": ("pdf", updated(scripted)),
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
    "number": ("json", lambda data: data.replace(b"2.50", b"2.51")),
    "key": ("json", json_saved(lambda value: value | {"more": 1})),
    "key behind": ("json", lambda data: data.rstrip()[:-1] + b', "more": 1}\n'),
    "cell": ("csv", lambda data: data.replace(b"x, y", b"x, z")),
    "row behind": ("csv", lambda data: data + b"3,4\n"),
    "row before": ("csv", lambda data: b"3,4\n" + data),
    "comment": ("csv", lambda data: data.replace(b"# info", b"# more\n# info")),
    "element": ("html", lambda data: data.replace(b"text", b"test")),
    "element behind": ("html", lambda data: data + b"<p>more</p>\n"),
    "html line end": ("html", lambda data: data + b"\n"),
    "html line ends": ("html", lambda data: data.replace(b"\n", b"\r\n")),
}
RESAVED = {
    "info": ("pdf", updated(lambda writer: writer.add_metadata({"/Title": "another"}))),
    "pdf byte": ("pdf", lambda data: data + b"\n"),
    "renumbered": ("pdf", rewritten()),
    "merged objects": ("pdf", rewritten(lambda writer: writer.compress_identical_objects())),
    "level": ("pdf", rewritten(lambda writer: writer.pages[0].compress_content_streams(level=1))),
    "uncompressed": ("pdf", rewritten(uncompressed)),
    "streams": ("pdf", rewritten(in_two_streams)),
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
    "indented": ("json", json_saved(indent=4)),
    "compact": ("json", json_saved(separators=(",", ":"))),
    "sorted": ("json", json_saved(sort_keys=True, ensure_ascii=False)),
    "as JavaScript": ("json", lambda data: data.replace(b"[1.0,", b"[1,").replace(b"2.50", b"2.5")),
    "json byte": ("json", lambda data: data + b"\n"),
    "line ends": ("csv", lambda data: data.replace(b"\n", b"\r\n")),
    "old line ends": ("csv", lambda data: data.replace(b"\n", b"\r")),
    "byte order mark": ("csv", lambda data: b"\xef\xbb\xbf" + data),
    "csv writer": ("csv", csv_saved()),
    "quoted": ("csv", csv_saved(quoting=csv.QUOTE_ALL)),
    "csv byte": ("csv", lambda data: data + b"\n"),
}


def test_what_was_put_in_is_read_and_the_file_is_intact(suffix, path):
    data = drawing(suffix)
    manifest = MANIFEST | embed.describe({suffix: data})
    path.write_bytes(embed.insert(suffix, data, manifest))
    found = embed.read(path)
    assert (found.suffix, found.manifest) == (suffix, manifest)
    assert json.dumps(found.manifest) == json.dumps(manifest), "also in the notation of its numbers, which ids hang on"
    assert found.content == embed.content(suffix, data) == embed.content(suffix, path.read_bytes())
    assert found.look == embed.look(suffix, data) == embed.look(suffix, path.read_bytes())
    assert embed.verdict(found) == "intact"
    assert (found.look is None) == (suffix == "html")


def test_the_bytes_around_the_manifest_stay(suffix):
    data, whole = drawing(suffix), made(suffix)
    assert any(
        whole == data[:place] + whole[place : len(whole) - len(data) + place] + data[place:]
        for place in range(len(data) + 1)
    )


@pytest.mark.parametrize(("suffix", "edit"), CHANGED.values(), ids=CHANGED)
def test_what_is_added_or_edited_shows(suffix, edit):
    assert verdict(edit(made(suffix))) == "changed"


@pytest.mark.parametrize(("suffix", "edit"), RESAVED.values(), ids=RESAVED)
def test_what_is_stored_anew_is_told_from_what_is_changed(suffix, edit):
    data = made(suffix)
    saved = edit(data)
    assert saved != data
    assert verdict(saved) == "re-saved"
    assert json.loads(inside(saved)) == json.loads(inside(data))


def test_a_pdf_keeps_its_page_and_what_it_says_of_its_maker(path):
    data = drawing("pdf")
    path.write_bytes(embed.insert("pdf", data, MANIFEST))
    before, after = PdfReader(io.BytesIO(data)), PdfReader(path, strict=True)
    assert after.metadata.producer == before.metadata.producer
    assert after.pages[0].get_contents().get_data() == before.pages[0].get_contents().get_data()


def test_the_manifest_is_where_its_readers_look_for_it():
    assert json.loads(PdfReader(io.BytesIO(made("pdf"))).metadata["/infoplane"])["id"] == "0"
    with Image.open(io.BytesIO(made("png"))) as image:
        assert json.loads(image.text["infoplane"])["id"] == "0"
    assert list(json.loads(made("json"))) == ["name", "values", "nested", "infoplane"]
    assert re.fullmatch(rb"# infoplane: \{.*\}", made("csv").splitlines()[-1])
    assert re.fullmatch(rb"<!-- infoplane: \{((?!--)[^<>])*\} -->", made("html").splitlines()[-1])


@pytest.mark.parametrize(
    ("suffix", "data"),
    [
        ("csv", b"a,b\r\n1,2\r\n"),
        ("csv", b"a,b\n1,2"),
        ("csv", b"a,b\n1,2\n\n\n"),
        ("csv", b"<a>,{b}\n"),
        ("csv", b"{a,b\n"),
        ("csv", b""),
        ("html", b"<p>"),
        ("html", b"<p>\r\n"),
        ("json", b"{}"),
        ("json", b"{ }\n"),
        ("json", b'{"a": "}{"}'),
        ("json", b'{"a": {}  }\r\n\r\n'),
    ],
)
def test_a_text_file_may_end_in_any_way(suffix, data):
    whole = embed.insert(suffix, data, MANIFEST | embed.describe({suffix: data}))
    assert embed.content(suffix, whole) == embed.content(suffix, data)
    assert (embed.inspect(whole, "a file").suffix, verdict(whole)) == (suffix, "intact")


def test_a_key_that_is_hidden_behind_the_manifest_shows():
    whole = made("json")
    assert verdict(whole.rstrip()[:-1].rstrip() + b',"more": 1\n}\n') == "changed"
    assert verdict(whole.rstrip()[:-1].rstrip() + b',\n "more": {}\n}\n') == "changed"


def test_a_digest_counts_for_its_own_format_only():
    table = drawing("csv")
    described = embed.describe({"a.csv": table})
    as_picture = {part: {"a.png": digests["a.csv"]} for part, digests in described.items()}
    assert verdict(embed.insert("csv", table, MANIFEST | as_picture)) == "changed"
    assert (
        verdict(embed.insert("csv", table, MANIFEST | {"content": {"CSV": described["content"]["a.csv"]}})) == "intact"
    )


@pytest.mark.parametrize("table", [None, 3, [], {"html": None}, {"html": [1]}, {"html": {}}, "html"])
def test_a_manifest_may_hold_anything_for_digests(table):
    assert verdict(embed.insert("html", drawing("html"), {"content": table, "look": table})) == "changed"


def test_a_page_without_a_look_is_not_taken_for_one_without_a_look():
    assert embed.describe({"html": drawing("html")}).keys() == {"content", "look"}
    assert embed.describe({"html": drawing("html")})["look"] == {}


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


@pytest.mark.parametrize("suffix", ["png", "csv", "json", "html", "gif", "pdf"])
def test_a_large_manifest_is_no_obstacle(suffix):
    large = MANIFEST | {"chain": [f"{number:,}" for number in range(120_000)]}
    assert inside(made(suffix, large)) == json.dumps(large | embed.describe({f"a name.{suffix}": drawing(suffix)}))


def test_a_file_has_one_manifest(suffix, path):
    with pytest.raises(ValueError, match="has an infoplane manifest inside"):
        embed.insert(suffix, made(suffix), MANIFEST)


@pytest.mark.parametrize(
    "data",
    [
        with_chunk(b"tEXt", b'infoplane\0{"id": "1"}')(made("png")),
        made("gif")[:-1] + b'\x21\xfe\x12infoplane{"id": 1}\0;',
        made("csv") + made("csv"),
        made("html") + made("html"),
    ],
    ids=["png", "gif", "csv", "html"],
)
def test_of_two_manifests_none_is_believed(data):
    with pytest.raises(ValueError, match=r"^a file: several infoplane manifests inside.*$"):
        embed.inspect(data, "a file")


@pytest.mark.parametrize(
    ("suffix", "data"),
    [
        ("pdf", b"%PDF-1.4\n%%EOF"),
        ("png", b"\x89PNG"),
        ("gif", drawing("gif") + b"\n"),
        ("json", b"[1]"),
        ("csv", b"\xff"),
        ("svg", b"<svg>"),
    ],
)
def test_what_cannot_take_a_manifest_is_refused(suffix, data):
    with pytest.raises(ValueError, match=r"^a .*$"):
        embed.insert(suffix, data, MANIFEST)


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


def png(*chunks, size=(1, 1)):
    header = chunk(b"IHDR", struct.pack(">2I5B", *size, 8, 0, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + chunk(b"IDAT", zlib.compress(bytes(2))) + chunk(b"IEND", b"")
    )


def packed(text):
    return chunk(b"zTXt", b"infoplane\0\0" + zlib.compress(text, 9))


CATALOG, INFO, NO_PAGES = b"<< /Pages 3 0 R >>", b"<< /infoplane ({}) >>", b"<< /Kids [] >>"
BOMB = zlib.compress(bytes(80_000_000), 9)
HOSTILE = {
    "empty": (b"", "not a PDF"),
    "text": (b"hello", "not a PDF"),
    "cut pdf": (b"%PDF-1.4 and no more", "damaged"),
    "cut png": (b"\x89PNG\r\n\x1a\n and no more", "damaged"),
    "cut gif": (made("gif")[:-1], "damaged"),
    "cut json": (made("json")[:-4], "damaged"),
    "no manifest": (drawing("png"), "no infoplane manifest inside"),
    "html without": (drawing("html"), "no infoplane manifest inside"),
    "json without": (drawing("json"), "no infoplane manifest inside"),
    "list": (png(packed(b"[]")), "not a JSON object"),
    "number": (png(packed(b"3")), "not a JSON object"),
    "null": (png(packed(b"null")), "not a JSON object"),
    "json null": (b'{\n "infoplane": null}', "not a JSON object"),
    "csv list": (b"a\n# infoplane: []\n", "not a JSON object"),
    "not utf-8": (png(packed(b'{"\xff": 1}')), "UTF-8"),
    "csv not utf-8": (b'\xff\n# infoplane: {"a": 1}\n', "utf-8"),
    "half a pair": (png(packed(rb'{"a": "\ud800"}')), "surrogates"),
    "deep": (png(packed(b"[" * 100_000)), "nested too deeply"),
    "deep json": (b'{"a": ' + b"[" * 100_000, "nested too deeply"),
    "deep csv": (b"# infoplane: " + b'{"a": ' * 100_000 + b"\n", "nested too deeply"),
    "text bomb": (png(packed(bytes(70_000_000))), "more than 64 MiB"),
    "pixel bomb": (png(packed(b"{}"), size=(60_000, 60_000)), "60000 x 60000 pixels are too many"),
    "film bomb": (made("gif")[:6] + b"\xff\xff\xff\xff" + made("gif")[10:], "too many"),
    "many chunks": (png(chunk(b"tEXt", b"a\0") * 140_000, packed(b"{}")), "chunks"),
    "checksum": (made("png")[:40] + b"?" + made("png")[41:], "damaged"),
    "bits": (b'{"a": 1, "a": 2,\n "infoplane": {}}', "twice"),
    "long number": (b'{"a": %s}' % (b"1" * 10_000), "damaged"),
    "pdf list": (pdf(CATALOG, b"<< /infoplane [1] >>", NO_PAGES), "not text"),
}


@pytest.mark.parametrize(("data", "said"), HOSTILE.values(), ids=HOSTILE)
@pytest.mark.filterwarnings("error")
def test_what_cannot_be_read_is_one_line(path, data, said):
    path.write_bytes(data)
    with pytest.raises(ValueError, match=said) as error:
        embed.read(path)
    assert str(error.value).startswith(f"{path}: ")
    assert len(str(error.value).splitlines()) == 1
    assert len(str(error.value)) < len(str(path)) + 300


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


@pytest.mark.parametrize("suffix", ["pdf", "png", "gif", "csv", "json", "html"])
def test_damage_of_any_kind_is_one_line(suffix):
    data, random = made(suffix), np.random.default_rng(0)
    for _ in range(40):
        damaged = bytearray(data)
        for place in random.integers(len(data), size=3):
            damaged[place] = random.integers(256)
        assert len((error_of(bytes(damaged)) or "a file").splitlines()) == 1


def test_only_regular_files_are_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    with open(tmp_path / "huge", "wb") as stream:
        stream.truncate(2**29 + 1)
    said = {
        "pipe": "not a regular file",
        ".": "not a regular file",
        "none": "no such file",
        "loop": "",
        "huge": "larger",
    }
    for name, line in said.items():
        with pytest.raises(ValueError, match=f"^{re.escape(str(tmp_path / name))}: .*{line}.*$"):
            embed.read(tmp_path / name)
        assert not embed.is_ours(tmp_path / name)


def test_names_say_what_can_carry_a_manifest(tmp_path):
    assert [embed.carries(name) for name in ("a.b.PNG", "html", "a.rst", "a")] == [True, True, False, False]
    (tmp_path / "a").write_bytes(made("csv"))
    (tmp_path / "b").write_bytes(drawing("csv"))
    assert embed.is_ours(tmp_path / "a")
    assert not embed.is_ours(tmp_path / "b")


def uri(data, name, mime="image/png"):
    """As Snakemake's `data_uri` makes it."""
    return f"data:{mime};charset=utf8;filename={name};base64,{base64.b64encode(data).decode()}"


def test_the_files_inside_a_report_are_found(path):
    files = {f"a figure.{suffix}": made(suffix) for suffix in SUFFIXES}
    results = {f"folder/{name}": {"data_uri": uri(data, name)} for name, data in files.items()}
    results["é"] = {"data_uri": uri(made("png"), "../é.png")}
    results["other"] = {"data_uri": uri(drawing("png"), "other.png")}
    plain = f"<img src='data:image/png;base64,{base64.b64encode(made('png')).decode()}'> data:image/png;base64,A data:"
    path.write_text(f"<html><script>var results = {json.dumps(results)};</script>{plain}</html>")
    assert embed.report_files(path) == [*files.items(), ("é.png", made("png")), ("8.png", made("png"))]


@pytest.mark.parametrize(
    "page", [b"", b"\xff", b"<html></html>", b"data:image/png;base64,", b"data:a/b;filename=a" * 1000]
)
def test_a_page_without_files_has_none(path, page):
    path.write_bytes(page)
    assert embed.report_files(path) == []
