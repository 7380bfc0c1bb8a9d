"""Whatever a file holds, it is read or refused in one line."""

import os
import re

import numpy as np
import pytest

from infoplane import embed

from .making import CATALOG, MANIFEST, NO_PAGES, chunk, drawing, error_of, made, packed, pdf, png

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
