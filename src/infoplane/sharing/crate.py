"""RO-Crates: a study with its provenance, as other programs read it.

A crate is a Provenance Run Crate 0.5 (and so a Workflow Run, a Process Run and a Workflow RO-Crate), made from the
manifests: the workflow with a step for each stage, and of each artifact the action that made it, with its inputs, its
settings, its results, when it ran and in what environment. https://www.researchobject.org/workflow-run-crate
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from infoplane import artifacts, code, retention
from infoplane.artifacts import STAGES
from infoplane.environment import packages
from infoplane.sharing import about, signing
from infoplane.sharing.about import Author
from infoplane.sharing.entities import Entities, Ref, began, ended, environment, place, single
from infoplane.tracing import records
from infoplane.tracing.records import Record

if TYPE_CHECKING:
    from rocrate.rocrate import ROCrate

CRATE = "https://w3id.org/ro/crate/1.1"
WORKFLOW = "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/provenance/0.5": ("Provenance Run Crate", "0.5"),
    WORKFLOW: ("Workflow RO-Crate", "1.0"),
}
TERMS = {name: f"https://w3id.org/ro/terms/workflow-run#{name}" for name in ("environment", "sha256")}
SPDX = "https://spdx.org/licenses/"
BIOSCHEMAS = "https://bioschemas.org/profiles/"
DONE = "http://schema.org/CompletedActionStatus"
STORES = ("dataset", "training", "measurement")  # large: referred to by digest, unless they are asked for
UNTOLD = ("runs", "claims")  # parameters that repeat the ids of inputs; the manifest has them


@dataclass(frozen=True)
class Study:
    """What goes into a crate: the records of artifacts, inputs before what reads them, and the config's text."""

    results: Path
    records: Sequence[Record]
    config: str
    title: str
    author: Author
    licence: str  # an SPDX identifier

    def folder(self, record: Record) -> Path:
        """Where an artifact lies."""
        return self.results / artifacts.FOLDERS[record["stage"]] / record["id"]


def collect(study: Study, with_stores: bool = False) -> ROCrate:
    """The crate of a study, ready to be written.

    Raises:
        ValueError: rocrate is not installed, or an artifact is not as it was made.
    """
    try:
        from rocrate.rocrate import ROCrate
    except ImportError:
        raise ValueError("rocrate is not installed, which writes crates; `pip install 'infoplane[crate]'`") from None
    for record in study.records:
        artifacts.checked(study.folder(record))
    return _Writer(ROCrate(version="1.1"), study, with_stores).write()


