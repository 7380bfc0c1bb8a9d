"""What of a module's syntax can change a result.

Left out are comments and format, docstrings, annotations, what is declared for a config (the values are parameters),
checks that only refuse, registries (a stage starts at its own kind), messages to people, and how a module names what is
its own affair (`names.py`). Whatever is not surely one of these counts.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection
from typing import Any

from infoplane.names import names

# Modules whose names declare: to import one that is then used in annotations alone does nothing.
DECLARING = {"__future__", "collections.abc", "pydantic", "pydantic_core", "typing", "typing_extensions"}
TYPE_CHECKING, ANNOTATED = "typing.TYPE_CHECKING", "typing.Annotated"
FIELD, VALIDATORS = "pydantic.Field", {"pydantic.model_validator", "pydantic.field_validator"}
REGISTRY, NEUTRAL = "infoplane.section.Registry", "infoplane.section.Neutral"
MESSAGES = {"print", "report", "self.report", "infoplane.logs.report", "warnings.warn"}
# Calls that only return a value. What else a message calls, or has in it, could do more.
QUIET = {"abs", "float", "int", "len", "repr", "round", "str", "type"}
EFFECTS = (ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom, ast.Starred, ast.comprehension)
# What reads annotations, or docstrings, while the program runs: in a module that uses it, they count.
TYPE_READERS = {
    *("BaseModel", "RootModel", "TypeAdapter", "create_model", "validate_call", "pydantic.dataclasses.dataclass"),
    *("singledispatch", "singledispatchmethod", "register"),
    *("get_type_hints", "get_annotations", "signature", "__annotations__"),
}
DOCSTRING_READERS = {"__doc__", "getdoc"}
ROLE = re.compile(r"(\w+\.)*(ClassVar|InitVar|KW_ONLY|Final)\b")  # annotations that decide what is a field


def essence(tree: ast.Module, declaring: Collection[str]) -> ast.Module:
    """The tree, changed in place, without what cannot change a result; `declaring` are modules that only declare."""
    tree = _Essence(tree).visit(tree)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    tree.body = [node for node in tree.body if not _is_idle(node, used, DECLARING.union(declaring))]
    return tree


class _Essence(ast.NodeTransformer):
    """Takes out of a module's tree what cannot change a result."""

    def __init__(self, tree: ast.Module) -> None:
        found = names(tree)
        self.defined = found.defined
        self.origins = {name: origin for name, origin in found.origins.items() if name not in found.defined}
        self.typed = not TYPE_READERS.isdisjoint(found.foreign())
        self.documented = not DOCSTRING_READERS.isdisjoint(found.foreign())
        self.within: ast.ClassDef | None = None  # the class whose body it is in

    def origin(self, node: ast.AST) -> str:
        """The full name of what an expression names or calls; empty if it does neither."""
        node, parts = node.func if isinstance(node, ast.Call) else node, []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        return ".".join([self.origins.get(node.id, node.id), *reversed(parts)]) if isinstance(node, ast.Name) else ""

    def visit_Pass(self, node: ast.Pass) -> None:
        return None

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        if isinstance(node.value, ast.Constant):
            return node if self.documented else None
        return None if self._is_message(node.value) else self.generic_visit(node)

    def visit_If(self, node: ast.If) -> Any:
        if self.origin(node.test) != TYPE_CHECKING:
            return self.generic_visit(node)
        node.body = []
        self.generic_visit(node)
        return node.orelse

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        node.msg = None
        return self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        if isinstance(node.exc, ast.Call):
            name = self.origin(node.exc).rpartition(".")[2]
            if name.lstrip("_")[:1].isupper():  # a class: what a function makes of a text may be anything
                node.exc.args = [argument for argument in node.exc.args if not _is_text(argument)]
        return self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> ast.AST | None:
        is_registry = isinstance(node.value, ast.Call) and self.origin(node.value) == REGISTRY
        return None if is_registry else self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        if self.origin(node.value) == ANNOTATED and not self.typed and isinstance(node.slice, ast.Tuple):
            first, *marks = node.slice.elts
            node.slice.elts = [first, *(mark for mark in marks if self.origin(mark) == NEUTRAL)]
            return self.generic_visit(node) if len(node.slice.elts) > 1 else self.visit(first)
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        if self.typed:
            return self.generic_visit(node)
        if self.within is None and node.value:
            return self.visit(ast.Assign([node.target], node.value))
        calls = [part for part in ast.walk(node.annotation) if isinstance(part, ast.Call)]
        kept: list[ast.expr] = [call for call in calls if self.origin(call) == NEUTRAL]
        if self._is_declared(node.value):
            if not kept:
                return None
            node.value = None
        role = ROLE.match(ast.unparse(node.annotation).strip("'\""))
        node.annotation = ast.Tuple([*kept, *([ast.Constant(role[2])] if role else [])])
        return self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self._visit_within(node, node)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST | None:
        if self.within and (node.name == "misfits" or self._only_refuses(node)):
            return None
        if not self.typed:
            given, node.returns = node.args, None
            for argument in (*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg):
                if argument:
                    argument.annotation = None
        return self._visit_within(node, None)

    visit_AsyncFunctionDef = visit_FunctionDef

    def _visit_within(self, node: Any, within: ast.ClassDef | None) -> ast.AST:
        outside, self.within = self.within, within
        self.generic_visit(node)
        self.within = outside
        return node

    def _is_declared(self, value: ast.expr | None) -> bool:
        """Whether a value in a class body is `Field(...)`: a key of a section, whose value is in the parameters."""
        if not (self.within and self.within.bases and isinstance(value, ast.Call) and self.origin(value) == FIELD):
            return False
        return not any(option.arg is None or option.arg.startswith("exclude") for option in value.keywords)

    def _only_refuses(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
        """Whether a function is a validator that gives back what it was given, as it was."""
        given, parts = {argument.arg for argument in node.args.args}, list(ast.walk(node))
        returned = [part.value for part in parts if isinstance(part, ast.Return)]
        bound = [part for part in parts if isinstance(getattr(part, "ctx", None), ast.Store | ast.Del)]
        return (
            any(self.origin(decorator) in VALIDATORS for decorator in node.decorator_list)
            and all(isinstance(value, ast.Name) and value.id in given for value in returned)
            and not any(isinstance(part, ast.Attribute | ast.Subscript) for part in bound)
            and not any(isinstance(part, ast.Name) and part.id in given for part in bound)
            and not any(isinstance(part, ast.Expr) and isinstance(part.value, ast.Call) for part in parts)
            and not any(isinstance(part, ast.Global | ast.Nonlocal) for part in parts)
        )

    def _is_message(self, node: ast.expr) -> bool:
        """Whether an expression says something to people and does nothing else."""
        name = self.origin(node)
        if not isinstance(node, ast.Call) or (name not in MESSAGES and not name.startswith(("logger.", "logging."))):
            return False
        inside = [part for argument in (*node.args, *node.keywords) for part in ast.walk(argument)]
        return (
            name.rpartition(".")[2] not in self.defined
            and not any(keyword.arg in (None, "file") for keyword in node.keywords)
            and not any(isinstance(part, EFFECTS) for part in inside)
            and all(self.origin(part) in QUIET - self.defined for part in inside if isinstance(part, ast.Call))
        )


def _is_text(node: ast.expr) -> bool:
    if isinstance(node, ast.BinOp):  # "..." % x, "..." + x
        return _is_text(node.left)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):  # "...".format(x)
        return _is_text(node.func.value)
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _is_idle(node: ast.stmt, used: set[str], declaring: set[str]) -> bool:
    """Whether an import brings only names that declare, and that nothing uses; such names are taken out of others."""
    if isinstance(node, ast.ImportFrom) and not node.level and node.module in declaring:
        node.names = [alias for alias in node.names if alias.asname or alias.name in (*used, "*")]
    elif isinstance(node, ast.Import):
        idle = {alias.name for alias in node.names if alias.name in declaring and not alias.asname}
        node.names = [alias for alias in node.names if alias.name not in idle or alias.name.split(".")[0] in used]
    return isinstance(node, ast.Import | ast.ImportFrom) and not node.names
