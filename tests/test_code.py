"""The code digest sees what code means and what it imports, and nothing else."""

import shutil

import pytest

from infoplane import code

HELPER = '"""Doc."""\n\n\ndef helper(x):\n    """Twice."""\n    return 2 * x\n'
STAGE = "from infoplane.helper import helper\n\n\ndef stage(x):\n    return helper(x) + 1\n"


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package with a stage, a helper that it imports, and a module that it does not."""
    root = tmp_path / "infoplane"
    (root / "room").mkdir(parents=True)
    files = {
        "__init__.py": "",
        "helper.py": HELPER,
        "stage.py": STAGE,
        "other.py": "x = 1\n",
        "room/__init__.py": 'KINDS = {"a": "infoplane.room.a:A"}\n',
        "room/base.py": "class Base: pass\n",
        "room/a.py": "from . import base\nfrom .base import Base\nfrom infoplane import helper\n",
    }
    for name, text in files.items():
        (root / name).write_text(text)
    monkeypatch.setattr(code, "ROOT", root)

    def digest(module, **changes):
        for name, text in changes.items():
            (root / f"{name}.py").write_text(text)
        for cached in (code._tree, code._module_digest, code._imports):
            cached.cache_clear()
        return code.digest(module)

    yield digest
    shutil.rmtree(root)
    for cached in (code._tree, code._module_digest, code._imports):
        cached.cache_clear()


@pytest.mark.parametrize(
    "reformatted",
    [
        "# a comment\n" + STAGE,
        STAGE.replace("helper(x) + 1", "(\n        helper(x)\n        + 1\n    )"),
        STAGE.replace("def stage(x):\n", 'def stage(x):\n    """A docstring."""\n'),
        '"""Module docstring."""\n\n' + STAGE,
    ],
)
def test_comments_format_and_docstrings_do_not_count(package, reformatted):
    assert package("infoplane.stage") == package("infoplane.stage", stage=reformatted)


def test_the_stages_own_code_counts(package):
    assert package("infoplane.stage") != package("infoplane.stage", stage=STAGE.replace("+ 1", "+ 2"))


def test_an_imported_helper_counts_and_an_unrelated_module_does_not(package):
    before = package("infoplane.stage")
    assert package("infoplane.stage", other="x = 2\n") == before
    assert package("infoplane.stage", helper=HELPER.replace("2 *", "3 *")) != before


def test_a_string_that_is_no_docstring_counts(package):
    before = package("infoplane.stage", stage="def stage():\n    return 'a'\n")
    assert package("infoplane.stage", stage="def stage():\n    return 'b'\n") != before


def test_relative_imports_and_modules_named_by_from_are_followed(package):
    package("infoplane.room.a")
    assert code.closure("infoplane.room.a") == ["infoplane.helper", "infoplane.room.a", "infoplane.room.base"]


def test_an_unknown_module_is_an_error(package):
    with pytest.raises(ModuleNotFoundError, match="nowhere"):
        package("infoplane.nowhere")


def test_no_stage_reads_the_config_or_another_room():
    """What keeps digests tight: rooms import downwards only."""
    from infoplane.datasets import DATASETS
    from infoplane.measures import ESTIMATORS, MEASURES

    for room, registries in {"datasets": [DATASETS], "measures": [ESTIMATORS, MEASURES]}.items():
        for registry in registries:
            for kind in registry:
                for module in code.closure(registry.module(kind)):
                    assert module.split(".")[1] in {room, "section", "condition", "statistics", "icosahedron"}, (
                        kind,
                        module,
                    )
