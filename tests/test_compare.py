"""Two folders of results, digest by digest."""

import json

import pytest

from tests.cluster.compare import main


@pytest.fixture
def folders(tmp_path):
    for folder in ("here", "there"):
        for place in ("trainings/a1", "figures/b2"):
            (tmp_path / folder / place).mkdir(parents=True)
            (tmp_path / folder / place / "manifest.json").write_text(json.dumps({"content": place, "started": folder}))
    return str(tmp_path / "here"), str(tmp_path / "there")


def test_the_same(folders, capsys):
    assert main([*folders]) == 0
    assert capsys.readouterr().out == "2 artifacts in both, 0 differences\n"


def test_what_differs_and_what_one_lacks(folders, tmp_path, capsys):
    (tmp_path / "there/trainings/a1/manifest.json").write_text('{"content": "other"}')
    (tmp_path / "here/figures/b2/manifest.json").unlink()
    assert main([*folders]) == 1
    told = f"figures/b2: only in {folders[1]}\ntrainings/a1: not the same content\n1 artifacts in both, 2 differences\n"
    assert capsys.readouterr().out == told


def test_what_is_no_results(folders, tmp_path):
    assert main([folders[0], str(tmp_path)]) == f"{tmp_path}: has no artifacts; give a folder of results"
