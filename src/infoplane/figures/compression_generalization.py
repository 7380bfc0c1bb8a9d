"""Do networks that compress more generalise better? Every network of every condition ([S18])."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import xarray as xr

from infoplane.analyses.base import conditions
from infoplane.analyses.generalization import Generalization
from infoplane.figures.base import Drawing, InformationFigure
from infoplane.figures.style import palette, panels
from infoplane.statistics import INTERVAL, PARTS

MARKERS = "osD^vP*X<>"


class CompressionGeneralization(InformationFigure):
    """Compression of the last hidden layer against the generalisation gap in error, a point per network."""

    group: ClassVar[str] = "The critique"
    kind: Literal["compression_generalization"] = "compression_generalization"

    def analysis(self) -> Generalization:
        """Both of every network, and their rank correlation."""
        return Generalization(experiment=self.experiment, estimator=self.estimator, bound=self.bound)

    def draw(self, analysis: xr.DataTree) -> Drawing:
        """One panel; conditions, or experiments where there are several, differ in colour and marker."""
        networks = conditions(analysis)
        several = len({data.attrs["experiment"] for data in networks}) > 1
        names = [data.attrs["experiment" if several else "name"] for data in networks]
        kinds = list(dict.fromkeys(names))
        colors = palette(len(kinds))
        correlation, low, high = (float(analysis["rank_correlation"].sel({INTERVAL: part})) for part in PARTS)
        with panels(1, xlabel="compression of the last hidden layer [bits]") as (figure, (panel,)):
            for number, kind in enumerate(kinds):
                of_kind = [data for data, name in zip(networks, names, strict=True) if name == kind]
                x, y = (np.concatenate([data[name] for data in of_kind]) for name in ("compression", "gap"))
                style = {"color": colors[number], "marker": MARKERS[number % len(MARKERS)], "label": kind}
                panel.scatter(x, y, s=10, alpha=0.6, linewidths=0, **style)
            panel.set_ylabel("test error − train error")
            if np.isfinite(correlation):  # there is none where all compress, or generalise, alike
                panel.set_title(f"rank correlation {correlation:.2f} [{low:.2f}, {high:.2f}]")
            if len(kinds) > 1:
                columns = 2 if max(map(len, kinds)) <= 18 else 1
                figure.legend(loc="outside lower center", ncols=columns, handletextpad=0.1, columnspacing=0.8)
        return Drawing(figure)
