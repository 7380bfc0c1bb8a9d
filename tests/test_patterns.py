"""A pattern tells the ids that are wanted from the others, and is no longer than that takes."""

import random
import re

import pytest

from infoplane.patterns import beginnings

CHANCE = random.Random(0)
IDS = [f"{CHANCE.randrange(16**12):012x}" for _ in range(300)]


@pytest.mark.parametrize("number", [0, 1, 150, 299, 300])
def test_it_matches_the_wanted_and_none_of_the_others(number):
    wanted, others = set(IDS[:number]), set(IDS[number:])
    pattern = re.compile(f"(?={beginnings(wanted, others)})[0-9a-f]{{12}}")
    assert {id_ for id_ in IDS if pattern.fullmatch(id_)} == wanted


def test_it_is_empty_where_all_are_wanted_and_short_where_few_are():
    assert beginnings(set(IDS), set()) == ""
    assert len(beginnings(set(IDS[:3]), set(IDS[3:]))) < 40
