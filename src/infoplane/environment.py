"""What a result was made with, beside the project's own code: packages, Python, platform, processor, and the commit."""

from __future__ import annotations

import hashlib
import platform
import re
import subprocess
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from infoplane import code

PACKAGES = (
    "infoplane",
    "numpy",
    "xarray",
    "zarr",
    "numcodecs",
    "tensorflow",
    "keras",
    "llvmlite",
    "scipy",
    "scikit-learn",
    "pandas",
    "matplotlib",
    "seaborn",
    "pillow",
    "snakemake",
)
LOCK = "environment.lock"
PINNED = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)
# Extensions of the instruction set that decide which kernels run, and so the last bits of a sum.
INSTRUCTIONS = ("avx", "avx2", "fma", "avx512f", "avx512_bf16", "amx_tile", "asimd", "sve")


@cache
def packages() -> dict[str, str | None]:
    """The versions of the packages that results depend on."""

    def installed(package: str) -> str | None:
        try:
            return version(package)
        except PackageNotFoundError:
            return None

    return {package: installed(package) for package in PACKAGES}


@cache
def lock() -> str | None:
    """Digest (12 hex digits of sha256) of environment.lock; None if it is not here, or not what is installed."""
    path = code.home() / LOCK
    if not path.is_file():
        return None
    text = path.read_text()
    locked: dict[str, set[str]] = {}
    for name, found in PINNED.findall(text):
        locked.setdefault(name, set()).add(found)
    others = {name: found for name, found in packages().items() if name != "infoplane"}
    if any(found not in locked.get(name, ()) for name, found in others.items()):
        return None
    return digest(path)


def digest(lock: Path) -> str:
    """12 hex digits of the sha256 of a lock."""
    return hashlib.sha256(lock.read_bytes()).hexdigest()[:12]


@cache
def environment() -> dict[str, Any]:
    """Code version (git), package versions and the lock that has them, platform and processor."""
    commit, dirty = _commit()
    model, flags = _processor()
    return {
        "git_commit": commit,
        "git_dirty": dirty,
        "python": platform.python_version(),
        "packages": packages(),
        "lock": lock(),
        "platform": f"{sys.platform}-{platform.machine()}",
        "processor": model,
        "instructions": [name for name in INSTRUCTIONS if name in flags],
    }


def _commit() -> tuple[str | None, bool | None]:
    def git(*arguments: str) -> str | None:
        command = ["git", "-C", str(Path(__file__).parent), *arguments]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
        except (OSError, subprocess.SubprocessError):
            return None
        return done.stdout.strip()

    # installed inside somebody else's repository, that repository's commit would say nothing about this code
    if git("ls-files", "--error-unmatch", Path(__file__).name) is None:
        return None, None
    status = git("status", "--porcelain", "--untracked-files=no")
    return git("rev-parse", "HEAD"), None if status is None else bool(status)


def _processor() -> tuple[str, set[str]]:
    """The processor's name and its flags, as far as the system tells."""
    try:
        lines = [line.partition(":") for line in Path("/proc/cpuinfo").read_text().splitlines()]
    except OSError:
        return platform.processor(), set()
    told = {key.strip(): value.strip() for key, _, value in reversed(lines)}
    flags = told.get("flags") or told.get("Features") or ""
    return told.get("model name", platform.processor()), set(flags.split())
