"""How far each estimator is from information that is known: its bias and spread, over units, samples and classes.

    python benchmarks/report_card.py [PICTURE]

I(T;Y) of two worlds, in both of which only the first unit tells of Y, so that the truth is an integral over one unit
whatever the number of units; the others are noise. `overlapping`: T is Gaussian around one of k classes in a row, each
`SEPARATION` deviations from the next. `cut`: T is Gaussian, and cut into k equally likely slices, so that T tells Y
exactly. The N samples are the inputs, each with its own label, as real data are: what an estimator reads beyond the
truth it has learnt by heart. I(X;T) of 4,096 inputs whose T is at the corners of a cube, an input bit in each unit:
units times the information of one.

`kde` and `noisy` add noise of variance `NOISE`, and are compared with the truth of T + Z. Prints the tables of
docs/measures.md; with a PICTURE (.png), draws the first. About 20 s on one core.
"""
# ruff: noqa: E402 - the number of threads is read when numpy is imported

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import sys
from typing import NamedTuple

import matplotlib as mpl
import numpy as np
import xarray as xr
from scipy.special import ndtr, ndtri

from infoplane.figures.style import palette, panels
from infoplane.measures.adaptive import adaptive_information
from infoplane.measures.binned import binned_information
from infoplane.measures.entropy import xlog2x
from infoplane.measures.exact import exact_information
from infoplane.measures.kde import kde_information
from infoplane.measures.knn import knn_information
from infoplane.measures.noisy import noisy_information

SEPARATION, NOISE, REPEATS = 2.0, 0.25, 5
AXES = {"units": (1, 3, 5, 12), "samples": (500, 2000, 8000), "classes": (2, 4, 10)}
WORLDS = ("overlapping", "cut")


class Case(NamedTuple):
    """One distribution, and how many samples of it."""

    world: str = WORLDS[0]
    units: int = 3
    samples: int = 2000
    classes: int = 2


def truth(case: Case, noise: float) -> float:
    """I(T + Z;Y) in bits, Z of variance `noise`, by the trapezoidal rule over the first unit."""
    t, variance = np.arange(-12, SEPARATION * case.classes + 12, 0.005), 1 + noise
    if case.world == "overlapping":
        joint = _gaussian(t[:, None] - SEPARATION * np.arange(case.classes), variance) / case.classes
    elif noise == 0:
        return np.log2(case.classes)
    else:
        edges = ndtri(np.linspace(0, 1, case.classes + 1))
        below = ndtr((edges - t[:, None] / variance) / np.sqrt(noise / variance))  # of the first unit, given t
        joint = _gaussian(t, variance)[:, None] * np.diff(below)
    return np.log2(case.classes) - conditional_entropy(joint, t)


