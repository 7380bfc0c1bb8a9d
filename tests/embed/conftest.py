import pytest

from .making import SUFFIXES


@pytest.fixture(params=SUFFIXES)
def suffix(request):
    return request.param


@pytest.fixture
def path(tmp_path):
    return tmp_path / "renamed"
