"""The models of the config: what can be asked for. `loading.load` makes one from files and overrides, and checks it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Self, Union

from pydantic import AfterValidator, BeforeValidator, Field, GetJsonSchemaHandler, TypeAdapter, model_validator
from pydantic_core import CoreSchema, PydanticCustomError, PydanticKnownError, core_schema

from infoplane.claims import CLAIMS
from infoplane.condition import Condition
from infoplane.datasets import DATASETS
from infoplane.explorer.settings import Explorer
from infoplane.figures import FIGURES
from infoplane.measures import ESTIMATORS
from infoplane.section import Registry, Section, one_of

if TYPE_CHECKING:
    from infoplane.claims.base import Claim
    from infoplane.datasets.base import Dataset
    from infoplane.figures.base import Figure
    from infoplane.measures.base import Estimator

Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,99}$")]
COMBINATIONS = 10_000  # of one experiment
Conditions = list[tuple[dict[str, Any], Condition]]


@dataclass(frozen=True)
class Kinds:
    """In an `Annotated`: a section of the `kind` of a registry that it names; no other kind is imported for it."""

    registry: Registry[Section]

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self._read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> Any:
        kinds: Any = Union[tuple(self.registry.values())]  # noqa: UP007
        return handler(TypeAdapter[Any](Annotated[kinds, Field(discriminator="kind")]).core_schema)

    def _read(self, section: Any) -> Section:
        if isinstance(section, Section):
            return section
        if not isinstance(section, Mapping):
            raise PydanticKnownError("model_attributes_type")
        return self.registry[section["kind"]].model_validate(section)


def named(registry: Registry[Section]) -> Any:
    """The type of a config section that maps names to kinds of a registry; `kind` defaults to the name."""

    def default_kind(sections: Any) -> Any:
        if not isinstance(sections, Mapping):
            return sections
        filled = {}
        for name, section in sections.items():
            if isinstance(section, Mapping):
                section = {"kind": name, **section}
                if not isinstance(section["kind"], str) or section["kind"] not in registry:
                    hint = one_of(registry, section["kind"])
                    raise PydanticCustomError(
                        "unknown_kind",
                        "unknown kind; {hint}",
                        {"key": f"{name}.kind", "hint": hint, "found": section["kind"]},
                    )
            filled[name] = section
        return filled

    return Annotated[dict[Name, Annotated[Any, Kinds(registry)]], BeforeValidator(default_kind)]


if TYPE_CHECKING:
    Datasets = dict[str, Dataset]
    Estimators = dict[str, Estimator]
    Figures = dict[str, Figure]
    Claims = dict[str, Claim]
else:
    Datasets, Estimators, Figures, Claims = map(named, (DATASETS, ESTIMATORS, FIGURES, CLAIMS))


def _condition_keys(keys: dict[str, Any]) -> dict[str, Any]:
    for key in keys:
        if key not in Condition.model_fields:
            hint = one_of(Condition.model_fields, key)
            raise PydanticCustomError("unknown_key", "unknown key; {hint}", {"key": key, "hint": hint})
    return keys


class Experiment(Section):
    """A named set of conditions: the defaults, some keys set, and every combination of those varied."""

    fixed: Annotated[dict[str, Any], AfterValidator(_condition_keys)] = Field(
        default_factory=dict,
        alias="set",
        description="Keys of `defaults` that differ in all of its conditions.",
    )
    vary: Annotated[dict[str, Annotated[list[Any], Field(min_length=1)]], AfterValidator(_condition_keys)] = Field(
        default_factory=dict, description="Keys of `defaults`, each with the list of values it takes."
    )

    @model_validator(mode="after")
    def _set_or_vary(self) -> Self:
        for key in self.fixed.keys() & self.vary.keys():
            context = {"key": f"set.{key}", "found": self.fixed[key]}
            raise PydanticCustomError("both", "`vary` has this key too; leave it out of one of them", context)
        return self

    @model_validator(mode="after")
    def _few(self) -> Self:
        number = math.prod(map(len, self.vary.values()))
        if number > COMBINATIONS:
            text = "too many combinations; allowed: up to {most}"
            raise PydanticCustomError("many", text, {"key": "vary", "found": number, "most": COMBINATIONS})
        return self

    def combinations(self) -> Iterator[dict[str, Any]]:
        """Every combination of the varied values, the last key varying fastest."""
        for values in itertools.product(*self.vary.values()):
            yield dict(zip(self.vary, values, strict=True))


class Config(Section):
    """The whole config. Names are free; each `kind` is a line in its registry."""

    defaults: Condition = Field(default_factory=Condition, description="One condition: network, data, training.")
    experiments: dict[Name, Experiment] = Field(
        default_factory=dict, description="Named sets of conditions: the defaults with a few keys varied."
    )
    datasets: Datasets = Field(default_factory=dict, description="Named datasets.")
    estimators: Estimators = Field(default_factory=dict, description="Named estimators of information.")
    figures: Figures = Field(default_factory=dict, description="Figures to make, by file name.")
    claims: Claims = Field(default_factory=dict, description="Claims to test, each with its thresholds.")
    explorer: Explorer | None = Field(
        None, description="What the page `results/explorer.html` shows; there is none if this is not given."
    )
    remote: str | None = Field(
        None,
        min_length=1,
        description="Where results are shared (`infoplane push`): a folder, s3://, gs:// or ssh://. A run takes what "
        "is there before it makes the rest.",
    )
    keep_activations: bool = Field(
        True,
        description="Keep the activations of trainings, nearly all bytes of results. If false, each training's go when "
        "all that is asked of it is measured; a measurement that is new later trains it again, to the recorded bytes.",
    )
    strict_environment: bool = Field(
        False, description="Make the versions of packages part of every version id: another version, another result."
    )

    def conditions(self, experiment: str) -> Conditions:
        """The conditions of an experiment, each with the values of the keys that it varies.

        Raises:
            ValidationError: of a combination that a condition does not allow.
        """
        if experiment not in self._conditions:
            settings = self.experiments[experiment]
            base = {**self._defaults, **settings.fixed}
            combined = [(varied, Condition(**{**base, **varied})) for varied in settings.combinations()]
            self._conditions[experiment] = combined
        return self._conditions[experiment]

    @cached_property
    def _conditions(self) -> dict[str, Conditions]:
        return {}

    @cached_property
    def _defaults(self) -> dict[str, Any]:
        return self.defaults.model_dump()

    def where(self, experiment: str, key: str) -> str:
        """The path at which a key of an experiment's conditions is set; of a nested one, by its first part."""
        settings, name = self.experiments[experiment], key.partition(".")[0]
        group = "vary" if name in settings.vary else "set" if name in settings.fixed else None
        return f"experiments.{experiment}.{group}.{key}" if group else f"defaults.{key}"
