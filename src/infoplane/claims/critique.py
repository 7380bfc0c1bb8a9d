"""The claims that the critique turns on (Saxe et al. 2018 [S18] and after), and the open questions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

import numpy as np
import xarray as xr
from pydantic import Field

from infoplane.claims.base import (
    EXPERIMENT,
    Claim,
    CompressionClaim,
    Statistic,
    at_least,
    at_most,
    compression,
    early_gain,
    errors,
    exp_median,
    named,
)
from infoplane.figures.base import Experiments, Run
from infoplane.figures.compression_generalization import compression_and_gap, rank_correlation
from infoplane.figures.plane import information
from infoplane.measures.base import LIMITS
from infoplane.section import Count, Fraction, Positive

Names = Annotated[tuple[str, ...], Field(min_length=1)]


class DataProcessing(Claim):
    """No layer has more information than the layer before."""

    number: ClassVar[int] = 9
    source: ClassVar[str] = "ST17"
    statement: ClassVar[str] = "The data-processing inequality holds along the layers."

    kind: Literal["data_processing"] = "data_processing"
    bits: Positive = Field(
        0.01, description="Excess over the layer before allowed, mean over epochs and pairs, in bits."
    )

    def statistics(self, runs: Sequence[Run]) -> list[Statistic]:
        """Mean over epochs and layer pairs of the excess of I(X;T), and of I(T;Y)."""
        found = []
        for run in runs:
            pairs = self.information(run).isel(layer=slice(1, None)).mean(["epoch", "layer"])
            for name, label in (("dpi_excess_XT", "I(X;T)"), ("dpi_excess_TY", "I(T;Y)")):
                found.append(at_most(self.bits, named(f"excess of {label}", run), "bits", pairs[name]))
        return found


class Nonlinearity(CompressionClaim):
    """Saturating activations compress, others do not."""

    number: ClassVar[int] = 10
    source: ClassVar[str] = "S18"
    statement: ClassVar[str] = (
        "Compression depends on the nonlinearity: saturating ones compress, ReLU and linear do not."
    )

    kind: Literal["nonlinearity"] = "nonlinearity"
    experiment: Experiments = Field("nonlinearity", description=EXPERIMENT)

    def statistics(self, runs: Sequence[Run]) -> list[Statistic]:
        """Compression of the last hidden layer, by condition."""
        if len({run.condition.activation in LIMITS for run in runs}) < 2:
            return []  # there must be saturating activations, and others
        return [
            self.compresses(run) if run.condition.activation in LIMITS else self.does_not_compress(run) for run in runs
        ]


class NoLink(Claim):
    """Networks that compress more do not generalise better, or worse."""

    number: ClassVar[int] = 11
    source: ClassVar[str] = "S18"
    statement: ClassVar[str] = "Compression and generalisation do not correlate across networks."

    kind: Literal["no_link"] = "no_link"
    correlation: Fraction = Field(0.3, description="Size of the rank correlation that counts as none.")

    def statistics(self, runs: Sequence[Run]) -> list[Statistic]:
        """Rank correlation of compression and generalisation gap over the networks of all conditions."""
        networks = [compression_and_gap(self.information(run), run.curves) for run in runs]
        pooled = xr.concat(networks, "replicate", join="override")
        data, name = (pooled["compression"], pooled["gap"]), "rank correlation"
        return [
            at_most(self.correlation, name, "", *data, of=rank_correlation),
            at_least(-self.correlation, name, "", *data, of=rank_correlation),
        ]


class FullBatch(CompressionClaim):
    """Networks that have learned without noise in the gradient compress."""

    number: ClassVar[int] = 12
    source: ClassVar[str] = "S18"
    statement: ClassVar[str] = "Full-batch gradient descent compresses too: stochasticity is not the cause."

    kind: Literal["full_batch"] = "full_batch"
    experiment: Experiments = Field("batch", description=EXPERIMENT)

    learned: Fraction = Field(
        0.05,
        description="Final training error, mean over networks, above which a condition has not learned and has no say.",
    )

    def statistics(self, runs: Sequence[Run]) -> list[Statistic]:
        """Compression of the last hidden layer under full-batch descent, where it has learned."""
        full = [run for run in runs if run.condition.batch_size == "full"]
        return [self.compresses(r) for r in full if errors(r)["train_error"].isel(epoch=-1).mean() <= self.learned]


class EstimatorDependence(CompressionClaim):
    """The same networks compress in the eyes of one estimator and not of another."""

    number: ClassVar[int] = 13
    source: ClassVar[str] = "S18, C19, G19"
    statement: ClassVar[str] = "The verdict on compression depends on the estimator."

    kind: Literal["estimator_dependence"] = "estimator_dependence"
    compare: Names = Field(("binned",), description="Estimators that are compared: names under `estimators`.")

    def estimators(self) -> tuple[str, ...]:
        """All that are compared."""
        return self.compare

    def statistics(self, runs: Sequence[Run]) -> list[Statistic]:
        """Mean compression of the last hidden layer by the estimator that sees most, and by the one that sees least."""
        found = []
        for run in runs:
            each = [compression(information(run, estimator, self.bound)) for estimator in self.compare]
            together = xr.concat(each, "estimator", join="inner")
            for limit, of, name in ((at_least, most, "highest"), (at_most, least, "lowest")):
                found.append(limit(self.bits, named(f"{name} estimator's compression", run), "bits", together, of=of))
        return found


def most(bits: xr.DataArray) -> xr.DataArray:
    """The mean over replicates by the estimator where it is highest."""
    return bits.mean("replicate").max("estimator")


def least(bits: xr.DataArray) -> xr.DataArray:
    """The mean over replicates by the estimator where it is lowest."""
    return bits.mean("replicate").min("estimator")


class OtherWorlds(CompressionClaim):
    """Fitting first, compression, and diffusion at the end, with other rules and real data."""

    number: ClassVar[int] = 14
    source: ClassVar[str] = "open"
    statement: ClassVar[str] = "Other rules and real data: fitting, compression and diffusion are found there too."
    measures: ClassVar[tuple[str, ...]] = ("gradients",)

    kind: Literal["other_worlds"] = "other_worlds"
    experiment: Experiments = Field("worlds", description=EXPERIMENT)
    rise_epochs: Count = Field(400, description="Epochs that the first phase may take.")
    rise_share: Fraction = Field(0.9, description="Share of the final I(T;Y) to be gained in the first phase.")
    snr: Positive = Field(1.0, description="Gradient SNR below which is diffusion.")

    def statistics(self, runs: Sequence[Run]) -> list[Statistic]:
        """For each world: the share of I(T;Y) gained early, the compression, and the last SNR."""
        return [statistic for run in runs for statistic in self._of(run)]

    def _of(self, run: Run) -> list[Statistic]:
        snr = run.measurements["gradients"]["gradient_snr"].isel(epoch=-1, drop=True).median("layer")
        return [
            early_gain(self.information(run), run, self.rise_epochs, self.rise_share),
            self.compresses(run),
            at_most(self.snr, named("last SNR", run), "", np.log(snr), of=exp_median),
        ]
