"""CSV, JSON and HTML: other values show; other notation of the same values does not, where that can be told."""

import csv
import io
import json

import pytest

from infoplane import embed

from .making import MANIFEST, assert_resaved, drawing, made, verdict


def csv_saved(**options):
    def edit(data):
        stream = io.StringIO(newline="")
        csv.writer(stream, **options).writerows(csv.reader(io.StringIO(data.decode(), newline="")))
        return stream.getvalue().encode()

    return edit


def json_saved(change=lambda value: value, **options):
    return lambda data: json.dumps(change(json.loads(data)), **options).encode()


CHANGED = {
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


@pytest.mark.parametrize(("suffix", "edit"), CHANGED.values(), ids=CHANGED)
def test_what_is_added_or_edited_shows(suffix, edit):
    assert verdict(edit(made(suffix))) == "changed"


@pytest.mark.parametrize(("suffix", "edit"), RESAVED.values(), ids=RESAVED)
def test_what_is_stored_anew_is_told_from_what_is_changed(suffix, edit):
    assert_resaved(suffix, edit)


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


def test_a_page_without_a_look_is_not_taken_for_one_without_a_look():
    assert embed.describe({"html": drawing("html")}).keys() == {"content", "look"}
    assert embed.describe({"html": drawing("html")})["look"] == {}
