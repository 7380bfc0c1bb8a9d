"""The form of manifests, as far as anything depends on it: what has another form is none of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from infoplane import artifacts
from infoplane.analyses import ANALYSES

Id = Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
if TYPE_CHECKING:  # a type checker reads no Literal of a tuple
    Stage = str
else:
    Stage = Literal[artifacts.STAGES]
Root = Annotated[str, Field(pattern=r"^(infoplane|[A-Za-z_]\w*(\.[A-Za-z0-9_]+)+|workflow/scripts/[A-Za-z0-9_]+\.py)$")]
Contents = dict[str, str]
Seconds = Annotated[float, Field(ge=0, le=1e9)]
DEEPEST = 50  # levels of a manifest


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow", frozen=True)


class _Environment(_Strict):
    git_commit: str | None
    git_dirty: bool | None
    python: str
    packages: dict[str, str | None]
    lock: str | None = None
    platform: str
    processor: str
    instructions: list[str]


class _Common(_Strict):
    id: Id
    stage: Stage
    parameters: dict[str, Any]
    inputs: dict[Stage, Id | list[Id]]
    code: str
    roots: list[Root]
    label: str
    input_contents: dict[Id, Contents]
    started: str
    seconds: Seconds
    content: Contents


class _Manifest(_Common):
    environment: _Environment


class Kept(_Manifest):
    """A manifest beside the files of its artifact."""

    files: dict[str, Sha256]


class _ChainRecord(_Common):
    environment: str


class _Chain(_Strict):
    records: dict[Id, _ChainRecord]
    environments: dict[str, _Environment]


class Document(_Manifest):
    """A manifest inside a file."""

    chain: _Chain


class Run(_Strict):
    """One run in the parameters of an analysis (`plan.PlannedRun.describe`)."""

    experiment: str
    condition: dict[str, Any]
    varied: dict[str, Any]
    measurements: dict[str, list[Id]]
    trainings: list[Id] = []
    dataset: Id | None = None

    def ids(self) -> set[str]:
        """The ids of what the analysis reads of it."""
        parts = {id_ for ids in self.measurements.values() for id_ in ids}
        return parts | set(self.trainings) | ({self.dataset} if self.dataset else set())


class AnalysisParameters(_Strict):
    """The parameters of an analysis."""

    kind: str
    runs: list[Run]

    @model_validator(mode="after")
    def _of_something(self) -> AnalysisParameters:
        if not self.runs and not (self.kind in ANALYSES and ANALYSES[self.kind]().experiments() == ()):
            raise ValueError("runs: an analysis reads at least one")
        return self


class VerdictParameters(_Strict):
    """The parameters of a verdict."""

    claims: Annotated[list[Any], Field(min_length=1)]


def check(model: type[BaseModel], value: Any) -> None:
    """Raise ValueError, with one line, if a value is not of the form of a model."""
    try:
        if _is_deep(value):
            raise ValueError("not a manifest of infoplane: nested too deeply")
        model.model_validate(value)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        path = ".".join(str(part) for part in problem["loc"])
        raise ValueError(f"not a manifest of infoplane: {', '.join(filter(None, [path, problem['msg']]))}") from None


def _is_deep(value: Any) -> bool:
    """Whether a value is nested more deeply than any of ours, and than all that walks over it may stand."""
    level = [value]
    for _ in range(DEEPEST):
        level = [part for whole in level for part in _parts(whole)]
    return bool(level)


def _parts(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
