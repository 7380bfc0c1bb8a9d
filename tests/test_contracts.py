"""What a stored analysis owes to what reads it."""

import pytest

from infoplane import contracts
from infoplane.analyses.base import result
from infoplane.analyses.minimal_model import MinimalModel


def test_an_analysis_of_nothing_trained_has_no_conditions():
    contracts.analysis(MinimalModel(bins=4).analyse([]))


def test_an_analysis_that_found_nothing_is_refused():
    with pytest.raises(ValueError, match=r"found \[\]; needed: condition_1"):
        contracts.analysis(result([], []))
