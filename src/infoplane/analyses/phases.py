"""Two phases: I(T;Y) rises, then I(X;T) falls while the error hardly changes; when, and how much ([ST17])."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import xarray as xr
from pydantic import Field

from infoplane.analyses.base import InformationAnalysis, LearnedAnalysis, Run, result, stated
from infoplane.measures.derived import ONSET_SHARE
from infoplane.section import Positive
from infoplane.statistics import at_epoch, epochs_until, first, last, mean_interval, smoothed

FIT_SHARE = 0.95  # of the I(T;Y) that training gains: then fitting is done
CURVES = {
    "test_error": ("1", "held-out error"),
    "test_loss": ("nats", "held-out cross-entropy"),
}


class Phases(LearnedAnalysis, InformationAnalysis):
    """Of every layer: what it gains and loses of X and Y, when, and what the held-out error and loss were by then."""

    of_classes: ClassVar[bool] = True

    kind: Literal["phases"] = "phases"
    least: Positive = Field(0.5, description="Compression below which a layer has no second phase to date, in bits.")

    def analyse(self, runs: Sequence[Run]) -> xr.DataTree:
        """By condition and layer: see `phases`, of every network (replicate), and means (interval, `*_mean`)."""
        return result(runs, [self._of(run) for run in runs])

    def _of(self, run: Run) -> xr.Dataset:
        found = self.of_learned(run, phases(self.information(run), run.curves, self.least))
        return found.assign(
            {f"{name}_mean": mean_interval(v, v.attrs["units"], v.attrs["long_name"]) for name, v in found.items()}
        )


def compression(i_xt: xr.DataArray) -> xr.DataArray:
    """Peak of I(X;T) (..., epoch), once training has begun, less that of the last epoch; of a smooth curve."""
    return i_xt.where(i_xt["epoch"] >= 1).max("epoch") - last(i_xt)


def fitted(i_ty: xr.DataArray) -> xr.DataArray:
    """The epoch at which 95 % of the I(T;Y) (..., epoch) that training gains are there; NaN where it gains none."""
    begun, gained = first(i_ty), last(i_ty) - first(i_ty)
    return epochs_until(i_ty, begun + FIT_SHARE * gained, falling=False).where(gained > 0)


def onset(i_xt: xr.DataArray, least: float) -> xr.DataArray:
    """The epoch after which more than 5 % of the compression is lost for good; NaN below a `least` compression."""
    amount = compression(i_xt)
    peak = last(i_xt) + amount
    near = peak - i_xt <= ONSET_SHARE * amount
    return i_xt["epoch"].where(near & (amount >= least)).max("epoch")


def phases(plane: xr.Dataset, curves: xr.Dataset, least: float) -> xr.Dataset:
    """What happens in either phase, (replicate, layer), read off smooth curves (`statistics.smoothed`)."""
    i_xt, i_ty = smoothed(plane["I_XT"]), smoothed(plane["I_TY"])
    lost, begins, fit = compression(i_xt), onset(i_xt, least), fitted(i_ty)
    gained = last(i_ty) - first(i_ty)
    share_fitted = (at_epoch(i_ty, begins) - first(i_ty)) / gained
    share_after = ((at_epoch(i_xt, fit) - last(i_xt)) / lost).where(lost >= least)
    found = {
        "compression": stated(lost, "bits", "compression"),
        "gain": stated(last(i_xt) + lost - first(i_xt), "bits", "gain of I(X;T) up to its peak"),
        "onset": stated(begins, "epochs", "onset of compression"),
        "fitted": stated(fit, "epochs", "end of fitting: 95 % of the gain of I(T;Y)"),
        "share_fitted": stated(share_fitted.where(gained > 0), "1", "share of the fitting done at the onset"),
        "share_after": stated(share_after, "1", "share of the compression after the fitting"),
    }
    for name, (units, quantity) in CURVES.items():
        curve = smoothed(curves[name])
        then, end = at_epoch(curve, begins), last(curve)
        found[f"{name}_onset"] = stated(then, units, f"{quantity} at the onset of compression")
        found[f"{name}_change"] = stated(end - then, units, f"change of {quantity} from the onset on")
        found[f"{name}_last"] = stated(end, units, f"{quantity} in the last epoch")
    return xr.Dataset(found)
