"""A linear teacher of Gaussian inputs [S18, figs. 3, 4 and 6]: real-valued targets, all information in closed form."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
import xarray as xr
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from infoplane.datasets.base import Dataset, Shape
from infoplane.section import Count, Int, Magnitude

Many = Annotated[Count, Field(le=100_000)]


class LinearTeacher(Dataset):
    """y = w·x + ε of x ~ N(0, I/N): `samples` of them, on a share of which a network is trained.

    w is drawn once, and scaled such that w·x has variance 1; ε is each replicate's own, of variance 1 / `snr`. Of N
    inputs the first `relevant` have a weight: of the others, the nuisance, y is independent.
    """

    kind: Literal["linear_teacher"] = "linear_teacher"
    shuffled: Literal[False] = Field(False, description="Always false: without a rule there is no teacher.")
    features: Annotated[Int, Field(ge=1, le=10_000)] = Field(100, description="Inputs N.")
    relevant: Count | None = Field(None, description="Inputs that the target depends on, the first ones; all if null.")
    samples: Many = Field(500, description="Samples drawn, for training and test together.")
    snr: Magnitude = Field(1.0, description="Variance of w·x, which is 1, over that of the noise ε.")
    seed: Annotated[Int, Field(ge=0)] = Field(0, description="Of the teacher's weights w and the inputs.")

    @model_validator(mode="after")
    def _relevant_are_inputs(self) -> LinearTeacher:
        if self.relevant and self.relevant > self.features:
            context = {"key": "relevant", "found": self.relevant, "features": self.features}
            raise PydanticCustomError("relevant", "allowed: up to {features}, the number of `features`", context)
        return self

    def shape(self) -> Shape:
        """`samples` of `features` numbers, no classes."""
        return Shape(self.samples, self.features, 0)

    def exact(self) -> xr.Dataset:
        """`x` and `target_mean` of the samples, and what they are drawn from.

        That is `teacher` (feature), the weights w; `relevant` (feature), 1 where y depends on the input; the variances
        `input_variance` of each input and `noise_variance` of the target.
        """
        rng = np.random.default_rng(self.seed)
        relevant = np.arange(self.features) < (self.relevant or self.features)
        teacher = np.where(relevant, rng.standard_normal(self.features), 0)
        teacher *= np.sqrt(self.features) / np.linalg.norm(teacher)
        x = (rng.standard_normal((self.samples, self.features)) / np.sqrt(self.features)).astype(np.float32)
        described = {
            "x": (("sample", "feature"), x, "input"),
            "p_x": ("sample", np.full(self.samples, 1 / self.samples), "share of the sample"),
            "target_mean": ("sample", x.astype(float) @ teacher, "mean of the target given the input, w·x"),
            "teacher": ("feature", teacher, "weights w of the teacher"),
            "relevant": ("feature", relevant.astype(np.int8), "whether the target depends on the input"),
            "input_variance": ((), 1 / self.features, "variance of each input"),
            "noise_variance": ((), 1 / self.snr, "variance of the target given the input"),
        }
        return xr.Dataset(
            {
                name: (dims, values, {"units": "1", "long_name": text})
                for name, (dims, values, text) in described.items()
            }
        )
