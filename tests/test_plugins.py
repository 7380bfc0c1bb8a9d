"""Kinds that an installed package brings: as infoplane's own, in registries and in code digests."""

import sys

import pytest

from infoplane import captions, code, loading, plan, plugins
from infoplane.section import Registry

POINTS = """
[infoplane.estimators]
signs = brought.signs:Signs
binned = brought.signs:Signs
wrong = brought.signs:Signs
torn = brought.torn:Torn
[infoplane.figures]
shown = brought.shown:Shown
bare = brought.bare:Bare
"""
SIGNS = '''
from typing import Literal

from infoplane.measures.base import LayerEstimator
from brought.helper import half


class Signs(LayerEstimator):
    """Nothing of use."""

    kind: Literal["signs"] = "signs"

    def information(self, activation, dataset, layer):
        return half(activation)
'''
FILES = {
    "brought/__init__.py": "",
    "brought/signs.py": SIGNS,
    "brought/shown.py": "",
    "brought/shown.rst": "A caption.",
    "brought/bare.py": "",
    "brought/torn.py": "import nothing_of_the_kind\n",
    "brought/helper.py": "def half(t):\n    return t / 2\n",
    "brought/other.py": "OTHER = 1\n",
    "brought-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: brought\nVersion: 1.0\n",
    "brought-1.0.dist-info/entry_points.txt": POINTS,
}


@pytest.fixture
def package(tmp_path, monkeypatch):
    """The folder in which a package with entry points is installed."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    forget()
    yield tmp_path
    monkeypatch.undo()
    for module in [module for module in sys.modules if module.partition(".")[0] == "brought"]:
        del sys.modules[module]
    forget()


def forget():
    for cached in (plugins._groups, plugins._packages, plugins._home):
        cached.cache_clear()
    code.forget()


def test_a_kind_that_is_brought_is_one_as_others_but_takes_no_name(package):
    kinds = Registry("infoplane.estimators", binned="infoplane.measures.binned:Binned")
    with pytest.warns(UserWarning, match="brought.signs:Signs is left out: binned is infoplane's own"):
        assert set(kinds) == {"binned", "signs", "wrong", "torn"}
    assert kinds["binned"].__module__ == "infoplane.measures.binned"
    assert kinds["signs"]().kind == "signs"
    assert kinds.module("signs") == "brought.signs"
    with pytest.raises(ValueError, match=r"infoplane\.estimators: wrong = brought\.signs:Signs: needed: .* its `kind`"):
        kinds["wrong"]
    with pytest.raises(ValueError, match=r"torn = brought\.torn:Torn: ModuleNotFoundError: .*torn\.py, line 1\)"):
        kinds["torn"]
    assert set(Registry("infoplane.claims")) == set(Registry()) == set()


def test_its_figures_bring_their_captions(package, monkeypatch):
    monkeypatch.setattr(captions, "FIGURES", Registry("infoplane.figures", bull="infoplane.figures.bull:Bull"))
    assert captions.brought() == {"shown": "A caption."}
    assert captions.known().keys() > {"shown", "bull"}
    assert captions.place("bare") == str(package / "brought/bare.rst")
    assert captions.place("bull") == "workflow/report/bull.rst"


def test_a_figure_without_a_caption_is_one_line():
    config = loading.load(
        {"experiments": {"main": {}}, "datasets": {"spherical": {}}, "figures": {"learning_curves": {}}}
    )
    line = "figures.learning_curves: there is no caption for learning_curves: workflow/report/learning_curves.rst"
    with pytest.raises(ValueError, match=line):
        plan.make(config, captions={"bull": ""})


def test_its_code_is_digested_as_our_own_is(package):
    root = "brought.signs"
    before = code.digest(root)
    assert {"brought", root, "brought.helper", "infoplane.measures.base"} <= set(code.closure(root))
    for name, text, counts in [
        ("helper", "def half(t):\n    # by two\n    return t / 2\n", False),
        ("other", "OTHER = 2\n", False),
        ("helper", "def half(t):\n    return t / 3\n", True),
    ]:
        (package / f"brought/{name}.py").write_text(text)
        code.forget()
        assert (code.digest(root) != before) == counts, text


@pytest.mark.parametrize("root", ["brought.signs", "json.decoder"])
def test_code_of_packages_that_bring_nothing_is_none_of_ours(root):
    with pytest.raises(ModuleNotFoundError):
        code.digest(root)
