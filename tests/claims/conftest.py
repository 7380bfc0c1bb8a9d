"""The worlds of the analyses, and what a claim says of them: by what the store of its analysis gives back."""

import json

import pytest
from tests.analyses.conftest import world

from infoplane.claims import CLAIMS
from infoplane.claims.base import finding

__all__ = ["world"]


@pytest.fixture
def check(world):
    def check(kind, runs, **keys):
        claim = CLAIMS[kind](kind=kind, **{"experiment": "main", "figure": "f"} | keys)
        found = finding(kind, claim, world.stored(claim.analysis().analyse(runs)))
        assert json.loads(json.dumps(found)) == found  # as the verdict's job writes it
        return found

    return check
