"""What the names in a module's syntax mean, and which are its own affair, so that renaming them changes nothing.

Those begin with one underscore. A module's own are bound there, and are nothing that somebody else could mean too: not
in a class with a foreign base, not an attribute of something foreign, not imported, not a keyword, not a field, not in
a text. Where names are read as texts, or put together, none is.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection
from typing import Any

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
ANY = "_"  # among the names that a module speaks of: names are put together there, perhaps those of another module
PRIVATE, TEXT = re.compile(r"_(?!_)\w+"), re.compile(r"(?<!\w)_(?!_)\w+")
# What reads the names of a module, and what takes names, which may have been put together.
READERS = {"vars", "dir", "globals", "locals", "eval", "exec", "__dict__", "__name__", "__qualname__"}
LOOKUPS = {"getattr", "setattr", "hasattr", "delattr", "attrgetter", "methodcaller"}
# Bases that share no private names with their classes, and decorators that make nothing of a name; others might.
BASES = {"object", "abc.ABC", "typing.NamedTuple", "typing.Protocol"}
DECORATORS = {
    *("property", "setter", "cached_property", "staticmethod", "classmethod", "abstractmethod", "dataclass"),
    *("cache", "lru_cache", "contextmanager", "function", "custom_gradient"),  # the last two are TensorFlow's
}
# What a tree says twice, or to type checkers.
SKIPPED = {"ctx", "simple", "type_comment", "type_ignores", "type_params"}


def plain(tree: ast.AST, own: Collection[str]) -> Any:
    """The tree as nested tuples, without positions: `own` names as numbers, in the order in which they appear.

    The same for every version of Python: newer ones have more fields, empty for what older ones can say.
    """
    numbers: dict[str, int] = {}

    def write(node: Any) -> Any:
        if isinstance(node, ast.Constant):
            return "Constant", node.value
        if isinstance(node, ast.AST):
            fields = [(name, value) for name, value in ast.iter_fields(node) if value is not None and value != []]
            return type(node).__name__, *((name, write(value)) for name, value in fields if name not in SKIPPED)
        if isinstance(node, list):
            return tuple(map(write, node))
        return numbers.setdefault(node, len(numbers)) if node in own else node

    return write(tree)


def names(tree: ast.AST) -> _Names:
    """The names of a module."""
    found = _Names()
    found.visit(tree)
    return found


class _Names(ast.NodeVisitor):
    """The names of a module.

    `origins` are the full names of what it imports, by the names that it gives them; `defined` what it binds otherwise,
    but for what `arguments` bind, and imports that rename; `read` names that it uses; `held` and `used` attributes that
    it binds and uses; `said` what others are told: names imported, keywords, fields, words of texts.
    """

    def __init__(self) -> None:
        self.origins: dict[str, str] = {}
        self.defined: set[str] = set()
        self.arguments: set[str] = set()
        self.read: set[str] = set()
        self.held: set[str] = set()
        self.used: set[str] = set()
        self.said: set[str] = set()
        self._classes: list[ast.ClassDef] = []
        self._lookups = 0  # under names that do not stand there as texts

    def foreign(self) -> set[str]:
        """What it uses of others: names not bound in it, attributes, and what it imports by short and full names."""
        imported = set(self.origins.values())
        short = {name.rpartition(".")[2] for name in imported}
        return (self.read - self.defined - self.arguments) | self.held | self.used | imported | short

    def own(self) -> frozenset[str]:
        """Its own private names, as far as it alone can tell."""
        if self.foreign() & READERS:
            return frozenset()
        found = (self.defined | self.arguments | self.held) - self.said - (self.used - self.held)
        found -= self.held | self.used if any(map(self._is_foreign, self._classes)) else set()
        return frozenset(filter(PRIVATE.fullmatch, found))

    def spoken(self) -> frozenset[str]:
        """All private names in it, and `ANY` where names are put together."""
        found = self.defined | self.arguments | self.read | self.held | self.used | self.said
        return frozenset([*filter(PRIVATE.fullmatch, found), *([ANY] if self._lookups else [])])

    def _is_foreign(self, node: ast.ClassDef) -> bool:
        """Whether a class has a base, a metaclass or a decorator that may know its private names."""
        here = BASES | {other.name for other in self._classes}
        bases = [self.origins.get(base.id, base.id) if isinstance(base, ast.Name) else "" for base in node.bases]
        known = all(base in here or base.startswith("infoplane.") for base in bases)
        return not known or bool(node.keywords) or not _is_plain(node)

    def visit_Name(self, node: ast.Name) -> None:
        (self.defined if isinstance(node.ctx, ast.Store) else self.read).add(node.id)
        self._lookups += node.id in LOOKUPS

    def visit_Attribute(self, node: ast.Attribute) -> None:
        (self.held if isinstance(node.ctx, ast.Store) else self.used).add(node.attr)
        self._lookups += node.attr in LOOKUPS
        self.visit(node.value)

    def visit_Call(self, node: ast.Call) -> None:
        if _last(node) in LOOKUPS and all(isinstance(part, ast.Constant) for part in node.args[1:2] or node.args):
            self._lookups -= 1
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        self.defined.add(node.name)
        self.said |= set() if _is_plain(node) else {node.name}
        self.generic_visit(node)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._classes.append(node)
        for part in node.body:
            # of fields, and of what is bound on a condition, others are told
            (self.held if isinstance(part, (*DEFINITIONS, ast.Assign)) else self.said).update(_bound_by(part))
        self.visit_FunctionDef(node)

    def visit_arg(self, node: ast.arg) -> None:
        self.arguments.add(node.arg)
        self.generic_visit(node)

    def visit_keyword(self, node: ast.keyword) -> None:
        self.said.add(node.arg or "")
        self.visit(node.value)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            top = alias.name.split(".")[0]
            self.origins[alias.asname or top] = alias.name if alias.asname else top
        self.generic_visit(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            self.origins[alias.asname or alias.name] = "." * node.level + f"{node.module or ''}.{alias.name}"
        self.generic_visit(node)

    def visit_alias(self, node: ast.alias) -> None:
        self.arguments.add(node.asname or "")
        self.said.add(node.name)

    def visit_MatchClass(self, node: ast.MatchClass) -> None:
        self.used.update(node.kwd_attrs)
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        self.said.update(TEXT.findall(node.value) if isinstance(node.value, str) else [])


def _is_plain(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    return all(_last(decorator) in DECORATORS for decorator in node.decorator_list)


def _bound_by(part: ast.stmt) -> set[str]:
    """What a statement of a class body adds to the class."""
    stored = (node for node in ast.walk(part) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
    return {part.name} if isinstance(part, DEFINITIONS) else {node.id for node in stored}


def _last(node: ast.AST) -> str:
    """The last word of what an expression names or calls."""
    node = node.func if isinstance(node, ast.Call) else node
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")
