"""The files inside a page, such as a Snakemake report, which holds each as a `data:` URI."""

from __future__ import annotations

import base64
import json
import re
from contextlib import suppress
from pathlib import Path

from infoplane.embed.formats import file_bytes, has_manifest, recognise

# data:image/png;charset=utf8;filename=figure.png;base64,...: bounded, and without a way back into what was matched.
_URI = re.compile(
    rb"data:[\w/+.-]{1,99}+((?:;[\w-]{1,99}+=[^;,\"'<>\n]{0,999}+){0,9}+);base64,([A-Za-z0-9+/]++)={0,2}+"
)
_NAME = re.compile(rb";filename=([^;]+)")


def report_files(path: Path | str) -> list[tuple[str, bytes]]:
    """The names and bytes of the files with a manifest inside that are part of a page.

    A file without a name gets its number and suffix; what cannot be read is not listed.

    Raises:
        ValueError: no such page, or larger than is safe.
    """
    found: list[tuple[str, bytes]] = []
    for uri in _URI.finditer(file_bytes(path)):
        data = _decoded(uri[2])
        if has_manifest(data):
            found.append((_name(uri[1]) or f"{len(found) + 1}.{recognise(data)}", data))
    return found


def _decoded(text: bytes) -> bytes:
    return base64.b64decode(text + b"=" * (-len(text) % 4)) if len(text) % 4 != 1 else b""


def _name(parameters: bytes) -> str:
    """The file name, which a report writes as in JSON, without folders; empty if there is none."""
    named = _NAME.search(parameters)
    text = named[1].decode("utf-8", "replace") if named else ""
    with suppress(ValueError):
        text = json.loads(f'"{text}"')
    return text.rpartition("/")[2]
