"""A manifest inside a file is found again, whole, and only there."""

import base64
import io
import json
import re

import pytest
from PIL import Image
from pypdf import PdfReader

from infoplane import embed

from .making import MANIFEST, SUFFIXES, drawing, inside, made, verdict, with_chunk


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


def test_the_manifest_is_where_its_readers_look_for_it():
    assert json.loads(PdfReader(io.BytesIO(made("pdf"))).metadata["/infoplane"])["id"] == "0"
    with Image.open(io.BytesIO(made("png"))) as image:
        assert json.loads(image.text["infoplane"])["id"] == "0"
    assert list(json.loads(made("json"))) == ["name", "values", "nested", "infoplane"]
    assert re.fullmatch(rb"# infoplane: \{.*\}", made("csv").splitlines()[-1])
    assert re.fullmatch(rb"<!-- infoplane: \{((?!--)[^<>])*\} -->", made("html").splitlines()[-1])


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
