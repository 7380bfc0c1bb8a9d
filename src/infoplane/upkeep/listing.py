"""What a plan asks for, by experiment and condition, and what of it exists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from infoplane.artifacts import canonical, is_there
from infoplane.plan import Artifact, Plan
from infoplane.upkeep.forecast import behind

Listing = dict[str, Any]


def listing(plan: Plan, ends: Sequence[Artifact], results: Path) -> Listing:
    """Plain values of the part of a plan that `ends` are made of.

    `experiments` has a list of conditions by name, each with what it varies and its `artifacts`; then come `analyses`,
    `figures`, the verdicts and their page as `claims`, the `explorer`. An artifact is its stage, id, what it is,
    whether it exists.
    """
    wanted = {artifact.id: artifact for artifact in behind(ends)}
    described = {
        id_: {"stage": a.stage, "id": id_, "what": a.label, "exists": is_there(results, a.recipe)}
        for id_, a in wanted.items()
    }
    read: dict[str, dict[str, Any]] = {}  # by condition
    for id_, runs in plan.runs.items():
        for run in runs if id_ in wanted else ():
            parts = {a.id: described[a.id] for a in run.artifacts() if a.id in wanted}
            read.setdefault(canonical(run.condition.resolved()), {}).update(parts)
    experiments: dict[str, list[dict[str, Any]]] = {}
    for name in plan.config.experiments:
        conditions = [
            {"varied": dict(varied), "artifacts": list(read[key].values())}
            for varied, condition in plan.config.conditions(name)
            if (key := canonical(condition.resolved())) in read
        ]
        experiments |= {name: conditions} if conditions else {}
    stages = {
        "analyses": ("analysis",),
        "figures": ("figure",),
        "claims": ("verdict", "page"),
        "explorer": ("explorer",),
    }
    return {
        "experiments": experiments,
        **{
            group: [entry for entry in described.values() if entry["stage"] in of_group]
            for group, of_group in stages.items()
        },
    }


def entries(listed: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """All artifacts of a listing; those that conditions share, once for each."""
    for conditions in listed["experiments"].values():
        for condition in conditions:
            yield from condition["artifacts"]
    for group in ("analyses", "figures", "claims", "explorer"):
        yield from listed[group]