def _gaussian(t: np.ndarray, variance: float) -> np.ndarray:
    return np.exp(-(t**2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)


def conditional_entropy(joint: np.ndarray, t: np.ndarray) -> float:
    """H(Y|T) in bits of p(t, y) (t, class)."""
    density = joint.sum(1)
    return -np.trapezoid(density * xlog2x(joint / np.maximum(density, 1e-300)[:, None]).sum(1), t)


def sample(case: Case, rng: np.random.Generator) -> tuple[xr.DataArray, xr.DataArray]:
    """Activations (sample, unit) and labels (sample)."""
    t = rng.normal(size=(case.samples, case.units))
    if case.world == "overlapping":
        label = np.arange(case.samples) % case.classes
        t[:, 0] += SEPARATION * label
    else:
        label = (ndtr(t[:, 0]) * case.classes).astype(int)
    return xr.DataArray(t.astype(np.float32), dims=("sample", "unit")), xr.DataArray(label, dims="sample")


def estimates(t: xr.DataArray, label: xr.DataArray, classes: int, seed: int) -> dict[str, float]:
    """I(T;Y) in bits by each estimator, with its defaults but for the noise; bins span what is observed."""
    p_x = xr.full_like(t.isel(unit=0), 1 / t.sizes["sample"], float)
    p_y = xr.DataArray(np.eye(classes)[label], dims=("sample", "class"))
    kde = kde_information(t, p_x, p_y, NOISE)
    return {
        "binned": float(binned_information(t, p_x, p_y, lower=t.min(), upper=t.max()).I_TY),
        "adaptive": float(adaptive_information(t, p_x, p_y).I_TY),
        "exact": float(exact_information(t, p_x, p_y).I_TY),
        "kde, lower": float(kde.I_TY.sel(bound="lower")),
        "kde, upper": float(kde.I_TY.sel(bound="upper")),
        "noisy": float(noisy_information(t, p_x, p_y, NOISE, draws=512, seed=seed).I_TY),
        "knn": float(knn_information(t, label).I_TY),
    }


def errors(case: Case) -> dict[str, np.ndarray]:
    """Estimate less truth of each estimator, in `REPEATS` samples."""
    rng = np.random.default_rng([WORLDS.index(case.world), *case[1:]])
    drawn = [estimates(*sample(case, rng), case.classes, seed) for seed in range(REPEATS)]
    true = {name: truth(case, NOISE if name.startswith(("kde", "noisy")) else 0) for name in drawn[0]}
    return {name: np.array([values[name] for values in drawn]) - true[name] for name in true}


def cases() -> list[Case]:
    """In each world, one thing varies at a time."""
    varied = (Case(world)._replace(**{axis: v}) for world in WORLDS for axis, values in AXES.items() for v in values)
    return list(dict.fromkeys(varied))


def table(found: dict[Case, dict[str, np.ndarray]]) -> str:
    """The bias ± the spread in bits, a row per case."""
    names = list(next(iter(found.values())))
    lines = [f"| {' | '.join(Case._fields)} | I(T;Y) | {' | '.join(f'`{n}`' for n in names)} |", "|---" * 12 + "|"]
    for case, of_case in found.items():
        cells = [f"{e.mean():+.2f} ± {e.std(ddof=1):.2f}" for e in of_case.values()]
        lines.append("| " + " | ".join([*map(str, case), f"{truth(case, 0):.2f}", *cells]) + " |")
    return "\n".join(lines)


def corners(units: int) -> str:
    """A row of the table of I(X;T): the truth, the bounds of `kde`, and `noisy` with its standard error."""
    x = 2.0 * ((np.arange(4096)[:, None] >> np.arange(units)) & 1) - 1
    t = xr.DataArray(x.astype(np.float32), dims=("sample", "unit"))
    p_x, p_y = xr.full_like(t.isel(unit=0), 1 / 4096, float), xr.DataArray(np.ones((4096, 1)), dims=("sample", "class"))
    z = np.arange(-9, 9, 0.001)
    true = units * (1 - conditional_entropy(_gaussian(z[:, None] - [-1, 1], NOISE) / 2, z))
    kde, noisy = kde_information(t, p_x, p_y, NOISE), noisy_information(t, p_x, p_y, NOISE)
    bits = [f"{value:.2f}" for value in (true, *kde.I_XT.values, float(noisy.I_XT))]
    return f"| {units} | {' | '.join(bits)} ± {float(noisy.I_XT_standard_error):.2f} |"


def draw(found: dict[Case, dict[str, np.ndarray]], path: str) -> None:
    """A row for each world, a panel for each thing that varies: the bias and the spread of each estimator."""
    names = list(next(iter(found.values())))
    with panels(6, height=2.2, per_row=3, ylabel="estimate less truth [bits]", sharey="row") as (figure, axes):
        for number, panel in enumerate(axes):
            world, (axis, values) = WORLDS[number // 3], list(AXES.items())[number % 3]
            for name, color in zip(names, palette(len(names)), strict=True):
                e = [found[Case(world)._replace(**{axis: value})][name] for value in values]
                panel.errorbar(values, np.mean(e, 1), np.std(e, 1, ddof=1), color=color, label=name, marker=".", lw=0.8)
            panel.axhline(0, color="0.6", linewidth=0.6, zorder=0)
            panel.set_xscale("log")
            panel.set_xticks(values, [str(value) for value in values])
            panel.xaxis.set_minor_locator(mpl.ticker.NullLocator())
            panel.set_xlabel(axis)
            panel.set_title(world)
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside right center")
    figure.savefig(path, dpi=150, metadata={"Software": None})


if __name__ == "__main__":
    known = {case: errors(case) for case in cases()}
    print(table(known))
    print("\n| units | I(X;T) | `kde`, lower | `kde`, upper | `noisy` |\n|---|---|---|---|---|")
    print("\n".join(corners(units) for units in (1, 3, 5, 12)))
    if len(sys.argv) > 1:
        draw(known, sys.argv[1])
