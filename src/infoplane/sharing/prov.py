"""W3C PROV: the chain of artifacts as entities, activities and agents, in PROV-JSON.

https://www.w3.org/TR/prov-dm, https://www.w3.org/submissions/prov-json. An artifact is an entity, the job that made it
an activity; the agents are who ran it and the program, by its version and commit.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from infoplane import artifacts
from infoplane.sharing.crate import Study
from infoplane.sharing.entities import began, ended, environment
from infoplane.tracing import records

if TYPE_CHECKING:
    from prov.model import ProvDocument

TERMS = "urn:infoplane:terms:"


def collect(study: Study) -> ProvDocument:
    """The provenance of a study.

    Raises:
        ValueError: prov is not installed, or an artifact is not as it was made.
    """
    try:
        from prov.model import PROV, ProvDocument
    except ImportError:
        raise ValueError("prov is not installed, which writes PROV; `pip install 'infoplane[crate]'`") from None
    document = ProvDocument()
    document.add_namespace("infoplane", TERMS)
    document.add_namespace("artifact", "urn:infoplane:artifact:")
    document.add_namespace("job", "urn:infoplane:job:")
    document.add_namespace("agent", "urn:infoplane:agent:")
    named: dict[str, Any] = {"prov:label": study.author.name, "prov:type": PROV["Person"]}
    if study.author.orcid:
        named["infoplane:orcid"] = study.author.orcid
    person = document.agent("agent:author", named)
    for record in study.records:
        artifacts.checked(study.folder(record))
        _add(document, record, person, PROV["SoftwareAgent"])
    return document.unified()


def _add(document: ProvDocument, record: records.Record, person: Any, software: Any) -> None:
    stage, id_ = record["stage"], record["id"]
    told: dict[str, Any] = {"prov:type": f"infoplane:{stage}", "prov:label": f"{stage} {record['label']}"}
    told |= {f"infoplane:sha256_{name}": digest for name, digest in record["files"].items()}
    made = document.entity(f"artifact:{id_}", told)
    flat = records.flat(record["parameters"])
    settings = {f"infoplane:{key}": _literal(value) for key, value in flat.items()}
    start, end = (datetime.datetime.fromisoformat(time) for time in (began(record), ended(record)))
    told = {"prov:type": f"infoplane:make_{stage}", "prov:label": f"make {stage} {record['label']}"}
    told |= {"infoplane:code": record["code"], **settings}
    job = document.activity(f"job:{id_}", start, end, told)
    program = document.agent(*_program(record["environment"], software))
    document.wasGeneratedBy(made, job, end)
    document.wasAssociatedWith(job, program)
    document.actedOnBehalfOf(program, person)
    for _, input_ in records.inputs(record):
        document.used(job, f"artifact:{input_}", start)
        document.wasDerivedFrom(made, f"artifact:{input_}", job)


def _program(found: Any, software: Any) -> tuple[str, dict[str, Any]]:
    """The program as an agent: one for each commit and set of packages."""
    told = {f"infoplane:{name.replace(' ', '_')}": value for name, value in environment(found).items()}
    named = {"prov:type": software, "prov:label": "infoplane", **told}
    return f"agent:{records.fingerprint(found)}", named


def _literal(value: Any) -> str | int | float | bool:
    return value if isinstance(value, str | int | float) else artifacts.canonical(value)
