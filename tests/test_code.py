"""The code digest sees what code means and what it imports, and nothing else."""

import ast
import importlib.util
import types
from functools import cached_property
from pathlib import Path

import pytest

from infoplane import code
from infoplane.analyses import ANALYSES
from infoplane.claims import CLAIMS
from infoplane.condition import Condition
from infoplane.datasets import DATASETS
from infoplane.figures import FIGURES
from infoplane.measures import ESTIMATORS, MEASURES

STAGE = '''"""A stage."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field, model_validator

from infoplane.base import Base
from infoplane.helper import double as helper
from infoplane.section import Count, Neutral, Registry

if TYPE_CHECKING:
    from infoplane.other import Other

KINDS = Registry(a="infoplane.other:Other")
Names = Annotated[tuple[str, ...], Field(min_length=1)]
SCALE = 2.0


def _first(x: int) -> int:
    return x + 1


def _second(x: int, _shift=1) -> int:
    """Less."""
    return x - _shift


class Stage(Base):
    """What is computed."""

    group: ClassVar[str] = "a"
    bins: Count = Field(30, description="Bins.")
    steps: Annotated[Count, Neutral(7)] = Field(7, description="Steps.")
    bound: str = "upper"

    @model_validator(mode="after")
    def _checked(self) -> Stage:
        if self.bins > 50:
            raise ValueError("too many")
        return self

    def misfits(self, condition, samples, features):
        """What is wrong."""
        yield "bins", "allowed: 1 to 30"

    @cached_property
    def scaled(self) -> float:
        return SCALE * self.bins

    def run(self, x: Sequence[int], report=print, *, times: int = 3) -> int:
        assert x, "nothing there"
        if isinstance(x, Mapping):
            raise ValueError(f"{x} is a mapping")
        self._seen = sum(x)
        report(f"has seen {self._seen}")
        warnings.warn("slow")
        return helper(_first(_second(self._seen))) * times
'''
PYDANTIC = "from pydantic import BaseModel, Field\n"
VALIDATOR = """from pydantic import model_validator
class A(B):
    @model_validator(mode="after")
    def _valid(self):
"""
FILES = {
    "src/infoplane/__init__.py": "def __getattr__(name):\n    from infoplane.lazy import Lazy\n    return Lazy\n",
    "src/infoplane/base.py": "class Base:\n    def _hook(self):\n        return 1\n",
    "src/infoplane/helper.py": "def double(x):\n    return 2 * x\n\n\ndef triple(x):\n    return 3 * x\n",
    "src/infoplane/lazy.py": "Lazy = 1\n",
    "src/infoplane/other.py": "Other = 1\n",
    "src/infoplane/stage.py": STAGE,
    "src/infoplane/room/__init__.py": "__all__ = ['b']\nKINDS = {'a': 'infoplane.room.a:A'}\n",
    "src/infoplane/room/a.py": "A = 1\n",
    "src/infoplane/room/a.html": "<p>",
    "src/infoplane/room/b.py": "B = 1\n",
    "src/infoplane/room/b.html": "<p>",
    "workflow/scripts/stage.py": "from infoplane.room.a import A\n\nprint(A, file=snakemake.output[0])\n",
    "workflow/scripts/beside.py": "BESIDE = 1\n",
    "Snakefile": "",
}
ROOT = "infoplane.stage"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A small project; called with files to write into it, it gives the digest of a root."""

    def write(files, root=ROOT):
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        code.forget()
        return code.digest(root)

    monkeypatch.setattr(code, "ROOT", tmp_path / "src/infoplane")
    write(FILES)
    yield write
    monkeypatch.undo()
    code.forget()


def edited(*replacements):
    """The stage with texts replaced, each of which is in it."""
    text = STAGE
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    return {"src/infoplane/stage.py": text}


@pytest.mark.parametrize(
    "replacements",
    [
        pytest.param([("SCALE = 2.0", "# twice\nSCALE = 2.0  # times")], id="comments"),
        pytest.param([("x - _shift", "(\n        x\n        - _shift\n    )")], id="format"),
        pytest.param([('"""Less."""', '"""One less."""')], id="docstring"),
        pytest.param([('    """Less."""\n', ""), ('"""A stage."""\n', "")], id="no docstring"),
        pytest.param([("SCALE = 2.0", 'SCALE = 2.0\n"""How much."""')], id="docstring of a constant"),
        pytest.param([("return x + 1", "pass\n    return x + 1")], id="pass"),
        pytest.param([("def _first(x: int) -> int", "def _first(x)")], id="annotations of a function"),
        pytest.param([("x: Sequence[int]", "x: Iterable"), ("Mapping, Sequence", "Iterable, Mapping")], id="types"),
        pytest.param([("SCALE = 2.0", "SCALE: float = 2.0")], id="annotation of a variable"),
        pytest.param([("bound: str", 'bound: Literal["upper", "lower"]')], id="annotation of a key"),
        pytest.param([("min_length=1", "min_length=2")], id="limits of a type"),
        pytest.param([("import Other", "import Other, Another")], id="for type checkers"),
        pytest.param([("from __future__ import annotations\n", "")], id="future"),
        pytest.param([("ClassVar\n", "Any, ClassVar\n")], id="import of a type"),
        pytest.param([("Field(30, description", "Field(40, ge=2, description")], id="default of a key"),
        pytest.param(
            [("    bins: Count", '    more: int = Field(1, description="More.")\n    bins: Count')], id="new key"
        ),
        pytest.param(
            [("bins: Count", "bins: Positive"), ("import Count,", "import Count, Positive,")], id="type of a key"
        ),
        pytest.param([("allowed: 1 to 30", "allowed: 1 to 40")], id="misfits"),
        pytest.param([("self.bins > 50", "self.bins > 60")], id="validator"),
        pytest.param([('Registry(a="', 'Registry(b="infoplane.b:B", a="')], id="registry"),
        pytest.param([("is a mapping", "is no sequence")], id="message of an exception"),
        pytest.param([('f"{x} is a mapping"', '"{} is a mapping".format(repr(x)) + "!"')], id="made otherwise"),
        pytest.param([("nothing there", "no numbers")], id="message of an assertion"),
        pytest.param([("has seen", "saw")], id="report"),
        pytest.param([('        report(f"has seen {self._seen}")\n', "")], id="no report"),
        pytest.param([('warnings.warn("slow")', 'print("slow", len(x), flush=True)')], id="print for a warning"),
        pytest.param([('warnings.warn("slow")', 'logger.info("slow: %s", x)')], id="logger for a warning"),
        pytest.param([("_first", "_plus_one")], id="private function"),
        pytest.param([("_shift", "_less")], id="private argument"),
        pytest.param([("_seen", "_total")], id="private attribute"),
        pytest.param([("_first", "_"), ("_second", "_first"), ("_(", "_second(")], id="private names exchanged"),
    ],
)
def test_what_cannot_change_a_result_does_not_count(project, replacements):
    assert project(edited(*replacements)) == project(FILES)


@pytest.mark.parametrize(
    "replacements",
    [
        pytest.param([("_first(_second(", "_second(_first(")], id="private functions exchanged where they are used"),
        pytest.param([("times: int = 3", "times: int = 4")], id="default argument"),
        pytest.param([("report=print, *,", "report=print,")], id="kind of argument"),
        pytest.param([("_shift=1", "_shift=2")], id="default of a private argument"),
        pytest.param([("SCALE = 2.0", "SCALE = 2")], id="number"),
        pytest.param([("raise ValueError(f", "raise TypeError(f")], id="type of an exception"),
        pytest.param(
            [('raise ValueError(f"{x} is a mapping")', "raise ValueError(x, 1)")], id="an exception with values"
        ),
        pytest.param([("@cached_property", "@property")], id="decorator"),
        pytest.param([("    @cached_property\n", "")], id="no decorator"),
        pytest.param([("assert x", "assert not x")], id="assertion"),
        pytest.param([("import double as helper", "import triple as helper")], id="what an import means"),
        pytest.param([("group: ClassVar[str]", "group: str")], id="variable of the class made a field"),
        pytest.param([('"upper"', '"lower"')], id="default that no Field declares"),
        pytest.param([("Neutral(7)", "Neutral(8)")], id="value for which a key is left out of the parameters"),
        pytest.param([('warnings.warn("slow")', 'warnings.simplefilter("error")')], id="warnings made errors"),
        pytest.param([("_first", "first")], id="private name made public"),
        pytest.param([("_first", "_second")], id="two private names made one"),
    ],
)
def test_what_can_change_a_result_counts(project, replacements):
    assert project(edited(*replacements)) != project(FILES)


@pytest.mark.parametrize(
    ("source", "old", "new"),
    [
        pytest.param("def f():\n    return 'text'\n", "text", "other", id="text that is no docstring"),
        pytest.param('"""Text."""\nx = __doc__\n', "Text", "Other", id="docstring that is read"),
        pytest.param("from collections.abc import Set as A\nisinstance(x, A)\n", "Set", "Map", id="class that is tested for"),
        pytest.param("report = rows.append\nreport(1)\n", "1", "2", id="something else named report"),
        pytest.param("class A:\n    def report(self, x): 1\n    def f(self): self.report(1)\n", "report(1)", "report(2)", id="own report"),
        pytest.param("print(1, file=stream)\n", "1", "2", id="print into a file"),
        pytest.param("def f(x, report): report(f'{next(x)}')\n", "next", "list", id="report that does something"),
        pytest.param("def f(x, report): report([*x])\n", "*x", "*y", id="report that reads an iterator"),
        pytest.param("print(x := 1)\n", "1", "2", id="print that binds"),
        pytest.param("raise Found(x)\n", "x", "y", id="value in an exception"),
        pytest.param("raise made('text')\n", "text", "other", id="text of which an exception is made"),
        pytest.param("from pydantic import Field\nclass A(B):\n    a: int = Field(1, exclude=True)\n", "1", "2", id="key that is no parameter"),
        pytest.param("from pydantic import Field\nclass A:\n    a: int = Field(1)\n", "1", "2", id="Field in no section"),
        pytest.param(f"{PYDANTIC}class A(BaseModel):\n    a: int = Field(1)\n", "1", "2", id="model that is no section"),
        pytest.param(f"{PYDANTIC}class A(BaseModel):\n    a: int\n", "int", "str", id="annotation that a model reads"),
        pytest.param("from other import Field\nclass A(B):\n    a: int = Field(1)\n", "(1", "(2", id="other Field"),
        pytest.param("from pydantic import Field\nField = list\nclass A(B):\n    a: int = Field(1)\n", "(1", "(2", id="Field bound anew"),
        pytest.param("from other import Registry\nK = Registry(1)\n", "(1", "(2", id="other registry"),
        pytest.param(VALIDATOR + "        return 1\n", "1", "2", id="validator that gives another value"),
        pytest.param(VALIDATOR + "        self.x = 1\n        return self\n", "1", "2", id="validator that binds"),
        pytest.param(VALIDATOR + "        self = f(1)\n        return self\n", "1", "2", id="validator that exchanges"),
        pytest.param(VALIDATOR + "        global x\n        x = 1\n        return self\n", "1", "2", id="validator that keeps"),
        pytest.param(VALIDATOR + "        self.x.append(1)\n        return self\n", "1", "2", id="validator that acts"),
        pytest.param("@f.register\ndef g(x: int): 1\n", "int", "str", id="annotations that are read"),
        pytest.param("from typing import ClassVar\nclass A:\n    a: ClassVar[int] = 1\n", "ClassVar[int]", "int", id="role"),
        pytest.param("def f():\n    x: int\n", "x", "y", id="local variable that is declared"),
        pytest.param("self._a = 1\nvars(self)\n", "_a", "_b", id="names read as texts"),
        pytest.param("def _a(): 1\nx = '_a'\n", "def _a", "def _b", id="name in a text"),
        pytest.param("def f(_a): 1\nf(_a=1)\n", "_a", "_b", id="keyword"),
        pytest.param("t._fields", "_fields", "_asdict", id="private name of a library"),
        pytest.param("import j\nclass A(j.B):\n    def _a(s): s._a()\n", "_a", "_b", id="foreign base"),
        pytest.param("@made\nclass A:\n    _a = 1\n", "_a", "_b", id="foreign decorator of a class"),
        pytest.param("@made\ndef _a(): 1\n", "_a", "_b", id="foreign decorator"),
        pytest.param("class A(metaclass=M):\n    _a = 1\n", "_a", "_b", id="metaclass"),
        pytest.param("class A:\n    _a: int = 1\n", "_a", "_b", id="private field"),
        pytest.param("class A:\n    if x:\n        _a = 1\n", "_a", "_b", id="what a class has on a condition"),
        pytest.param("def _a(): 1\ndef _b(): 2\ngetattr(m, f'_{x}')\n", "def _a(): 1\ndef _b", "def _b(): 1\ndef _a", id="put together"),
    ],
)  # fmt: skip
def test_what_only_looks_as_if_it_could_not_change_a_result_counts(project, source, old, new):
    assert old in source
    before = project({"src/infoplane/stage.py": source})
    assert project({"src/infoplane/stage.py": source.replace(old, new)}) != before


@pytest.mark.parametrize(
    ("files", "edit"),
    [
        pytest.param({"helper.py": "def _a(): 1\ndef _b(): 2\n", "stage.py": "from .helper import _a\n"},
                     {"helper.py": "def _b(): 1\ndef _a(): 2\n"}, id="imported"),
        pytest.param({"helper.py": "def _a(): 1\ndef _b(): 2\n", "stage.py": "from . import helper\nhelper._a()\n"},
                     {"helper.py": "def _b(): 1\ndef _a(): 2\n"}, id="attribute of a module"),
        pytest.param({"stage.py": "from .base import Base\nclass A(Base):\n    def _hook(self): 2\n"},
                     {"stage.py": "from .base import Base\nclass A(Base):\n    def _other(self): 2\n"}, id="overridden"),
        pytest.param({"base.py": "class Base:\n    def f(self, k): return getattr(self, f'_on_{k}')()\n",
                      "stage.py": "from .base import Base\nclass A(Base):\n    def _on_a(s): 1\n    def _on_b(s): 2\n"},
                     {"stage.py": "from .base import Base\nclass A(Base):\n    def _on_b(s): 1\n    def _on_a(s): 2\n"},
                     id="looked up"),
    ],
)  # fmt: skip
def test_private_names_that_another_module_may_mean_count(project, files, edit):
    before = project({f"src/infoplane/{name}": text for name, text in files.items()})
    assert project({f"src/infoplane/{name}": text for name, text in edit.items()}) != before


@pytest.mark.parametrize(
    ("root", "edit", "counts"),
    [
        (ROOT, {"src/infoplane/helper.py": "def double(x):\n    return x + x\n"}, True),
        (ROOT, {"src/infoplane/other.py": "Other = 2\n"}, False),
        (ROOT, {"src/infoplane/lazy.py": "Lazy = 2\n"}, False),
        (ROOT, {"src/infoplane/section.py": "Count = 2\n"}, False),
        (ROOT, {"src/infoplane/__init__.py": "import os\n"}, True),
        (ROOT, {"src/infoplane/__init__.py": "__all__ = ['x']\ndef __getattr__(name):\n    return name\n"}, False),
        ("infoplane.room.a", {"src/infoplane/room/__init__.py": "KINDS = {}\n"}, True),
        ("infoplane.room.a", {"src/infoplane/room/a.html": "<b>"}, True),
        ("infoplane.room.a", {"src/infoplane/room/a.csv": ""}, True),
        ("infoplane.room.a", {"src/infoplane/room/b.html": "<b>"}, False),
        ("infoplane.room.a", {"src/infoplane/room/a.html~": "<b>"}, False),
        ("workflow/scripts/stage.py", {"src/infoplane/room/a.py": "A = 2\n"}, True),
        ("workflow/scripts/stage.py", {"workflow/scripts/stage.py": "from infoplane.room.a import A\n"}, True),
        ("workflow/scripts/stage.py", {"workflow/scripts/beside.py": "BESIDE = 2\n"}, False),
    ],
)
def test_what_a_root_runs_counts_and_what_it_does_not_run_does_not(project, root, edit, counts):
    before = project(FILES, root)
    assert (project(edit, root) != before) == counts


@pytest.mark.parametrize(
    ("syntax", "followed"),
    [
        ("import infoplane.room.a as x", {"room", "room.a", "room.b", "lazy"}),
        ("from . import base, helper", {"base", "helper"}),
        ("from infoplane.room import a", {"room", "room.a"}),
        ("def f():\n    from .room.a import A", {"room", "room.a"}),
        ("if x:\n    import_module('infoplane.room.a')", {"room", "room.a"}),
        ("import_module('.room.a', __package__)", {"room", "room.a"}),
        ("from .helper import *", {"helper"}),
        ("from .room import *", {"room", "room.b"}),
        ("from .room import KINDS", {"room", "room.b"}),
        ("from infoplane import Lazy", {"lazy"}),
        ("from infoplane.section import Int\nfrom infoplane import condition", set()),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import infoplane.room.a\nelse:\n    from . import helper",
         {"helper"}),
        ("import numpy\nimport infoplane_elsewhere", set()),
    ],
)  # fmt: skip
def test_imports_are_followed(project, syntax, followed):
    project({"src/infoplane/stage.py": syntax})
    assert code.closure(ROOT) == sorted({"infoplane", ROOT} | {f"infoplane.{module}" for module in followed})


def test_a_script_may_import_what_lies_beside_it(project):
    project({"workflow/scripts/stage.py": "import beside\n"}, "workflow/scripts/stage.py")
    assert code.closure("workflow/scripts/stage.py") == ["workflow/scripts/beside.py", "workflow/scripts/stage.py"]


def test_the_closure_as_roots_has_the_same_digest(project):
    before = project(FILES)
    assert code.digest(*code.closure(ROOT)) == before


@pytest.mark.parametrize("root", ["infoplane.nowhere", "workflow/scripts/nowhere.py", "numpy"])
def test_an_unknown_root_is_an_error(project, root):
    with pytest.raises(ModuleNotFoundError, match=root):
        code.digest(root)


def test_a_file_that_is_being_edited_is_an_error_in_one_line(project):
    with pytest.raises(ValueError, match=r"^\S*/infoplane/helper\.py: [^\n]*$"):
        project({"src/infoplane/helper.py": "def double(x):\n    return (2 *\n"})


def test_files_are_read_again_when_asked_to_forget(project, tmp_path):
    before = code.digest(ROOT)
    (tmp_path / "src/infoplane/helper.py").write_text("def double(x):\n    return x\n")
    assert code.digest(ROOT) == before
    code.forget()
    assert code.digest(ROOT) != before


def test_home_is_the_clone_or_inside_the_installed_package(project, tmp_path):
    assert code.home() == tmp_path
    (tmp_path / "Snakefile").unlink()
    assert code.home() == tmp_path / "src/infoplane/_workflow"


@pytest.mark.parametrize(
    ("stage", "registry", "room", "others"),
    [
        ("dataset", DATASETS, "datasets", {"icosahedron", "sufficient"}),
        ("training", None, "training", {"activations", "datasets", "datasets.replicates"}),
        ("measurement", ESTIMATORS, "measures", {"activations", "sufficient"}),
        ("measurement", MEASURES, "measures", {"activations", "sufficient"}),
        (
            "analysis",
            ANALYSES,
            "analyses",
            {"activations", "measures", "measures.derived", "measures.entropy", "statistics"},
        ),
    ],
)
def test_no_stage_reads_the_config_or_another_room(stage, registry, room, others):
    """What keeps digests tight: rooms import downwards only."""
    script = f"workflow/scripts/{stage}.py"
    allowed = {script, "infoplane", *(f"infoplane.{name}" for name in {room, "stores", *others})}
    for kind in registry or [None]:
        closure = code.closure(script, *([registry.module(kind)] if registry else []))
        assert {module for module in closure if not module.startswith(f"infoplane.{room}.")} <= allowed, kind


# What modules that are read take from modules that are not: types, and what surrounds a stage's work.
TAKEN = {
    "infoplane.artifacts": {"digest"},
    "infoplane.condition": {"Condition"},
    "infoplane.jobs": {"Job", "run"},
    "infoplane.logs": {"report"},
    "infoplane.programs": {"kept"},
    "infoplane.section": {
        *("Bins", "Correlation", "Count", "Factor", "Float", "Fraction", "Int", "Magnitude", "Neutral", "Positive"),
        *("Share", "Width"),
        *("Registry", "Section"),
    },
}


def test_nothing_that_computes_is_taken_from_modules_that_are_not_read():
    kinds = [
        registry.module(kind)
        for registry in (ANALYSES, CLAIMS, DATASETS, ESTIMATORS, FIGURES, MEASURES)
        for kind in registry
    ]
    scripts = [f"workflow/scripts/{script.name}" for script in (code.home() / "workflow/scripts").glob("*.py")]
    for module in code.closure(*kinds, *scripts):
        path = code.home() / module if "/" in module else Path(importlib.util.find_spec(module).origin)
        for unread, name in _taken(ast.parse(path.read_text())):
            assert name in TAKEN.get(unread, set()), (module, unread, name)


def test_a_condition_computes_nothing():
    """It is handed to stages, and its module is not read."""
    checks = Condition.__pydantic_decorators__
    computing = (types.FunctionType, property, cached_property, classmethod, staticmethod)
    found = {name for name, value in vars(Condition).items() if isinstance(value, computing)}
    assert found - {"__hash__"} <= {*checks.model_validators, *checks.field_validators}


def _taken(tree):
    """Names that a module takes from modules that are not read."""
    modules = {}
    for node in ast.walk(tree):
        for alias in node.names if isinstance(node, ast.ImportFrom) else []:
            if node.module in code.UNREAD:
                yield node.module, alias.name
            elif f"{node.module}.{alias.name}" in code.UNREAD:
                modules[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            yield modules[node.value.id], node.attr
