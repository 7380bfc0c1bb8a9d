"""Entities of an RO-Crate: what refers to them, what goes into its files, values and times as RO-Crate has them."""

from __future__ import annotations

import calendar
import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from infoplane import artifacts
from infoplane.tracing import records

if TYPE_CHECKING:
    from rocrate.rocrate import ROCrate

FORMATS = {
    ".csv": "text/csv",
    ".gif": "image/gif",
    ".html": "text/html",
    ".json": "application/json",
    ".md": "text/markdown",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".py": "text/x-python",
    ".rst": "text/x-rst",
    ".tex": "application/x-tex",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".zip": "application/zip",
}
Ref = dict[str, str]


class Entities:
    """Adds entities to a crate; each method returns what refers to the entity."""

    def __init__(self, crate: ROCrate) -> None:
        self.crate = crate

    def thing(self, id_: str, type_: str, **properties: Any) -> Ref:
        """A contextual entity; the one that has the id, if there is one."""
        from rocrate.model import ContextEntity

        if self.crate.get(id_) is None:
            self.crate.add(ContextEntity(self.crate, id_, properties=single({"@type": type_, **properties})))
        return {"@id": id_}

    def file(self, place: str, source: Path | str, types: Sequence[str] = (), **properties: Any) -> Ref:
        """A file of the crate: a copy of one, or a text of ours."""
        if isinstance(source, str):
            data = source.encode()
            size, digest = len(data), hashlib.sha256(data).hexdigest()
        else:
            size, digest = source.stat().st_size, artifacts.digest(source)
        described = {
            "@type": ["File", *types],
            "name": place,
            "contentSize": str(size),
            "sha256": digest,
            "encodingFormat": FORMATS.get(Path(place).suffix, "text/plain"),
            **properties,
        }
        content = StringIO(source) if isinstance(source, str) else source
        return {"@id": self.crate.add_file(content, dest_path=place, properties=single(described)).id}

    def folder(self, place: str, **properties: Any) -> Ref:
        """A folder of the crate, whose parts are added by themselves."""
        return {"@id": self.crate.add_dataset(dest_path=place, properties=single(properties)).id}

    def value(self, name: str, value: Any) -> Ref:
        """A named value; those that are equal are one."""
        value = value if isinstance(value, str | int | float) else json.dumps(value)
        digest = hashlib.sha256(json.dumps([name, value]).encode()).hexdigest()[:8]
        return self.thing(f"#{quote(name)}-{digest}", "PropertyValue", name=name, value=value)


def environment(found: Mapping[str, Any]) -> dict[str, Any]:
    """Packages, lock, Python, processor and commit under which something was made, by name."""
    told = {name: version for name, version in found["packages"].items() if version}
    told |= {key: found[key] for key in ("lock", "python", "platform", "processor") if found.get(key)}
    return told | {"git commit": f"{found['git_commit'] or 'unknown'}{' with changes' if found['git_dirty'] else ''}"}


def single(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The properties, where a list of one is that one: so RO-Crate's JSON-LD has it."""
    return {k: v[0] if isinstance(v, list) and len(v) == 1 else v for k, v in properties.items()}


def place(stage: str, id_: str) -> str:
    """The folder of an artifact in a crate."""
    return f"results/{artifacts.FOLDERS[stage]}/{id_}/"


def began(record: records.Record) -> str:
    """When a job started, as ISO 8601 with its zone."""
    return _iso(_start(record))


def ended(record: records.Record) -> str:
    """When it ended."""
    return _iso(_start(record) + record["seconds"])


def _start(record: records.Record) -> float:
    return float(calendar.timegm(time.strptime(record["started"], "%Y-%m-%dT%H:%M:%SZ")))


def _iso(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(seconds))
