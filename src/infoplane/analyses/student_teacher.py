"""Do linear students compress, and does it go with how they generalise? Nothing is estimated ([S18] figs. 3, 4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import xarray as xr
from pydantic import Field

from infoplane.analyses.base import InformationAnalysis, Run, banded, complete, result, stated
from infoplane.analyses.phases import compression
from infoplane.statistics import last, mean_interval, smoothed


class StudentTeacher(InformationAnalysis):
    """Learning curves, exact, beside the plane; compression beside what over-training costs."""

    reads_curves: ClassVar[bool] = True
    needs: ClassVar[tuple[str, ...]] = ("I_XT", "I_TY", "I_NT")

    kind: Literal["student_teacher"] = "student_teacher"
    estimator: str = Field("gaussian", description="Whose exact I(X;T) and I(T;Y) are taken: a `gaussian`.")

    def analyse(self, runs: Sequence[Run]) -> xr.DataTree:
        """By condition: bands of `train_loss` and `generalisation_error` (epoch), mean paths (epoch, layer).

        Also, as means (interval): `compression` (layer) of I(X;T) and `lost` (layer) of I(T;Y) since their peaks; the
        error above the noise at its least, `best`, and in the last epoch, `end`; `overtraining`, its rise between.
        """
        return result(runs, [self._of(run) for run in runs])

    def _of(self, run: Run) -> xr.Dataset:
        plane, exact = self.information(run), run.measurements[self.estimator]
        errors = complete(exact[["generalisation_error", "excess_error"]])
        loss = complete(run.curves[["train_loss"]])["train_loss"]
        excess = smoothed(errors["excess_error"])
        found = {
            "I_XT_mean": stated(plane["I_XT"].mean("replicate"), "bits", "mean of I(X;T)"),
            "I_TY_mean": stated(plane["I_TY"].mean("replicate"), "bits", "mean of I(T;Y)"),
            **banded(loss, "train_loss", "1", "mean squared error on the training samples"),
            **banded(errors["generalisation_error"], "generalisation_error", "1", "generalisation error, exact"),
        }
        of_networks = {
            "compression": (compression(smoothed(plane["I_XT"])), "bits", "compression"),
            "lost": (compression(smoothed(plane["I_TY"])), "bits", "loss of I(T;Y) after its peak"),
            "best": (excess.min("epoch"), "1", "least error above the noise"),
            "end": (last(excess), "1", "error above the noise in the last epoch"),
            "overtraining": (
                last(excess) - excess.min("epoch"),
                "1",
                "rise of the generalisation error after its least",
            ),
        }
        for name, (value, units, long_name) in of_networks.items():
            found[name] = stated(value, units, long_name)
            found[f"{name}_mean"] = mean_interval(value, units, long_name)
        head = {"replicates_used": plane.sizes["replicate"], "last_epoch": int(plane["epoch"][-1])}
        return xr.Dataset(found, attrs=head)
