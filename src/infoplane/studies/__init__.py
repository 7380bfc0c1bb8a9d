"""Studies: folders with a config of their own, which this project's workflow runs.

`create` makes one that runs as it is: with the user's data or the paper's, a small network that fits them, a few
figures and claims. `command` is how Snakemake runs the workflow, wherever this package is installed, in a study.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from jinja2 import Environment, StrictUndefined

from infoplane import code, loading, reference
from infoplane.datasets import DATASETS
from infoplane.datasets.base import Dataset

CONFIG = Path("config/config.yaml")
# By the file's ending, with what is expected inside.
KINDS = {
    ".npz": ("npz", "arrays x (samples, features) and y (samples), made with numpy.savez"),
    ".mat": ("mat", "the patterns F (samples, features) and their labels y, up to v7.2"),
}
FEW_SAMPLES, MANY_SAMPLES = 20, 20_000
LARGE = 5.0  # where tanh of a sum of such inputs is flat


@dataclass(frozen=True)
class Data:
    """The data that a study learns from, and what fits them: a name for the config, where they are, how they look."""

    name: str
    kind: str
    file: Path | None
    samples: int
    features: int
    classes: int
    largest: float

    @property
    def hidden(self) -> list[int]:
        """Four layers, each three units narrower than the one before; the last has room for all classes."""
        last = max(3, 1 + math.ceil(math.log2(self.classes)))
        return [last + 9, last + 6, last + 3, last]

    @property
    def output(self) -> str:
        """One unit for two classes, a unit for each of more."""
        return "sigmoid" if self.classes == 2 else "softmax"

    @property
    def batch_size(self) -> int:
        """A power of two, up to 64, of which an epoch has eight at least where the samples suffice."""
        return 2 ** max(0, min(6, math.floor(math.log2(max(1.0, 0.85 * self.samples / 8)))))

    @property
    def epochs(self) -> int:
        """As many as take a minute or so: fewer of more samples."""
        return max(50, min(1000, 4_000_000 // self.samples // 10 * 10))

    def notes(self) -> list[str]:
        """What the user may want to change about the data, a line each."""
        found = []
        if self.largest > LARGE:
            found.append(
                f"x reaches {self.largest:g}: tanh saturates, training may stall; scale the features to about 1"
            )
        if self.samples > MANY_SAMPLES:
            found.append(
                f"{self.samples} samples: a subset of some {MANY_SAMPLES} shows the same and takes a minute or two"
            )
        return found


def create(folder: Path, file: Path | None = None) -> list[str]:
    """Make a new study in a folder; lines that the user should know about the data.

    With a `file` (npz or mat) the study learns from it: checked first, and copied, so that the folder stands alone.

    Raises:
        ValueError: the folder has something in it, or the file cannot be used; one line.
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder}: is a file; give a new folder")
    if folder.is_dir() and any(folder.iterdir()):
        raise ValueError(f"{folder}: is not empty; give a new folder")
    data = own(file) if file is not None else spherical()
    texts = _texts(folder, data)
    _check(yaml.safe_load(texts[CONFIG]), data)
    try:
        for path, text in texts.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        if data.file is not None:
            (folder / "data").mkdir()
            shutil.copyfile(data.file, folder / "data" / data.file.name)
    except OSError as error:
        raise ValueError(f"{error.filename}: {error.strerror}") from None
    return data.notes()


def spherical() -> Data:
    """The data of [ST17]."""
    return _described("spherical", None, DATASETS["spherical"]())


def own(file: Path) -> Data:
    """A file of the user, checked.

    Raises:
        ValueError: it cannot be used; one line with its name.
    """
    kind, _ = KINDS.get(file.suffix.lower(), (None, ""))
    if kind is None:
        allowed = "; ".join(f"{suffix}: {content}" for suffix, (_, content) in KINDS.items())
        raise ValueError(f"{file}: unknown kind of file; allowed: {allowed}")
    data = _described("own", file, DATASETS[kind].model_validate({"path": file}))
    if data.samples < FEW_SAMPLES:
        raise ValueError(
            f"{file}: {data.samples} samples; {FEW_SAMPLES} or more are needed, since 15 % of them only test"
        )
    return data


def _described(name: str, file: Path | None, section: Dataset) -> Data:
    found = section.distribution()
    samples, features, classes = (found.sizes[dim] for dim in ("sample", "feature", "class"))
    return Data(name, section.kind, file, samples, features, classes, float(np.abs(found["x"]).max()))


def _texts(folder: Path, data: Data) -> dict[Path, str]:
    """The files of a study and their text; the reference and the schema are for the editor and its user."""
    engine = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)
    engine.filters["quoted"] = json.dumps  # JSON is YAML
    templates = {CONFIG: "config.yaml.jinja", Path("README.md"): "README.md.jinja"}
    contents = KINDS.get(f".{data.kind}", ("", ""))[1]
    values = {"data": data, "title": folder.resolve().name, "contents": contents}
    here = files("infoplane.studies")
    return {
        **{path: engine.from_string((here / name).read_text()).render(values) for path, name in templates.items()},
        Path(".gitignore"): "results/\n.snakemake/\n",
        **reference.files(),
    }


def _check(values: dict[str, Any], data: Data) -> None:
    """The config as it will be found in the study, before it is there."""
    if data.file is not None:
        values["datasets"][data.name]["path"] = str(data.file)
    loading.load(values)


def command(arguments: Sequence[str]) -> list[str]:
    """Snakemake with this project's workflow; `arguments` are its own and win over what is given here.

    Raises:
        ValueError: the working directory is no study, and the arguments name none.
    """
    home = code.home()
    elsewhere = ("-d", "--directory", "--configfile", "-h", "--help", "-v", "--version")
    if not CONFIG.is_file() and not any(_is(argument, elsewhere) for argument in arguments):
        raise ValueError(
            f"{CONFIG}: not in this folder; `infoplane new FOLDER` makes a study, in which to run this; `infoplane run "
            f"--configfile {home / CONFIG}` makes every figure of the papers, here"
        )
    options = ["--snakefile", str(home / "Snakefile"), "--workflow-profile", _profile("profiles/default", home)]
    # a later `--cores` wins; what may come from elsewhere does not
    counted = ("-j", "--jobs", "--profile", "--workflow-profile")
    if not any(_is(argument, counted) for argument in arguments) and "SNAKEMAKE_PROFILE" not in os.environ:
        options += ["--cores", "all"]
    return [sys.executable, "-P", "-m", "snakemake", *options, *(_profile(argument, home) for argument in arguments)]


def _profile(argument: str, home: Path) -> str:
    """A profile of ours, `profiles/NAME`, where the study has none of its own; any other argument as it is."""
    ours = argument.startswith("profiles/") and not Path(argument).is_dir() and (home / argument).is_dir()
    return str(home / argument) if ours else argument


def _is(argument: str, options: Sequence[str]) -> bool:
    """Whether it is one of the options, with a value attached or not."""
    return any(
        argument.partition("=")[0] == option if option.startswith("--") else argument.startswith(option)
        for option in options
    )
