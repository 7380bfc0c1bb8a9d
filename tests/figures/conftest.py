"""The worlds of the analyses, and how a figure of them is drawn: from what the store of its analysis gives back."""

import pytest
from tests.analyses.conftest import world

__all__ = ["world"]


@pytest.fixture
def draw(world):
    def draw(figure, runs):
        return figure.draw(world.stored(figure.analysis().analyse(runs)))

    return draw
