"""The claims of Shwartz-Ziv & Tishby 2017 [ST17]."""

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
    at_epoch,
    at_least,
    at_most,
    early_gain,
    errors,
    exp_median,
    named,
)
from infoplane.figures.base import Experiments, Run
from infoplane.figures.compression_generalization import rank_correlation
from infoplane.figures.replicate_spread import distances
from infoplane.measures import derived
from infoplane.section import Count, Float, Fraction, Positive
from infoplane.statistics import distance_below_bound, epochs_until, epochs_until_compressed

Correlation = Annotated[Float, Field(ge=-1, le=1)]


class TwoPhases(Claim):
    """I(T;Y) is gained first, then I(X;T) falls while the error hardly changes."""

    number: ClassVar[int] = 1
    source: ClassVar[str] = "ST17"
    statement: ClassVar[str] = "Two phases: I(T;Y) rises fast, then I(X;T) falls slowly while the error hardly changes."

    kind: Literal["two_phases"] = "two_phases"
    rise_epochs: Count = Field(400, description="Epochs that the first phase may take.")
    rise_share: Fraction = Field(0.9, description="Share of the final I(T;Y) to be gained in the first phase.")
    fall_bits: Positive = Field(
        1.0, description="Fall of I(X;T) of the last hidden layer in the second phase, in bits."
    )
    error_change: Fraction = Field(0.02, description="Change of the held-out error allowed in the second phase.")

    def statistics(self, runs: Sequence[Run]) -> list[Statistic]:
        """Of the last hidden layer: the share of I(T;Y), the fall of I(X;T), the change of the error."""
        return [statistic for run in runs for statistic in self._of(run)]

    def _of(self, run: Run) -> list[Statistic]:
        plane, then = self.information(run), self.rise_epochs

        def lost(values: xr.DataArray) -> xr.DataArray:
            return at_epoch(values, then) - values.isel(epoch=-1, drop=True)

        hidden, error = plane["I_XT"].isel(layer=-2, drop=True), errors(run)["test_error"]
        return [
            early_gain(plane, run, self.rise_epochs, self.rise_share),
            at_least(self.fall_bits, named(f"fall of I(X;T) from epoch {then}", run), "bits", lost(hidden)),
            at_most(self.error_change, named("change of error", run), "", abs(lost(error))),
        ]


class NoRegularization(CompressionClaim):
    """Networks without a penalty on weights and without dropout compress."""

    number: ClassVar[int] = 2
    source: ClassVar[str] = "ST17"
    statement: ClassVar[str] = "Compression happens without any explicit regularisation."

    kind: Literal["no_regularization"] = "no_regularization"

    def statistics(self, runs: Sequence[Run]) -> list[Statistic]:
        """Compression of the last hidden layer where l2 and dropout are 0."""
        return [self.compresses(run) for run in runs if run.condition.l2 == 0 and run.condition.dropout == 0]


class SimilarPaths(Claim):
    """Replicates stay near each other, compared with how far they travel."""

    number: ClassVar[int] = 3
    source: ClassVar[str] = "ST17"
    statement: ClassVar[str] = "All replicates follow similar paths in the information plane."

    kind: Literal["similar_paths"] = "similar_paths"
    share: Fraction = Field(0.2, description="Distance between paths allowed, as a share of their length.")

    def statistics(self, runs: Sequence[Run]) -> list[Statistic]:
        """Mean distance between two replicates' paths over the length of the mean path, both summed over layers."""
        return [self._of(run) for run in runs]

    def _of(self, run: Run) -> Statistic:
        plane = self.information(run)
        apart, mean = distances(plane).mean("epoch").sum("layer").values, plane.mean("replicate")
        length = float(np.hypot(mean["I_XT"].diff("epoch"), mean["I_TY"].diff("epoch")).sum())

        def between(chosen: xr.DataArray) -> xr.DataArray:
            one, other = chosen.values[..., :, None], chosen.values[..., None, :]
            pairs = (one != other).sum(axis=(-2, -1))  # a network that is drawn twice is not a pair
            total = apart[one, other].sum(axis=(-2, -1))
            return xr.DataArray(total / np.maximum(pairs, 1) / length, dims=chosen.dims[:-1])

        replicates = xr.DataArray(np.arange(len(apart)), dims="replicate")
        return at_most(self.share, named("distance / length of paths", run), "", replicates, of=between)


class SmallData(Claim):
    """With little data the second phase loses label information, with more it does not."""

    number: ClassVar[int] = 4
    source: ClassVar[str] = "ST17"
    statement: ClassVar[str] = "With 5 % of the data the second phase loses label information; with 45 % and 85 % not."

    kind: Literal["small_data"] = "small_data"
    small: Fraction = Field(0.1, description="Training sets of up to this share of the data are small.")
    bits: Positive = Field(0.05, description="Loss of I(T;Y) of the output layer that counts, in bits.")

    def statistics(self, runs: Sequence[Run]) -> list[Statistic]:
        """Peak less final I(T;Y) of the output layer, by condition."""
        if len({run.condition.train_fraction <= self.small for run in runs}) < 2:
            return []  # there must be small training sets, and others
        found = []
        for run in runs:
            label = self.information(run)["I_TY"].isel(layer=-1, drop=True)
            loss = label.max("epoch") - label.isel(epoch=-1, drop=True)
            limit = at_least if run.condition.train_fraction <= self.small else at_most
            found.append(limit(self.bits, named("loss of I(T;Y)", run), "bits", loss))
        return found


