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
from infoplane.statistics import bootstrap

MARKERS = "osD^vP*X<>"


class CompressionGeneralization(InformationFigure):
    """Compression of the last hidden layer against the generalisation gap in error, a point per network."""

    group: ClassVar[str] = "The critique"
    kind: Literal["compression_generalization"] = "compression_generalization"
    reads_curves: ClassVar[bool] = True

    def draw(self, runs: Sequence[Run]) -> Drawing:
        """One panel; conditions, or experiments where there are several, differ in colour and marker."""
        networks = [compression_and_gap(self.information(run), run.curves) for run in runs]
        pooled = xr.concat(networks, "replicate", join="override")
        interval = bootstrap(rank_correlation, pooled["compression"], pooled["gap"])
        correlation, low, high = (float(interval[name]) for name in ("estimate", "low", "high"))
        several = len({run.experiment for run in runs}) > 1
        names = [run.experiment if several else condition_name(run.varied) for run in runs]
        kinds = list(dict.fromkeys(names))
        colors = sns.color_palette("colorblind", len(kinds))
        with panels(1, xlabel="compression of the last hidden layer [bits]") as (figure, (panel,)):
            for number, name in enumerate(kinds):
                points = xr.concat([n for n, of in zip(networks, names, strict=True) if of == name], "replicate")
                style = {"color": colors[number], "marker": MARKERS[number % len(MARKERS)], "label": name}
                panel.scatter(points["compression"], points["gap"], s=10, alpha=0.6, linewidths=0, **style)
            panel.set_ylabel("test error − train error")
            if np.isfinite(correlation):  # there is none where all compress, or generalise, alike
                panel.set_title(f"rank correlation {correlation:.2f} [{low:.2f}, {high:.2f}]")
            if len(kinds) > 1:
                columns = 2 if max(map(len, kinds)) <= 18 else 1
                figure.legend(loc="outside lower center", ncols=columns, handletextpad=0.1, columnspacing=0.8)
        return Drawing(
            figure,
            {
                "networks": pooled.sizes["replicate"],
                "rank_correlation": correlation if np.isfinite(correlation) else None,
                "rank_correlation_interval_95": [low, high],
                "conditions": [_numbers(*pair) for pair in zip(runs, networks, strict=True)],
            },
        )


def compression_and_gap(plane: xr.Dataset, curves: xr.Dataset) -> xr.Dataset:
    """Compression of the last hidden layer in bits and generalisation gap (replicate), where none diverged."""
    compression = plane["compression"].isel(layer=-2, drop=True)
    errors = complete(curves[["train_error", "test_error"]]).isel(epoch=-1, drop=True)
    gap = errors["test_error"] - errors["train_error"]
    return xr.merge([compression, gap.rename("gap")], join="inner")


def rank_correlation(x: xr.DataArray, y: xr.DataArray) -> xr.DataArray:
    """Spearman's rank correlation over replicates; NaN where either does not vary."""
    x_rank, y_rank = (values.copy(data=rankdata(values, axis=values.get_axis_num("replicate"))) for values in (x, y))
    return xr.corr(x_rank, y_rank, "replicate")


def _numbers(run: Run, networks: xr.Dataset) -> dict[str, Any]:
    """Means of a condition, and the rank correlation within it."""
    within = float(rank_correlation(networks["compression"], networks["gap"]))
    return {
        **head(run, networks),
        "compression_mean_bits": float(networks["compression"].mean()),
        "gap_mean": float(networks["gap"].mean()),
        "rank_correlation": within if np.isfinite(within) else None,
    }
