"""The code digest: a hash of what a stage's modules mean, not of how they are written.

It covers the syntax tree, without docstrings, of the given modules and of every infoplane module they import
(Snakemake alone sees neither imported helpers nor the difference between a comment and a change). Registries name
modules as text, so a stage's digest covers its own kind and not the siblings.
"""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent
PACKAGE = ROOT.name


def digest(*modules: str) -> str:
    """Hex digest (16 digits) of the modules and of all infoplane modules that they import, directly or not."""
    total = hashlib.sha256()
    for module in closure(*modules):
        total.update(f"{module}={_module_digest(module)}\n".encode())
    return total.hexdigest()[:16]


def closure(*modules: str) -> list[str]:
    """The modules and all infoplane modules that they import, sorted."""
    seen: set[str] = set()
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module not in seen:
            seen.add(module)
            waiting.extend(_imports(module))
    return sorted(seen)


@cache
def _tree(module: str) -> ast.Module:
    path = _path(module)
    if path is None:
        raise ModuleNotFoundError(f"{module} is not a module of {PACKAGE}")
    return ast.parse(path.read_text())


@cache
def _module_digest(module: str) -> str:
    return hashlib.sha256(repr(_meaning(_tree(module))).encode()).hexdigest()


def _path(module: str) -> Path | None:
    """Where a module of the package lies; None if there is no such module."""
    name, *parts = module.split(".")
    if name != PACKAGE:
        return None
    base = ROOT.joinpath(*parts)
    candidates = [base / "__init__.py", *([base.with_suffix(".py")] if parts else [])]
    return next((path for path in candidates if path.is_file()), None)


@cache
def _imports(module: str) -> frozenset[str]:
    path = _path(module)
    package = module if path is not None and path.name == "__init__.py" else module.rpartition(".")[0]
    found = set()
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*parents, *([base] if base else [])])
            # `from package import name`: the name is a module or something defined in the package itself
            found.update(f"{base}.{alias.name}" if _path(f"{base}.{alias.name}") else base for alias in node.names)
    return frozenset(name for name in found if _path(name))


def _meaning(node: Any) -> Any:
    """The syntax tree as nested tuples: no positions, no docstrings, no empty fields (they vary with Python)."""
    if isinstance(node, list):
        return tuple(_meaning(item) for item in node)
    if not isinstance(node, ast.AST):
        return node
    fields = []
    for name, value in ast.iter_fields(node):
        if name == "body" and isinstance(value, list) and _is_docstring(node, value):
            value = value[1:]
        if value is not None and value != []:
            fields.append((name, _meaning(value)))
    return (type(node).__name__, *fields)


def _is_docstring(node: ast.AST, body: list[ast.stmt]) -> bool:
    documented = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    return (
        documented
        and bool(body)
        and isinstance(body[0], ast.Expr)
        and isinstance(body[0].value, ast.Constant)
        and isinstance(body[0].value.value, str)
    )
