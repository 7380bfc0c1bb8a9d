"""The page of the explorer: template, style and scripts beside this file, with the numbers of an analysis in it.

The page computes nothing: it looks numbers up, places them and compares them. It is one file that needs no other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

import numpy as np
import xarray as xr
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from infoplane import icosahedron
from infoplane.analyses.base import conditions
from infoplane.explorer.packing import Rounded, pack
from infoplane.verdicts import COLORS

SCRIPTS = ("data", "state", "draw", "plane", "panels", "chain", "bull", "main")  # page.NAME.js, in this order
BITS, SHARE, LOG = 0.002, 0.0005, 0.005  # steps that numbers are rounded to
PLANE = ("I_XT", "I_TY", "I_ST", "I_XT_given_S")
CURVES = ("train_loss", "test_loss", "train_error", "test_error")
# Which part of the page shows what a claim is about; other claims are about paths in the plane.
SHOWN_IN = {
    "drift_diffusion": "curves",
    "no_overfitting": "curves",
    "no_link": "curves",
    "forgets": "parts",
    "data_processing": "chain",
}


def page(
    analysis: xr.DataTree, findings: Sequence[Mapping[str, Any]], parameters: Mapping[str, Any], versions: Any
) -> str:
    """HTML of an analysis of kind `explorer` and of the verdicts (`claims.base.finding`).

    `parameters` are those of the explorer's recipe, `versions` names ids for people to see.
    """
    nodes = conditions(analysis)
    experiments = parameters["experiment"]
    told = {
        "conditions": [_condition(node, experiments[0]) for node in nodes],
        "claims": [_claim(finding, parameters["claims"][finding["name"]]) for finding in findings],
        "colors": COLORS,
        "vertices": icosahedron.vertices().round(4).tolist(),
        "edges": icosahedron.edges().tolist(),
    }
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(_beside("html"))
    text = json.dumps(told, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    scripts = Markup("".join(_beside(f"{name}.js") for name in SCRIPTS))
    return template.render(
        style=Markup(_beside("css")), scripts=scripts, data=Markup(text), claims=findings, versions=versions
    )


def _beside(suffix: str) -> str:
    return files("infoplane.explorer").joinpath(f"page.{suffix}").read_text()


def _claim(finding: Mapping[str, Any], about: Mapping[str, Any]) -> dict[str, Any]:
    found = {key: about[key] for key in ("experiments", "estimators")}
    return {"name": finding["name"], **found, "shown_in": SHOWN_IN.get(about["kind"], "")}


def _condition(node: xr.Dataset, only: str) -> dict[str, Any]:
    """What a condition is, and its numbers: arrays with the epoch last, the centre as one replicate more."""
    settings = node.attrs["condition"]
    arrays: dict[str, Rounded] = {}
    estimators = {}
    for name in node["estimator"].values:
        measured = node.sel(estimator=name).dropna("epoch", how="all", subset=["I_XT"])
        given = [*PLANE[:2], *(part for part in PLANE[2:] if measured[part].notnull().any())]
        estimators[str(name)] = {"epochs": measured["epoch"].values.tolist(), "quantities": given}
        for quantity in given:
            arrays[f"{name}.{quantity}"] = Rounded(_with_center(measured, quantity), BITS)
    for name in CURVES:
        arrays[name] = Rounded(_with_center(node, name), SHARE)
    with np.errstate(divide="ignore", invalid="ignore"):
        arrays["snr"] = Rounded(np.log10(_with_center(node, "gradient_snr")), LOG)
    cells = node.dropna("epoch", how="all", subset=["cell_size"]).transpose("replicate", "input", "layer", ..., "epoch")
    scale = max(float(np.abs(node["chosen"]).max()), 1e-9)
    arrays["pattern"] = Rounded(cells["pattern"].values / scale, 0.01)
    arrays["chosen"] = Rounded(node["chosen"].values / scale, 0.01)
    arrays["cell_size"] = Rounded(cells["cell_size"].values, 1)
    for name in ("followed_XT", "followed_TY"):
        arrays[name] = Rounded(cells[name].values, BITS)
    return {
        "name": node.attrs["name"],
        "experiment": node.attrs["experiment"] or only,
        "settings": {key: settings[key] for key in ("dataset", "hidden", "activation", "epochs", "batch_size")},
        "replicates": node["replicate"].values.tolist(),
        "epochs": node["epoch"].values.tolist(),
        "layers": node.sizes["layer"],
        "H_X": round(float(node["H_X"]), 4),
        "I_XY": round(float(node["I_XY"]), 4),
        "classes": int(node.attrs["sufficient_classes"]),
        "drawn_as": node.attrs["drawn_as"],
        "inputs": node["input"].values.tolist(),
        "likely": node["likely_class"].values.tolist(),
        "followed": cells["epoch"].values.tolist(),
        "estimators": estimators,
        **pack(arrays),
    }


def _with_center(data: xr.Dataset, name: str) -> np.ndarray:
    """(replicate, layer, epoch), or without layers; the last replicate is the centre."""
    dims = [dim for dim in ("replicate", "layer", "epoch") if dim in data[name].dims]
    center = data[f"{name}_center"].expand_dims("replicate").transpose(*dims)
    return np.concatenate([data[name].transpose(*dims).values, center.values])
