"""Other rules on bit patterns: do the paper's claims hold without the spherical data's symmetry?"""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
import xarray as xr
from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from infoplane.datasets.base import Dataset, Shape, bit_patterns, uniform
from infoplane.section import Count, Int, Neutral


def _odd(number: int) -> int:
    if number % 2 == 0:
        raise ValueError("an odd number is needed, so that no vote is a tie")
    return number


Bits = Annotated[Int, Field(ge=2, le=16)]


class Committee(Dataset):
    """All bit patterns, labelled by the majority vote of random perceptrons: a rule without a symmetry.

    Member k votes sign(Σ_i w_ki s_i) on s = 2x - 1, w Gaussian. A pattern and its complement get opposite
    labels, so that p(y=1) = 1/2 and I(X;Y) = 1 bit. The last `irrelevant` bits have no say: they are the nuisance N,
    and the pattern of the others is the class S.
    """

    kind: Literal["committee"] = "committee"
    bits: Bits = Field(12, description="Bits of a pattern; there are 2^bits samples.")
    members: Annotated[Count, Field(le=999), AfterValidator(_odd)] = Field(
        3, description="Perceptrons that vote, an odd number."
    )
    seed: Annotated[Int, Field(ge=0)] = Field(0, description="Of the perceptrons' weights.")
    irrelevant: Annotated[Int, Field(ge=0), Neutral(0)] = Field(0, description="Bits, the last, that have no say.")

    @model_validator(mode="after")
    def _some_are_relevant(self) -> Committee:
        if self.irrelevant >= self.bits:
            context = {"key": "irrelevant", "found": self.irrelevant, "most": self.bits - 1}
            raise PydanticCustomError("irrelevant", "allowed: up to {most}, one less than `bits`", context)
        return self

    def shape(self) -> Shape:
        """2^bits patterns, two classes."""
        return Shape(2**self.bits, self.bits, 2)

    def exact(self) -> xr.Dataset:
        """The patterns, equally likely, each with its certain label."""
        patterns = bit_patterns(self.bits)
        weights = np.random.default_rng(self.seed).standard_normal((self.bits, self.members))
        relevant = self.bits - self.irrelevant
        votes = np.sign((2 * patterns[:, :relevant] - 1) @ weights[:relevant])
        p_positive = (votes.sum(axis=1) > 0).astype(float)
        if not self.irrelevant:
            return uniform(patterns, p_positive)
        number = np.arange(len(patterns), dtype=np.int32)
        nuisance = ("sample", number >> relevant, {"units": "1", "long_name": "pattern of the bits that have no say"})
        return uniform(patterns, p_positive, number % 2**relevant).assign(nuisance_class=nuisance)


class Parity(Dataset):
    """All bit patterns, labelled by whether the number of ones is odd.

    Nothing can be forgotten early: any proper subset of the bits says nothing about the label.
    """

    kind: Literal["parity"] = "parity"
    bits: Bits = Field(12, description="Bits of a pattern; there are 2^bits samples.")

    def shape(self) -> Shape:
        """2^bits patterns, two classes."""
        return Shape(2**self.bits, self.bits, 2)

    def exact(self) -> xr.Dataset:
        """The patterns, equally likely, each with its certain label."""
        patterns = bit_patterns(self.bits)
        return uniform(patterns, (patterns.sum(axis=1) % 2).astype(float))
