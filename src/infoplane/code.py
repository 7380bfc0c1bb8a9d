"""The code digest: a hash of what a stage's code computes, not of how it is written.

A stage starts at its script and at the module of its kind. The digest covers what these mean (`meaning.py`), and every
infoplane module that they import, directly or not, the `__init__.py` that importing runs, and the files that belong to
a module (`claims/page.html` to `claims/page.py`). Snakemake alone sees neither imported helpers nor the difference
between a comment and a change. Registries name modules as text, so a digest covers its own kind and not the siblings.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from infoplane import plugins
from infoplane.meaning import essence
from infoplane.names import ANY, names, plain

ROOT = Path(__file__).parent
PACKAGE = ROOT.name
# Modules that no result depends on, each with the reason: neither digested nor followed.
UNREAD = {
    "infoplane.section": "types of config keys: they refuse, and what they let through is in the parameters",
    "infoplane.condition": "declares and checks the keys of a condition, which are parameters",
    "infoplane.config": "declares the config; what follows from it is in the parameters",
    "infoplane.checks": "refuses a config, or does not",
    "infoplane.plan": "makes parameters and inputs, which the ids cover beside the code",
    "infoplane.artifacts": "ids, manifests, locks: where results are kept, not what is in them",
    "infoplane.jobs": "what is around a stage's own work: lock, check, manifest",
    "infoplane.retention": "which activations stay, and only as they were made",
    "infoplane.programs": "compiled programs, which compute the same whether kept or made anew",
    "infoplane.logs": "what people read while a job runs",
    "infoplane.code": "makes these digests: made in another way, they are others",
}
NAME = re.compile(r"\.+\w+(\.\w+)*|\w+(\.\w+)+")  # of a module, in a text


class _Source(NamedTuple):
    """What there is to know of one file."""

    tree: ast.Module  # its essence
    belongings: tuple[str, ...]  # the files that belong to it, with their digests
    imports: frozenset[str]
    asks: frozenset[str]  # modules of which it may take what they import only when asked
    asked: frozenset[str]  # what it imports itself only when asked
    own: frozenset[str]  # private names, as far as it alone can tell
    spoken: frozenset[str]  # private names that it speaks of


def home() -> Path:
    """The folder with Snakefile, workflow/ and config/: of a clone, else of an installed wheel."""
    clone = ROOT.parents[1]
    return clone if (clone / "Snakefile").is_file() else ROOT / "_workflow"


def digest(*roots: str) -> str:
    """Hex digest (16 digits) of all that the roots run.

    A root is a module (`infoplane.measures.binned`, or one of a package that brings kinds) or a file of the workflow
    (`workflow/scripts/training.py`).

    Raises:
        ModuleNotFoundError: there is no such module or file.
        ValueError: one of the files cannot be parsed.
    """
    return _digest(_closure(roots))


def closure(*roots: str) -> list[str]:
    """The roots and all infoplane modules that they import, sorted; raises as `digest` does."""
    return list(_closure(roots))


def forget() -> None:
    """Read the files again when they are next asked for: they may have been edited."""
    for cached in (_file, _source, _closure, _digest, _digest_of):
        cached.cache_clear()


@cache
def _digest(modules: tuple[str, ...]) -> str:
    spoken = {module: _source(module).spoken for module in modules}
    together = any(ANY in found for found in spoken.values())
    total = hashlib.sha256()
    for module in modules:
        others = set().union(*(found for other, found in spoken.items() if other != module))
        own = frozenset() if together else _source(module).own - others
        total.update(f"{module}={_digest_of(module, own)}\n".encode())
    return total.hexdigest()[:16]


@cache
def _digest_of(module: str, own: frozenset[str]) -> str:
    source = _source(module)
    return hashlib.sha256(ascii((plain(source.tree, own), source.belongings)).encode()).hexdigest()


@cache
def _closure(roots: tuple[str, ...]) -> tuple[str, ...]:
    seen: set[str] = set()
    waiting = list(roots)
    while waiting:
        module = waiting.pop()
        if module in seen or module in UNREAD:
            continue
        seen.add(module)
        source = _source(module)
        waiting += [package for package in _within(module) if _file(package)]
        waiting += source.imports
        waiting += [name for other in source.asks - UNREAD.keys() for name in _source(other).asked]
    return tuple(sorted(seen))


@cache
def _file(module: str) -> Path | None:
    """Where a module or a file of the workflow lies; None if there is no such thing."""
    if "/" in module:
        places = [home() / module]
    else:
        package, *parts = module.split(".")
        base = ROOT.joinpath(*parts) if package == PACKAGE else plugins.file(module)
        places = [base / "__init__.py", base.with_name(f"{base.name}.py")] if base else []
    return next((place for place in places if place.is_file()), None)


@cache
def _source(module: str) -> _Source:
    path = _file(module)
    if path is None:
        raise ModuleNotFoundError(f"{module} is neither a module of {PACKAGE} nor a file of its workflow")
    try:
        tree, found = _parsed(path.read_bytes(), path.name)
    except (SyntaxError, ValueError) as error:
        raise ValueError(f"{path}: not to be read as Python: {' '.join(str(error).split())}") from None
    now, later = _nodes(tree)
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    (imports, asks), (asked, _) = _imports(now, package), _imports(later, package)
    # `import *` imports the modules of a package that its `__all__` names
    texts = (node.value for node in later if isinstance(node, ast.Constant) and isinstance(node.value, str))
    asked |= {f"{module}.{text}" for text in texts if text.isidentifier()}
    if "/" in module:  # a script finds the modules beside it
        imports |= {f"{module.rpartition('/')[0]}/{name.replace('.', '/')}.py" for name in imports}
    if module == PACKAGE:  # what `import infoplane` offers is imported when asked for, and counts where it is used
        tree = ast.Module([part for part in tree.body if not _waits(part)], [])
        found = _private(tree)

    def there(modules: set[str]) -> frozenset[str]:
        return frozenset(filter(_file, modules))

    return _Source(tree, _belongings(path), there(imports), there(asks), there(asked), *found)


@cache  # by content, so there is nothing to forget
def _parsed(text: bytes, name: str) -> tuple[ast.Module, tuple[frozenset[str], frozenset[str]]]:
    """The essence of a file's text, and the private names that are its own and that it speaks of."""
    tree = essence(ast.parse(text, name), UNREAD)
    return tree, _private(tree)


