"""Audit: from a figure, a table or a page back to the bytes and the code that it came from.

The manifest inside the file holds the manifests of everything behind it. Each is a link of the chain; a link is broken
when its bytes under results/ are not the recorded ones, when the manifest beside them says something else than the
file, or when the record contradicts itself. A link whose code, config or environment is no longer today's is intact: it
says how the file was made, and that today's would differ.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from infoplane import artifacts, code, embed, retention
from infoplane.embed import formats
from infoplane.environment import environment
from infoplane.sharing import signing
from infoplane.tracing import records

DOCUMENTS = ("figure", "verdict", "page", "explorer")  # stages whose files have a manifest inside
RE_DERIVABLE = "re-derivable"  # activations that were let go; all else of the training is there
OTHER_FILES = "the files are not those that it lists"


@dataclass(frozen=True)
class Link:
    """One artifact of the chain: its record, and what was found when checking it.

    `bytes` is `intact`, `re-derivable` (let go), `changed` or `missing`; `manifest`, the one beside the
    bytes, is `same`, `missing` or says what is wrong; `record` is `consistent` or says what contradicts what; `code` is
    `same`, `changed` or `gone`; `planned` says whether today's config and code ask for this id (None: no config);
    `environment` maps what differs to (then, now). `seconds` is how long its job took, `digest` that of the record,
    which a signature names.
    """

    stage: str
    id: str
    label: str
    place: str
    parameters: Mapping[str, Any]
    started: str
    seconds: float
    git_commit: str | None
    git_dirty: bool | None
    bytes: str
    manifest: str
    record: str
    code: str
    planned: bool | None
    environment: Mapping[str, tuple[Any, Any]]
    digest: str

    @property
    def broken(self) -> bool:
        """Whether the file can no longer be traced through this link."""
        return self.bytes not in ("intact", RE_DERIVABLE) or (self.manifest, self.record) != ("same", "consistent")


@dataclass(frozen=True)
class Report:
    """What an audit of one file found.

    `state` is `intact`, `re-saved` (the same to look at, in other bytes: not broken), `changed`, or why the file cannot
    be audited; the links are those of its chain, its own artifact first, the datasets last.
    """

    file: str
    state: str
    links: tuple[Link, ...]

    @property
    def broken(self) -> bool:
        """Whether the file, or any link of its chain, is not what it was."""
        return self.state not in ("intact", "re-saved") or any(link.broken for link in self.links)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        links = [{**asdict(link), "broken": link.broken} for link in self.links]
        return {"file": self.file, "state": self.state, "broken": self.broken, "links": links}


def audit(file: Path, results: Path, planned: Collection[str] | None) -> list[Report]:
    """Audit a file, or each file of ours in a page that holds some, such as a Snakemake report.

    `results` is the results folder to look for the artifacts in; `planned` the ids that today's config and code ask
    for, None without a config.

    Raises:
        ValueError: there is nothing with a manifest in it; one line says what is wrong.
    """
    if not is_page_of_others(file):
        found = embed.read(file)
        try:
            chains = [(str(file), found, records.chain(found.manifest))]
        except ValueError as error:
            raise ValueError(f"{file}: {error}") from None
        failed: list[Report] = []
    else:
        chains, failed = _inside(file)
    checked = _Results(results, [chain for _, _, chain in chains], planned)
    reports = [Report(name, embed.verdict(found), tuple(checked.links(chain))) for name, found, chain in chains]
    return [*reports, *failed]


def is_page_of_others(file: Path) -> bool:
    """Whether a file is an HTML page without a manifest of its own: then it may hold files of ours."""
    data = formats.file_bytes(file)
    if formats.recognise(data) != "html":
        return False
    with formats.reading(f"{file}: damaged"):
        return not formats.form("html").manifests(data)


def _inside(page: Path) -> tuple[list[tuple[str, embed.Found, records.Chain]], list[Report]]:
    """The files with a manifest in a page, and reports on those that cannot be audited."""
    files = embed.report_files(page)
    if not files:
        raise ValueError(f"{page}: no infoplane manifest inside, nor a file that has one")
    chains, failed = [], []
    for name, data in files:
        try:
            found = embed.inspect(data, name)
            chains.append((name, found, records.chain(found.manifest)))
        except ValueError as error:
            failed.append(Report(name, str(error), ()))
    return chains, failed


class _Results:
    """The results folder beside the records of some chains: every artifact is digested once."""

    def __init__(self, results: Path, chains: list[records.Chain], planned: Collection[str] | None) -> None:
        self.results, self.planned = results, planned
        everything = {id_: record for chain in chains for id_, record in chain.everything().items()}
        folders = {self._folder(record) for record in everything.values()}
        with ThreadPoolExecutor(os.cpu_count()) as pool:  # digesting releases the interpreter's lock
            self._kept = dict(zip(folders, pool.map(_Kept, folders), strict=True))
        self._codes: dict[tuple[str, ...], str | None] = {}

    def links(self, chain: records.Chain) -> Iterator[Link]:
        """The links of a chain, its own artifact first."""
        unread = records.unread(chain)
        everything = chain.everything()
        for record in everything.values():
            problem = "nothing in the chain reads it" if record["id"] in unread else None
            yield self._link(record, problem or records.contradiction(record, everything) or "consistent")

    def _folder(self, record: records.Record) -> Path:
        return self.results / artifacts.FOLDERS[record["stage"]] / record["id"]

    def _link(self, record: records.Record, consistent: str) -> Link:
        folder, then = self._folder(record), record["environment"]
        kept = self._kept[folder]
        return Link(
            stage=record["stage"],
            id=record["id"],
            label=record["label"],
            place=str(folder),
            parameters=record["parameters"],
            started=record["started"],
            seconds=record["seconds"],
            git_commit=then["git_commit"],
            git_dirty=then["git_dirty"],
            bytes=kept.bytes(record),
            manifest=kept.against(record),
            record=consistent,
            code=self._code(record),
            planned=None if self.planned is None else record["id"] in self.planned,
            environment=changes(then, environment()),
            digest=signing.digest(record),
        )

    def _code(self, record: records.Record) -> str:
        roots = tuple(record["roots"])
        if roots not in self._codes:
            self._codes[roots] = code_today(roots)
        today = self._codes[roots]
        return "gone" if today is None else "same" if today == record["code"] else "changed"


class _Kept:
    """An artifact's folder as it is now: digests of its files, and its manifest."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.there = folder.is_dir()
        self.files = artifacts.files(folder) if self.there else {}
        self.manifest: records.Record | None = None
        try:
            self.manifest, self.problem = records.kept(folder), ""
        except ValueError as error:
            self.problem = f"{artifacts.MANIFEST}: {error}"

    @cached_property
    def inside(self) -> dict[str, str]:
        """The content digests of documents without the manifest inside, by file."""
        names = [name for name in self.files if embed.carries(name)]
        return {name: embed.content(embed.suffix(name), (self.folder / name).read_bytes()) for name in names}

    def bytes(self, record: records.Record) -> str:
        """Whether the files are those of the record."""
        if not self.there:
            return "missing"
        if self.manifest is not None and retention.is_let_go(self.manifest):
            as_left = (self.manifest["content"], self.manifest["files"]) == (record["content"], self.files)
            return RE_DERIVABLE if as_left else "changed"
        found = self.inside if record["stage"] in DOCUMENTS else self.files
        return "intact" if found == record["content"] else "changed"

    def against(self, record: records.Record) -> str:
        """Whether the manifest is that of the record, and lists the files that are there."""
        if self.manifest is None:
            return self.problem if self.there else "missing"
        if differs := records.differing(record, self.manifest):
            return f"differs in {', '.join(differs)}"
        return "same" if self.manifest["files"] == self.files else OTHER_FILES


def code_today(roots: Collection[str]) -> str | None:
    """Today's digest of the code that starts at `roots`; None where that is gone."""
    try:
        return code.digest(*roots)
    except (ImportError, OSError, SyntaxError, ValueError):
        return None


def changes(then: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What differs between two environments, as (then, now): packages by name, then the rest but for the commit."""
    packages = {name: then["packages"].get(name) for name in (*then["packages"], *now["packages"])}
    pairs = {name: (old, now["packages"].get(name)) for name, old in packages.items()}
    pairs |= {key: (then[key], now[key]) for key in ("python", "platform", "processor", "instructions")}
    pairs["lock"] = (then.get("lock"), now.get("lock"))  # manifests of earlier versions name none
    return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}
