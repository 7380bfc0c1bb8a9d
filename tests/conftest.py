"""What holds for all tests."""

import pytest
from hypothesis import settings

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("project", deadline=None)
settings.load_profile("project")


def pytest_addoption(parser):
    parser.addoption(
        "--campaign", type=int, default=0, metavar="KILLS", help="Kill so many runs (tests/faults); hours."
    )


def pytest_collection_modifyitems(config, items):
    if not config.getoption("campaign"):
        skip = pytest.mark.skip(reason="takes long; --campaign 50 runs it")
        for item in items:
            if "campaign" in item.keywords:
                item.add_marker(skip)
