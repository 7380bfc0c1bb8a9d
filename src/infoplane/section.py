"""The base of everything that a config can name, and the registries that map a `kind` to its class.

A dataset, an estimator or a figure is a `Section` subclass: its fields are its config keys, its methods do the work.
Registries hold import paths, not classes, so that the code digest of a stage covers its own kind and not its
siblings: adding an estimator re-measures nothing.
"""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from importlib import import_module
from typing import Annotated, Any, Generic, Self, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from infoplane import plugins


def _no_bool(value: Any) -> Any:
    if isinstance(value, bool):
        raise PydanticCustomError("number", "a number is needed")
    return value


# Lax on text ("50"), which is how Snakemake hands over nested `--config` values; strict on what is not a number.
Int = Annotated[int, BeforeValidator(_no_bool)]
Float = Annotated[float, BeforeValidator(_no_bool), Field(allow_inf_nan=False)]
Count = Annotated[Int, Field(ge=1)]
Positive = Annotated[Float, Field(gt=0)]
Fraction = Annotated[Float, Field(gt=0, le=1)]
Share = Annotated[Float, Field(ge=0, le=1)]
Factor = Annotated[Float, Field(gt=1)]
Correlation = Annotated[Float, Field(ge=-1, le=1)]
# What float32, in which activations are, can hold or tell apart.
Bins = Annotated[Int, Field(ge=2, le=2**24)]
Width = Annotated[Float, Field(ge=1e-12, le=1e12)]
Magnitude = Annotated[Float, Field(ge=1e-30, le=1e30)]


@dataclass(frozen=True)
class Neutral:
    """In a key's `Annotated`: the value with which everything is as it was before the key existed."""

    value: Any


def one_of(allowed: Iterable[str], found: str) -> str:
    """The end of an error line: what is allowed, and the nearest of it to what was found."""
    allowed = sorted(allowed)
    nearest = get_close_matches(str(found), allowed, n=1)
    hint = f"did you mean `{nearest[0]}`? " if nearest else ""
    return f"{hint}allowed: {', '.join(allowed) or 'none'}"


class Section(BaseModel):
    """One mapping of the config: unknown keys are errors, values are fixed once read.

    Every field carries a `description` (with its unit): config/README.md and the JSON schema are made from them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, values: Any) -> Any:
        if isinstance(values, Mapping):
            fields = [field.alias or name for name, field in cls.model_fields.items()]
            for key in values:
                if key not in fields:
                    raise PydanticCustomError(
                        "unknown_key", "unknown key; {hint}", {"key": str(key), "hint": one_of(fields, key)}
                    )
        return values

    def resolved(self) -> dict[str, Any]:
        """The values as plain data, as version ids are made of them.

        A key that carries `Neutral(value)` is left out while it has that value: it then does what was done before there
        was such a key. So a new key re-runs nothing, and a default that changes later (`Neutral` stays) re-runs what
        uses it.
        """
        neutral = self._neutral()
        return {
            key: value
            for key, value in self.model_dump(mode="json").items()
            if key not in neutral or getattr(self, key) != neutral[key]
        }

    @classmethod
    def restored(cls, values: Mapping[str, Any]) -> Self:
        """What `resolved` gave these values."""
        return cls(**{**cls._neutral(), **values})

    @classmethod
    def _neutral(cls) -> dict[str, Any]:
        marks = {name: field.metadata for name, field in cls.model_fields.items()}
        return {name: mark.value for name, found in marks.items() for mark in found if isinstance(mark, Neutral)}

    def misfits(self, condition: Any, samples: int, features: int) -> Iterator[tuple[str, str]]:
        """Keys whose values do not go with a condition and the size of its dataset, each with what is allowed."""
        return iter(())


Kind = TypeVar("Kind", bound=Section, covariant=True)


class Registry(Mapping[str, type[Kind]], Generic[Kind]):
    """Lazy mapping of a config `kind` to its class, written as `kind="package.module:Class"`.

    After its own come those that other packages register in the entry points of its `group`, unless the name is taken.
    """

    def __init__(self, group: str = "", /, **paths: str) -> None:
        self._group, self._own = group, paths

    @cached_property
    def _paths(self) -> dict[str, str]:
        brought = plugins.kinds(self._group)
        for kind in brought.keys() & self._own.keys():
            warnings.warn(f"{self._group}: {brought[kind]} is left out: {kind} is infoplane's own", stacklevel=2)
        return {**brought, **self._own} if brought else self._own

    def __getitem__(self, kind: str) -> type[Kind]:
        module, _, name = self._paths[kind].partition(":")
        try:
            found: type[Kind] = getattr(import_module(module), name)
        except Exception as error:
            if kind in self._own:
                raise
            where = traceback.extract_tb(error.__traceback__)[-1]
            line = f"{self._group}: {kind} = {self._paths[kind]}: {type(error).__name__}: {error}"
            raise ValueError(f"{line} ({where.filename}, line {where.lineno})") from error
        if kind not in self._own and (found.model_fields["kind"].default != kind or "." not in module):
            raise ValueError(
                f"{self._group}: {kind} = {self._paths[kind]}: needed: a module in a package, and its `kind`"
            )
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)

    def module(self, kind: str) -> str:
        """The name of the module that defines `kind`: where the code digest of its stage starts."""
        return self._paths[kind].partition(":")[0]
