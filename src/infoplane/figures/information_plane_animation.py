"""The information plane as a film: every replicate a point, from the initial weights to the last epoch."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Annotated, ClassVar, Literal

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Page
from matplotlib.ticker import MaxNLocator
from PIL import Image
from pydantic import Field

from infoplane.analyses.base import condition_name, conditions
from infoplane.analyses.plane import Plane
from infoplane.figures.base import Drawing, InformationFigure
from infoplane.figures.plane import AXES
from infoplane.figures.style import layer_colors, layer_legend, panels
from infoplane.section import Count, Int

DPI = 150
HOLD = 15  # frames' time that the last one stays


class InformationPlaneAnimation(InformationFigure):
    """A frame per recorded epoch: a point per replicate and layer, and each layer's mean path so far."""

    group: ClassVar[str] = "Beyond"
    animated: ClassVar[bool] = True

    kind: Literal["information_plane_animation"] = "information_plane_animation"
    frame_ms: Annotated[Count, Field(ge=20, le=43_690)] = Field(
        120, description="Time that a frame is shown, in milliseconds."
    )
    loop: Annotated[Int, Field(ge=0, le=65_535)] = Field(0, description="How often the film runs; 0 is for ever.")

    def analysis(self) -> Plane:
        """The points of the replicates and the paths of the layers."""
        return Plane(experiment=self.experiment, estimator=self.estimator, bound=self.bound)

    def draw(self, analysis: xr.DataTree) -> Drawing:
        """A panel per condition; the figure is the last frame, the GIF has them all."""
        planes = conditions(analysis)
        with panels(len(planes), sharex=True, sharey=True, **AXES) as (figure, axes):
            films = [_Film(panel, plane) for panel, plane in zip(axes, planes, strict=True)]
            layers = max(plane.sizes["layer"] for plane in planes)
            layer_legend(axes[0], layers, loc="lower right", ncols=2, handletextpad=0.3, columnspacing=0.8)
        epochs = np.unique(np.concatenate([plane["epoch"].values for plane in planes]))
        frames = list(_frames(figure, films, epochs))
        stream = io.BytesIO()
        durations = [self.frame_ms] * (len(frames) - 1) + [HOLD * self.frame_ms]
        options = {"save_all": True, "append_images": frames[1:], "duration": durations, "loop": self.loop}
        frames[0].save(stream, format="gif", **options)
        return Drawing(figure, animation=stream.getvalue())


class _Film:
    """One panel of the film."""

    def __init__(self, panel: Axes, plane: xr.Dataset) -> None:
        self._panel, self._name = panel, condition_name(plane.attrs["varied"], "\n")
        self._points = plane[["I_XT", "I_TY"]].to_array("axis").transpose("epoch", "layer", "replicate", "axis")
        self._mean = plane[["I_XT_mean", "I_TY_mean"]].to_array("axis").transpose("layer", "axis", "epoch").values
        colors = layer_colors(plane.sizes["layer"])
        self._trails = [panel.plot([], [], color=color, linewidth=0.8, alpha=0.6)[0] for color in colors]
        x, y = self._points.values.reshape(-1, 2).T
        panel.scatter(x, y, s=0)  # fixes the limits for all frames
        of_layer = np.repeat(colors, plane.sizes["replicate"], axis=0)
        x, y = self._points[-1].values.reshape(-1, 2).T
        self._dots = panel.scatter(x, y, c=of_layer, s=8, linewidths=0, alpha=0.8)
        panel.set_xlim(left=0)
        panel.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        self.show(plane["epoch"].values[-1])

    def show(self, epoch: int) -> None:
        """Draw the last recorded epoch up to this one."""
        past = self._points["epoch"].values <= epoch
        self._dots.set_offsets(self._points[past][-1].values.reshape(-1, 2))
        for trail, path in zip(self._trails, self._mean, strict=True):
            trail.set_data(path[:, past])
        clock = f"epoch {self._points['epoch'].values[past][-1]}"
        self._panel.title.set_text("\n".join(filter(None, [self._name, clock])))


def _frames(figure: Page, films: Sequence[_Film], epochs: np.ndarray) -> Iterator[Image.Image]:
    canvas = FigureCanvasAgg(figure)
    figure.set_dpi(DPI)
    for epoch in epochs:
        for film in films:
            film.show(epoch)
        canvas.draw()
        frame = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
        yield frame.quantize(128, dither=Image.Dither.NONE)