def _private(tree: ast.Module) -> tuple[frozenset[str], frozenset[str]]:
    found = names(tree)
    return found.own(), found.spoken()


def _belongings(path: Path) -> tuple[str, ...]:
    found = [file for file in path.parent.iterdir() if file.name.partition(".")[0] == path.stem and file.is_file()]
    found = [file for file in found if file.suffix not in (".py", ".pyc", ".pyi") and not file.name.endswith("~")]
    return tuple(f"{file.name}={hashlib.sha256(file.read_bytes()).hexdigest()}" for file in sorted(found))


def _nodes(tree: ast.Module) -> tuple[list[ast.AST], list[ast.AST]]:
    """The nodes of a module; apart from them those of `__getattr__` and `__all__`, which wait for somebody to ask."""
    now: list[ast.AST] = []
    later: list[ast.AST] = []
    for part in tree.body:
        (later if _waits(part) else now).extend(ast.walk(part))
    return now, later


def _waits(part: ast.stmt) -> bool:
    targets = part.targets if isinstance(part, ast.Assign) else [part]
    return any(getattr(t, "name", getattr(t, "id", "")) in ("__getattr__", "__all__") for t in targets)


def _imports(nodes: Iterable[ast.AST], package: str) -> tuple[set[str], set[str]]:
    """What syntax in a package imports, modules named in texts included; and what it takes more than modules from."""
    found: set[str] = set()
    asks: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
            asks.update(name for alias in node.names for name in _within(alias.name))
        elif isinstance(node, ast.ImportFrom):
            base = _absolute("." * node.level + (node.module or ""), package)
            taken = {f"{base}.{alias.name}" for alias in node.names}
            found |= {base, *taken}
            asks |= {base} if any(_file(name) is None and name not in UNREAD for name in taken) else set()
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and NAME.fullmatch(node.value):
            found.add(_absolute(node.value, package))
    return found, asks


def _absolute(name: str, package: str) -> str:
    """A module's name without the dots in front, each but the first of which is one package up."""
    level = len(name) - len(name.lstrip("."))
    parents = package.split(".")[: len(package.split(".")) - level + 1] if level else []
    return ".".join([*parents, name.lstrip(".")]).rstrip(".")


def _within(module: str) -> list[str]:
    """`a`, `a.b`, `a.b.c` for `a.b.c`."""
    parts = module.split(".")
    return [".".join(parts[: stop + 1]) for stop in range(len(parts))]
