"""What each kind of dataset, estimator and analysis owes to what reads it: ValueError, in one line, where it is not so.

Checked by the workflow on every store that a job has written, and by `infoplane.testing` on a kind that is being made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from infoplane import stores
from infoplane.datasets.base import MAX_CLASSES
from infoplane.measures import ESTIMATORS, MEASURES

AXES = ("replicate", "epoch", "layer")
TOLERANCE = 1e-6  # of a sum of probabilities
HEAD = ("name", "varied", "experiment", "condition", "replicates", "replicates_used")  # of an analysis' condition


def check(stage: str, kind: str | None, folder: Path, inputs: Mapping[str, Sequence[Path]]) -> None:
    """Check the store of a stage in `folder`, made by a kind from the folders of its inputs."""
    path = folder / f"{stage}.zarr.zip"
    if stage == "dataset":
        with stores.open_dataset(path) as found:
            dataset(found)
    elif stage == "analysis":
        with stores.open_tree(path) as tree:
            analysis(tree)
    elif stage == "measurement":
        quantities = ESTIMATORS[kind].quantities if kind and kind in ESTIMATORS else ()
        with stores.open_dataset(path) as found:
            if kind and kind in MEASURES and MEASURES[kind].reads == "dataset":
                described(found)
                return
            with stores.open_tree(inputs["training"][0] / "training.zarr.zip") as training:
                measurement(found, training, quantities)


def dataset(found: xr.Dataset) -> None:
    """`x` (sample, feature), `p_x` (sample), `p_y_given_x` (sample, class): finite, and probabilities.

    Or `target_mean` (sample), finite, in the place of `p_y_given_x`: then there are no classes. `label` (or `target`)
    and `order` (replicate, sample), where they are drawn: classes, and permutations.
    """
    real = "target_mean" in found
    axes = {"x": ("sample", "feature"), "p_x": ("sample",)}
    axes |= {"target_mean": ("sample",)} if real else {"p_y_given_x": ("sample", "class")}
    for name, dims in axes.items():
        _needed(name in found, f"{name}: missing", f"{name} {dims}")
        _needed(found[name].dims == dims, f"{name}: found {found[name].dims}", dims)
        _needed(bool(np.isfinite(found[name]).all()), f"{name}: found NaN or infinite values", "finite numbers")
    for name, along in (("p_x", "sample"), *([] if real else [("p_y_given_x", "class")])):
        fine = bool((found[name] >= 0).all()) and bool((np.abs(found[name].sum(along) - 1) < TOLERANCE).all())
        _needed(fine, f"{name}: found values below 0, or sums other than 1", "probabilities")
    if not real:
        classes = found.sizes["class"]
        _needed(2 <= classes <= MAX_CLASSES, f"class: found {classes}", f"2 to {MAX_CLASSES} classes")
        labelled = "label" not in found or bool(found.label.isin(range(classes)).all())
        _needed(labelled, "label: found other numbers", f"0 to {classes - 1}")
    if "order" in found:
        ranks = np.sort(found.order.transpose("replicate", "sample"), axis=1)
        _needed(
            bool((ranks == np.arange(found.sizes["sample"])).all()), "order: found no permutation", "ranks 0, 1, ..."
        )
    described(found)


def measurement(found: xr.Dataset, training: xr.DataTree, quantities: Sequence[str] = ()) -> None:
    """Every axis has the coordinate of the training; `quantities` are floats in bits, over (replicate, epoch, layer).

    An estimator may leave out epochs, but not the first and the last.
    """
    layers = sorted(int(name.removeprefix("layer_")) for name in training.children)
    known = {axis: training.coords[axis].values for axis in ("replicate", "epoch")} | {"layer": np.array(layers)}
    for axis in (axis for axis in AXES if axis in found.dims):
        needed = f"the training's, {_shown(known[axis])}"
        _needed(axis in found.coords, f"{axis}: found no coordinate, so 0, 1, ... would be taken for it", needed)
        values = found[axis].values
        alike = np.array_equal(values, known[axis])
        if axis == "epoch" and not alike:
            ends = len(values) > 0 and values[0] == known[axis][0] and values[-1] == known[axis][-1]
            alike = bool(ends and np.isin(values, known[axis]).all() and (np.diff(values) > 0).all())
        _needed(alike, f"{axis}: found {_shown(values)}", needed)
    for name in quantities:
        _needed(name in found, f"{name}: missing", f"all of {', '.join(quantities)}")
        _needed(found[name].dims[:3] == AXES, f"{name}: found {found[name].dims}", f"{AXES} first")
        _needed(found[name].dtype.kind == "f", f"{name}: found {found[name].dtype}", "floats, NaN where there is none")
        units = found[name].attrs.get("units")
        _needed(units == "bits", f"{name}: found the units {units!r}", "bits")
    described(found)


def analysis(tree: xr.DataTree) -> None:
    """`/condition_1`, ... as `analyses.base.result` makes them, each with the attributes that say which it is.

    There may be none where nothing is trained: then the root has what was found.
    """
    names = [f"condition_{number}" for number in range(1, len(tree.children) + 1)]
    _needed(
        # a stored tree does not keep the order of its groups
        bool(names or tree.data_vars) and set(tree.children) == set(names),
        f"found {sorted(tree.children)}",
        "condition_1, condition_2, ...",
    )
    for name in names:
        missing = [key for key in HEAD if tree[name].attrs.get(key) is None]
        _needed(not missing, f"{name}: no attribute {', '.join(missing)}", "what `analyses.base.result` returns")
    for node in tree.subtree:
        described(node.to_dataset(inherit=False))


def described(data: xr.Dataset) -> None:
    """Every variable has units and a name for people."""
    for name, variable in data.variables.items():
        for attribute in ("units", "long_name"):
            _needed(
                bool(variable.attrs.get(attribute)), f"{name}: no {attribute}", "units and long_name of each variable"
            )


def _needed(fulfilled: bool, found: str, needed: Any) -> None:
    if not fulfilled:
        raise ValueError(f"{found}; needed: {needed}")


def _shown(values: np.ndarray) -> str:
    return ", ".join(map(str, values[:6])) + (", ..." if len(values) > 6 else "")