class _Writer(Entities):
    """Fills a crate with a study."""

    def __init__(self, crate: ROCrate, study: Study, with_stores: bool) -> None:
        super().__init__(crate)
        self.study, self.with_stores = study, with_stores
        self.version = packages()["infoplane"] or "unknown"
        by: dict[str, Any] = {"name": study.author.name}
        if name := study.author.affiliation:
            url = study.author.affiliation_url
            told = {"name": name, **({"url": url} if url else {})}
            self.crate.root_dataset["publisher"] = self.thing(url or f"#{quote(name)}", "Organization", **told)
            by["affiliation"] = {"@id": url or f"#{quote(name)}"}
        self.agent = self.thing(study.author.orcid or f"#{quote(study.author.name)}", "Person", **by)

    def write(self) -> ROCrate:
        """All of it."""
        made, root = self.study.records, self.crate.root_dataset
        config = self.file("config/config.yaml", self.study.config, description="What was asked for")
        results = self.folder(
            "results/",
            name="results",
            description="All artifacts, by stage and version id",
            hasPart=[{"@id": place(record["stage"], record["id"])} for record in made],
        )
        tools = {stage: self.tool(stage) for stage in STAGES if any(record["stage"] == stage for record in made)}
        workflow = self.workflow(tools, config, results)
        actions = {record["id"]: self.action(record, tools[record["stage"]]) for record in made}
        run = self.run(workflow, config, results)
        self.engine(run, actions)
        self.describe()
        root["mainEntity"] = workflow
        root["mentions"] = [run, *actions.values()]
        return self.crate

    def describe(self) -> None:
        """The root, the licence, and what goes with a deposit."""
        study, root, home = self.study, self.crate.root_dataset, code.home()
        text = (
            f"{study.title}: made by infoplane {self.version}, with the provenance of each of its {len(study.records)} "
            "artifacts."
        )
        self.crate.metadata.extra_terms |= TERMS
        self.crate.metadata["conformsTo"] = [{"@id": CRATE}, {"@id": WORKFLOW}]
        url = f"{SPDX}{study.licence}"
        root["name"], root["description"], root["author"] = study.title, text, self.agent
        root["datePublished"] = time.strftime("%Y-%m-%d", time.gmtime())
        root["keywords"] = ", ".join(about.citation()["keywords"])
        root["license"] = self.thing(url, "CreativeWork", name=study.licence, description=f"SPDX {url}", url=url)
        root["conformsTo"] = [
            self.thing(id_, "CreativeWork", name=name, version=version) for id_, (name, version) in PROFILES.items()
        ]
        papers = [self.thing(url, "ScholarlyArticle", name=name, url=url) for name, url in about.references() if url]
        root["citation"] = single({"of": papers})["of"]
        self.file(about.LICENCE, home / about.LICENCE, description="Licence of infoplane")
        self.file(about.CITATION, home / about.CITATION, description="How to cite infoplane")
        for path in sorted((study.results / signing.FOLDER).glob("*.json*")):
            self.file(f"results/{signing.FOLDER}/{path.name}", path, description="Who stands for the results")
        deposit = json.dumps(about.zenodo(study.title, text, study.author, study.licence), indent=1)
        self.file("zenodo.json", deposit, description="Metadata for a deposit at Zenodo")
        readme = README.format(title=study.title, text=text)
        self.file("README.md", readme, about={"@id": "./"}, description="What is in this crate")

    def source(self, path: str, *types: str, **properties: Any) -> Ref:
        """A file of the program; its URL is the identifier of its bytes in the archive of Software Heritage."""
        file = code.home() / path
        data = file.read_bytes()
        digest = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
        told = {"version": self.version, "url": {"@id": f"swh:1:cnt:{digest}"}, **properties}
        return self.file(path, file, ["SoftwareSourceCode", *types], **told)

    def tool(self, stage: str) -> Ref:
        """The script that makes the artifacts of a stage."""
        url = "https://www.python.org"
        language = self.thing(url, "ComputerLanguage", name="Python", url=url)
        text = f"Makes {records.with_article(stage)}"
        return self.source(f"workflow/scripts/{stage}.py", description=text, programmingLanguage=language)

    def workflow(self, tools: Mapping[str, Ref], config: Ref, results: Ref) -> Ref:
        """The Snakefile, with a step for each stage, and the rules that it includes."""
        home, url = code.home(), "https://snakemake.github.io"
        language = "https://w3id.org/workflowhub/workflow-ro-crate#snakemake"
        steps = [
            self.thing(
                f"#step-{stage}",
                "HowToStep",
                name=stage,
                description=f"Make {records.with_article(stage)}",
                position=str(number),
                workExample=tool,
            )
            for number, (stage, tool) in enumerate(tools.items(), start=1)
        ]
        for rules in sorted((home / "workflow/rules").glob("*.smk")):
            self.file(f"workflow/rules/{rules.name}", rules, description="Rules that the Snakefile includes")
        self.file("environment.yml", home / "environment.yml", description="The packages that the workflow needs")
        self.file("environment.lock", home / "environment.lock", description="Their versions and digests")
        return self.source(
            "Snakefile",
            "ComputationalWorkflow",
            "HowTo",
            name="infoplane",
            description=about.citation()["title"],
            programmingLanguage=self.thing(language, "ComputerLanguage", name="Snakemake", url=url, identifier=url),
            conformsTo=self.bioschemas("ComputationalWorkflow"),
            license=f"{SPDX}{about.citation()['license']}",
            hasPart=[*tools.values()],
            step=steps,
            input=self.parameter("config", "What is asked for", "File", config),
            output=self.parameter("results", "What is made", "Dataset", results),
        )

    def parameter(self, name: str, text: str, kind: str, example: Ref) -> Ref:
        """An input or output of the workflow."""
        id_ = f"#parameter-{name}"
        self.crate.get(example["@id"])["exampleOfWork"] = {"@id": id_}
        told = {"name": name, "description": text, "additionalType": kind, "valueRequired": "True"}
        profile = self.bioschemas("FormalParameter")
        return self.thing(id_, "FormalParameter", **told, conformsTo=profile, workExample=example)

    def bioschemas(self, name: str) -> Ref:
        """A profile of Bioschemas."""
        version = "1.0-RELEASE"
        return self.thing(f"{BIOSCHEMAS}{name}/{version}", "CreativeWork", name=f"Bioschemas {name}", version=version)

    def action(self, record: records.Record, tool: Ref) -> Ref:
        """What made an artifact, and the artifact."""
        stage, id_, label = record["stage"], record["id"], record["label"]
        settings = {k: v for k, v in records.flat(record["parameters"]).items() if k.split(".")[0] not in UNTOLD}
        inputs = [{"@id": place(role, input_)} for role, input_ in records.inputs(record)]
        return self.thing(
            f"#{stage}-{id_}",
            "CreateAction",
            name=f"{stage} {label}",
            description=f"Made {stage} {id_} ({label}) with the code of digest {record['code']}",
            instrument=tool,
            object=[*inputs, *(self.value(key, value) for key, value in settings.items())],
            result=self.artifact(record),
            startTime=began(record),
            endTime=ended(record),
            agent=self.agent,
            actionStatus=DONE,
            environment=self.environment(record["environment"]),
        )

    def environment(self, found: Mapping[str, Any]) -> list[Ref]:
        """Under which something was made."""
        return [self.value(name, version) for name, version in environment(found).items()]

    def artifact(self, record: records.Record) -> Ref:
        """The folder of an artifact: its manifest, and its files or, of large ones, their names and digests."""
        folder, here = self.study.folder(record), place(record["stage"], record["id"])
        parts = [self.file(f"{here}{artifacts.MANIFEST}", folder / artifacts.MANIFEST, description="Its manifest")]
        if retention.is_let_go(record):
            parts += [self.referred(name, digest) for name, digest in record["content"].items()]
        for name, digest in record["files"].items():
            if self.with_stores or record["stage"] not in STORES:
                parts.append(self.file(f"{here}{name}", folder / name, description=record["label"]))
            else:
                parts.append(self.referred(name, digest, (folder / name).stat().st_size))
        return self.folder(here, name=f"{record['stage']} {record['id']}", description=record["label"], hasPart=parts)

    def referred(self, name: str, digest: str, size: int | None = None) -> Ref:
        """A file that is not in the crate, by the digest of its bytes (RFC 6920); without a size it was let go."""
        text = base64.urlsafe_b64encode(bytes.fromhex(digest)).decode().rstrip("=")
        known = "known by the digest of its bytes"
        told = {"name": name, "description": f"Not in this crate; {known}", "contentSize": str(size)}
        if size is None:
            told = {
                "name": name,
                "description": f"With the activations, which were let go and are re-derivable; {known}",
            }
        return self.thing(f"ni:///sha-256;{text}", "CreativeWork", **told, sha256=digest)

    def run(self, workflow: Ref, config: Ref, results: Ref) -> Ref:
        """The run of the workflow as a whole."""
        return self.thing(
            "#run",
            "CreateAction",
            name="Run of the workflow",
            description="From the config to the results",
            instrument=workflow,
            object=config,
            result=results,
            startTime=min(map(began, self.study.records)),
            endTime=max(map(ended, self.study.records)),
            agent=self.agent,
            actionStatus=DONE,
        )

    def engine(self, run: Ref, actions: Mapping[str, Ref]) -> None:
        """Snakemake, which ran the steps."""
        url, version = "https://snakemake.github.io", packages()["snakemake"] or "unknown"
        engine = self.thing(url, "SoftwareApplication", name="Snakemake", softwareVersion=version, url=url)
        steps = []
        for record in self.study.records:
            step, name = {"@id": f"#step-{record['stage']}"}, f"Step {record['stage']} for {record['id']}"
            id_ = f"#control-{record['id']}"
            steps.append(self.thing(id_, "ControlAction", name=name, instrument=step, object=actions[record["id"]]))
        about_it = {"name": "Snakemake's run", "agent": self.agent}
        self.thing("#engine", "OrganizeAction", **about_it, instrument=engine, object=steps, result=run)


README = """# {title}

{text}

- `ro-crate-metadata.json`: what is here and how it was made, as a Provenance Run Crate
- `config/config.yaml`: what was asked for; `infoplane run` makes it again
- `results/`: the artifacts by stage and version id, each with its manifest; stores that are not in here are named by
  the digest of their bytes
- `zenodo.json`: metadata for a deposit

`infoplane audit FILE` says of a figure, table or page how it was made, and whether it is what was made.
"""
