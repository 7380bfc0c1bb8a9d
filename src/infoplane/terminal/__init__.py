"""What a person sees in a terminal while the workflow runs; `snakemake_logger_plugin_infoplane` brings it to Snakemake.

The Snakefile says with `expect` what is to be made; nothing of it is worked out unless somebody watches.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from infoplane.plan import Artifact


@dataclass(frozen=True)
class Work:
    """The artifacts that a run makes, inputs before what reads them, and about how many seconds each takes, by id."""

    todo: Sequence[Artifact] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)


_expected: list[Callable[[], Work]] = [Work]


def expect(work: Callable[[], Work]) -> None:
    """Say how to find out what the run makes."""
    _expected.append(work)


def expected() -> Work:
    """What the run makes, as was said last."""
    return _expected[-1]()
