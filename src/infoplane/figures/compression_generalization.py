"""Do networks that compress more generalise better? Every network of every condition ([S18])."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np
import seaborn as sns
import xarray as xr
from scipy.stats import rankdata

from infoplane.figures.base import Drawing, Run
from infoplane.figures.plane import InformationFigure, complete, head
from infoplane.figures.style import condition_name, panels

RESAMPLES = 2000
MARKERS = "osD^vP*X<>"


class CompressionGeneralization(InformationFigure):
    """Compression of the last hidden layer against the generalisation gap in error, a point per network."""

    group: ClassVar[str] = "The critique"
    kind: Literal["compression_generalization"] = "compression_generalization"
    reads_curves: ClassVar[bool] = True

    def draw(self, runs: Sequence[Run]) -> Drawing:
        """One panel; conditions differ in colour and marker."""
        networks = [self._networks(run) for run in runs]
        pooled = np.concatenate([np.stack([n["compression"], n["gap"]]) for n in networks], axis=1)
        correlation, low, high = rank_correlation(*pooled)
        colors = sns.color_palette("colorblind", len(runs))
        with panels(1, xlabel="compression of the last hidden layer [bits]") as (figure, (panel,)):
            for number, (run, network) in enumerate(zip(runs, networks, strict=True)):
                style = {
                    "color": colors[number],
                    "marker": MARKERS[number % len(MARKERS)],
                    "label": condition_name(run.varied),
                }
                panel.scatter(network["compression"], network["gap"], s=12, alpha=0.7, linewidths=0, **style)
            panel.set_ylabel("test error − train error")
            panel.set_title(f"rank correlation {correlation:.2f} [{low:.2f}, {high:.2f}]")
            if len(runs) > 1:
                figure.legend(loc="outside lower center", ncols=2, handletextpad=0.1, columnspacing=0.8)
        return Drawing(
            figure,
            {
                "networks": pooled.shape[1],
                "rank_correlation": correlation,
                "rank_correlation_interval_95": [low, high],
                "conditions": [_numbers(*pair) for pair in zip(runs, networks, strict=True)],
            },
        )

    def _networks(self, run: Run) -> xr.Dataset:
        """Compression in bits and generalisation gap (replicate) of the networks that did not diverge."""
        hidden = self.information(run)["I_XT"].isel(layer=-2, drop=True)
        curves = complete(run.curves[["train_error", "test_error"]]).isel(epoch=-1, drop=True)
        compression = hidden.max("epoch") - hidden.isel(epoch=-1, drop=True)
        gap = curves["test_error"] - curves["train_error"]
        return xr.merge([compression.rename("compression"), gap.rename("gap")], join="inner")


def rank_correlation(x: np.ndarray, y: np.ndarray) -> tuple[float, float, float]:
    """Spearman's rank correlation and its 95 % interval, from bootstrap samples of the networks."""
    chosen = np.random.default_rng(0).integers(len(x), size=(RESAMPLES, len(x)))
    with np.errstate(invalid="ignore"):
        resampled = _spearman(x[chosen], y[chosen])
    low, high = np.nanquantile(resampled, [0.025, 0.975]) if np.isfinite(resampled).any() else (np.nan, np.nan)
    return float(_spearman(x, y)), float(low), float(high)


def _spearman(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    ranks = [rankdata(values, axis=-1) for values in (x, y)]
    x, y = (rank - rank.mean(axis=-1, keepdims=True) for rank in ranks)
    with np.errstate(invalid="ignore"):
        return (x * y).sum(axis=-1) / np.sqrt((x**2).sum(axis=-1) * (y**2).sum(axis=-1))


def _numbers(run: Run, networks: xr.Dataset) -> dict[str, Any]:
    """Means of a condition, and the rank correlation within it."""
    within = _spearman(networks["compression"].values, networks["gap"].values)
    return {
        **head(run, networks),
        "compression_mean_bits": float(networks["compression"].mean()),
        "gap_mean": float(networks["gap"].mean()),
        "rank_correlation": float(within) if np.isfinite(within) else None,
    }