class DriftDiffusion(Claim):
    """Gradients drift, then diffuse; the change of phase is where compression begins."""

    number: ClassVar[int] = 5
    source: ClassVar[str] = "ST17"
    statement: ClassVar[str] = "Gradients drift, then diffuse; the change coincides with the onset of compression."
    measures: ClassVar[tuple[str, ...]] = ("gradients",)

    kind: Literal["drift_diffusion"] = "drift_diffusion"
    snr: Positive = Field(1.0, description="Gradient SNR above which is drift, below which is diffusion.")
    factor: Annotated[Float, Field(gt=1)] = Field(
        3.0, description="Change of phase and onset of compression coincide within this factor of epochs."
    )

    def statistics(self, runs: Sequence[Run]) -> list[Statistic]:
        """Of the layers' median SNR: its highest and its last value; and the factor between the two epochs."""
        return [statistic for run in runs for statistic in self._of(run)]

    def _of(self, run: Run) -> list[Statistic]:
        gradients = run.measurements["gradients"]
        log_snr = np.log(gradients["gradient_snr"]).median("layer")
        first, last = log_snr.max("epoch"), log_snr.isel(epoch=-1, drop=True)
        # of the hidden layers, taken together
        onset = derived.compression(self.information(run)["I_XT"].isel(layer=slice(None, -1)).sum("layer"))
        # a network that has only one of them, or neither, is infinitely far from having both at once
        factor = abs(np.log(gradients["network_phase_change"] / onset["compression_onset"])).fillna(np.inf)
        return [
            at_least(self.snr, named("highest SNR", run), "", first, of=exp_median),
            at_most(self.snr, named("last SNR", run), "", last, of=exp_median),
            at_most(self.factor, named("factor between change and onset", run), "", factor, of=exp_median),
        ]


class RandomWeights(Claim):
    """Within a layer, the final weights of neurons are no more alike than random directions."""

    number: ClassVar[int] = 6
    source: ClassVar[str] = "ST17"
    statement: ClassVar[str] = (
        "Final weights are effectively random: correlations between neurons of a layer are small."
    )
    measures: ClassVar[tuple[str, ...]] = ("weights",)

    kind: Literal["random_weights"] = "random_weights"
    ratio: Positive = Field(1.5, description="Correlations allowed, as a multiple of those of random directions.")

    def estimators(self) -> tuple[str, ...]:
        """None: it looks at weights."""
        return ()

    def statistics(self, runs: Sequence[Run]) -> list[Statistic]:
        """Root mean square correlation in the last epoch over that of random directions, mean over layers."""
        found = []
        for run in runs:
            weights = run.measurements["weights"]
            multiple = weights["correlation_rms"].isel(epoch=-1, drop=True) / weights["correlation_rms_random"]
            found.append(at_most(self.ratio, named("correlations / random", run), "", multiple.mean("layer")))
        return found


class DepthHelps(Claim):
    """More hidden layers, fewer epochs."""

    number: ClassVar[int] = 7
    source: ClassVar[str] = "ST17"
    statement: ClassVar[str] = "Depth helps: more hidden layers reach an error, and a compression, in fewer epochs."

    kind: Literal["depth_helps"] = "depth_helps"
    experiment: Experiments = Field("depth", description=EXPERIMENT)
    error: Annotated[Float, Field(gt=0, lt=1)] = Field(0.1, description="Held-out error to reach, a share.")
    compression: Positive = Field(1.5, description="Compression of the output layer to reach, in bits.")
    correlation: Correlation = Field(-0.3, description="Rank correlation of layers and epochs to stay below.")

    def statistics(self, runs: Sequence[Run]) -> list[Statistic]:
        """Rank correlation over networks of the number of hidden layers with the epochs to each target."""
        depths = xr.DataArray([float(len(run.condition.hidden)) for run in runs], dims="condition")
        targets = {
            f"layers, epochs to error {self.error:g}": [
                epochs_until(errors(r)["test_error"], self.error) for r in runs
            ],
            f"layers, epochs to {self.compression:g} bits": [
                epochs_until_compressed(self.information(r)["I_XT"].isel(layer=-1, drop=True), self.compression)
                for r in runs
            ],
        }
        return [
            at_most(self.correlation, f"rank correlation of {name}", "", xr.concat(epochs, "condition", join="inner"),
                    of=lambda e: depth_correlation(e, depths))
            for name, epochs in targets.items()
        ]  # fmt: skip


def depth_correlation(epochs: xr.DataArray, depths: xr.DataArray) -> xr.DataArray:
    """Rank correlation of epochs (..., condition, replicate) with depths (condition) over all networks.

    Networks that never arrive (infinite) rank last, together.
    """
    flat = [
        values.drop_vars("replicate", errors="ignore")
        .rename(replicate="network")
        .stack(replicate=("condition", "network"), create_index=False)
        for values in (epochs, depths.broadcast_like(epochs))
    ]
    return rank_correlation(*flat)


class NearBound(Claim):
    """Converged layers lose little more of Y than they must."""

    number: ClassVar[int] = 8
    source: ClassVar[str] = "ST17, TPB99"
    statement: ClassVar[str] = "Converged layers lie near the information-bottleneck bound."
    measures: ClassVar[tuple[str, ...]] = ("bound",)

    kind: Literal["near_bound"] = "near_bound"
    bits: Positive = Field(0.05, description="Distance below the bound allowed, mean over layers, in bits.")

    def statistics(self, runs: Sequence[Run]) -> list[Statistic]:
        """Distance below the bound in the last epoch, mean over layers."""
        found = []
        for run in runs:
            last = self.information(run).isel(epoch=-1, drop=True)
            below = distance_below_bound(run.measurements["bound"], last["I_XT"], last["I_TY"]).mean("layer")
            found.append(at_most(self.bits, named("distance below the bound", run), "bits", below))
        return found
