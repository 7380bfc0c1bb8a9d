"""The worlds of the analyses, and what a claim says of them: by what the store of its analysis gives back."""

import pytest
from tests.analyses.conftest import world

from infoplane.claims import CLAIMS

__all__ = ["world"]


@pytest.fixture
def check(world):
    def check(kind, runs, **keys):
        claim = CLAIMS[kind](kind=kind, experiment="main", figure="f", **keys)
        return claim.statistics(world.stored(claim.analysis().analyse(runs)))

    return check
