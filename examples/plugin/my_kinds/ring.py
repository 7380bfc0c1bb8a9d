"""A dataset: points on a circle, of which one half is the one class."""

from __future__ import annotations

from typing import Literal

import numpy as np
import xarray as xr
from pydantic import Field

from infoplane.datasets.base import Dataset, Shape, uniform
from infoplane.section import Count


class Ring(Dataset):
    """Points on a circle, labelled by the half in which they lie; with `noise`, not always."""

    kind: Literal["ring"] = "ring"
    points: Count = Field(64, description="Samples, evenly spaced.")
    noise: float = Field(0.1, ge=0, le=0.5, description="Probability of the other label.")

    def shape(self) -> Shape:
        """The points, in two dimensions, of two classes."""
        return Shape(self.points, 2, 2)

    def exact(self) -> xr.Dataset:
        """The points, equally likely, each with its p(y=1|x)."""
        angle = 2 * np.pi * (np.arange(self.points) + 0.5) / self.points
        above = np.sin(angle) > 0
        return uniform(np.stack([np.cos(angle), np.sin(angle)], axis=1), np.where(above, 1 - self.noise, self.noise))
