"""What differs between two configs: their settings, and the versions that those lead to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from infoplane import plan
from infoplane.artifacts import STAGES, canonical
from infoplane.config import Config
from infoplane.tracing.records import flat


@dataclass(frozen=True)
class ConfigDifference:
    """`settings` maps paths of keys to (in A, in B), defaults included; `versions` counts the artifacts by stage.

    The counts are those that only A asks for, both, and only B.
    """

    settings: Mapping[str, tuple[Any, Any]]
    versions: Mapping[str, tuple[int, int, int]]

    @property
    def differs(self) -> bool:
        """Whether there is any difference."""
        return bool(self.settings)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def compare(a: Config, b: Config) -> ConfigDifference:
    """Compare two configs.

    Raises:
        ValueError: one of them cannot be planned.
    """
    one, other = (flat(config.model_dump(mode="json", by_alias=True)) for config in (a, b))
    keys = [k for k in dict.fromkeys((*one, *other)) if k not in one or k not in other or _differ(one[k], other[k])]
    plans = [plan.make(config) for config in (a, b)]
    versions: dict[str, tuple[int, int, int]] = {}
    for stage in STAGES:
        ids = [set(made.stages[stage]) for made in plans]
        counts = (len(ids[0] - ids[1]), len(ids[0] & ids[1]), len(ids[1] - ids[0]))
        versions |= {stage: counts} if any(counts) else {}
    return ConfigDifference({key: (one.get(key), other.get(key)) for key in keys}, versions)


def _differ(one: Any, other: Any) -> bool:
    return canonical(one) != canonical(other)
