"""Trees of plain values, as configs are, from files and texts that anyone may have written.

YAML lets a short file stand for more than any machine holds, hold itself, or say the same key twice. `parse` refuses
the last, `check` the others, before anything walks over the values.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import yaml

BYTES = 2**19  # of a file
VALUES = 100_000
LEVELS = 20
NAME = 200  # letters of a path that are shown
BITS = 1024  # of a whole number: more is no float either
OTHERS = (bytes, set, frozenset)


class _Loader(yaml.SafeLoader):
    """YAML's plain values, where a mapping has each key once and `<<` merges one mapping."""

    def fetch_flow_collection_start(self, TokenClass: type[yaml.Token]) -> None:
        """As YAML's, which looks ahead in every bracket for as long as it is open."""
        if self.flow_level > LEVELS:
            raise yaml.MarkedYAMLError(problem="nested too deeply", problem_mark=self.get_mark())
        super().fetch_flow_collection_start(TokenClass)

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """As YAML's."""
        node = super().compose_mapping_node(anchor)
        seen: set[tuple[str, str]] = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(problem="a key that is no text", problem_mark=key.start_mark)
            if (key.tag, key.value) in seen:
                raise yaml.MarkedYAMLError(problem=f"the key {key.value!r} is there twice", problem_mark=key.start_mark)
            if key.tag == "tag:yaml.org,2002:merge" and not isinstance(value, yaml.MappingNode):
                raise yaml.MarkedYAMLError(problem="`<<` merges one mapping", problem_mark=value.start_mark)
            seen.add((key.tag, key.value))
        return node


def parse(text: str) -> Any:
    """The value that a text is in YAML.

    Raises:
        ValueError: it is none; one line.
    """
    try:
        return yaml.load(text, _Loader)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise ValueError(" ".join(f"{error.problem}{where}".split())) from None
    except (yaml.YAMLError, ValueError) as error:  # ValueError: the 99th of May
        raise ValueError(" ".join(str(error).split())) from None


def as_yaml(text: str) -> Any:
    """The value that a text is in YAML; the text itself where it is none."""
    try:
        return parse(text)
    except ValueError:
        return text


def read(path: Path) -> Any:
    """The value in a YAML file.

    Raises:
        ValueError: there is no such file, or it is not YAML; one line.
    """
    path = Path(path)
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise ValueError("not a regular file")
        with path.open("rb") as stream:
            data = stream.read(BYTES + 1)
    except OSError as error:
        raise ValueError(error.strerror) from None
    if len(data) > BYTES:
        raise ValueError(f"larger than {BYTES >> 10} KiB")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise ValueError("not YAML: not a text in UTF-8") from None
    with suppress(ValueError, RecursionError):  # JSON that is indented with tabs is no YAML
        return json.loads(text, object_pairs_hook=_each_once)
    try:
        return parse(text)
    except ValueError as error:
        raise ValueError(f"not YAML: {error}") from None


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError  # and YAML says which
    return found


def check(values: Any) -> None:
    """Refuse what no config can be: too large, too deep, or with other keys than text.

    Raises:
        ValueError: the path, what was found and what is allowed; one line.
    """
    seen = count(1)
    for path, value in _walk(values, ()):
        if next(seen) > VALUES:
            raise ValueError(f"{named(path[:3])}: found more than {VALUES} values in all; allowed: up to {VALUES}")
        if len(path) > LEVELS:
            raise ValueError(f"{named(path[:3])}: nested too deeply; allowed: up to {LEVELS} levels")
        name = named(path) or "the config"
        if isinstance(value, OTHERS):
            raise ValueError(f"{name}: found a {type(value).__name__}; allowed: text, a number, a list or a mapping")
        if isinstance(value, int) and value.bit_length() > BITS:
            raise ValueError(f"{name}: found a number of {value.bit_length()} bits; allowed: up to {BITS}")
        for key in value if isinstance(value, Mapping) else ():
            if not isinstance(key, str):
                found = json.dumps(key, default=str)
                raise ValueError(f"{name}: found the key {printable(found)}; allowed: keys that are text")


def _walk(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """All values with their paths, each before those inside it: who is told of one can stop before they are."""
    yield path, value
    pairs = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list | tuple) else ()
    for key, inner in pairs:
        yield from _walk(inner, (*path, str(key)))


def named(path: Iterable[str]) -> str:
    """The name of the key at a path, as errors have it."""
    name = printable(".".join(path))
    return name if len(name) <= NAME else f"{name[:NAME]}..."


def printable(text: object) -> str:
    """A text without anything that a terminal would act on: control characters, and what turns the line around."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in str(text))
