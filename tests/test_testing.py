"""`infoplane.testing` lets pass what does as the workflow counts on, and says of anything else what is wrong with it."""

from typing import ClassVar, Literal

import numpy as np
import pytest
import xarray as xr
from pydantic import Field

from infoplane import jobs, stores, testing
from infoplane.analyses.base import Analysis, result
from infoplane.claims.base import Claim, statistic
from infoplane.datasets.base import Dataset, Shape, bit_patterns, joint, uniform
from infoplane.figures.base import Drawing, Figure
from infoplane.figures.style import panels
from infoplane.measures import ESTIMATORS
from infoplane.measures.base import LayerEstimator
from infoplane.measures.binned import Binned
from infoplane.statistics import mean_interval
from infoplane.testing import examples


class Signs(LayerEstimator):
    """A parabola in how likely the first unit is positive: no information, but well-behaved."""

    kind: Literal["signs"] = "signs"
    quantities: ClassVar[tuple[str, ...]] = ("I_XT",)
    share: float = Field(1.0, description="Which share of a bit it gives.")

    def information(self, activation, dataset, layer):
        positive = (activation.isel(unit=0) > 0).astype(float).where(activation.notnull().all("unit"))
        p = xr.dot(positive, dataset.p_x, dim="sample").where(positive.notnull().all("sample"))
        return xr.Dataset({"I_XT": self.share * 4 * p * (1 - p)})


class NoEpochs(Signs):
    """Measures well, and forgets which epochs."""

    def measure(self, training, dataset):
        return super().measure(training, dataset).drop_vars("epoch")


class OtherEpochs(NoEpochs):
    """Numbers the snapshots in place of the epochs."""

    def measure(self, training, dataset):
        measured = super().measure(training, dataset)
        return measured.assign_coords(epoch=np.arange(measured.sizes["epoch"]))


class Nats(Signs):
    """Says that it measures in another unit."""

    def measure(self, training, dataset):
        measured = super().measure(training, dataset)
        measured.I_XT.attrs["units"] = "nats"
        return measured


class Unnamed(Signs):
    """Gives a variable that nobody can name."""

    def measure(self, training, dataset):
        return super().measure(training, dataset).assign(more=1.0)


class Deaf(Signs):
    """Does not notice that a network has diverged."""

    def information(self, activation, dataset, layer):
        return super().information(activation.fillna(0), dataset, layer)


class Social(Signs):
    """Measures a network by the others beside it."""

    def information(self, activation, dataset, layer):
        return super().information(activation - activation.mean(["replicate", "sample"]), dataset, layer)


class Undescribed(Signs):
    """Has a key that nobody explains."""

    other: int = 3


@pytest.mark.parametrize(
    "estimator", [Signs(), Signs(snapshots=3), *(ESTIMATORS[k]() for k in ("binned", "knn", "kde"))]
)
def test_an_estimator_that_does_its_work_passes(estimator):
    assert set(estimator.quantities) <= set(testing.check_estimator(estimator))


@pytest.mark.parametrize(
    ("estimator", "line"),
    [
        (
            NoEpochs,
            "measure: epoch: found no coordinate, so 0, 1, ... would be taken for it; needed: the training's, 0, 1, 2",
        ),
        (OtherEpochs, "measure: epoch: found 0, 1, 2, 3, 4, 5, ...; needed: the training's, 0, 1, 2, 5, 10, 20, ..."),
        (Nats, "measure: I_XT: found the units 'nats'; needed: bits"),
        (Unnamed, "measure: more: no units; needed: units and long_name of each variable"),
        (Deaf, "I_XT: NaN elsewhere than where a network diverged"),
        (Social, "I_XT: NaN elsewhere than where a network diverged|I_XT: of a replicate it depends on which others"),
        (Undescribed, "other: no description"),
    ],
)
def test_an_estimator_that_does_not_is_told_why(estimator, line):
    with pytest.raises(AssertionError) as error:
        testing.check_estimator(estimator())
    assert str(error.value).startswith(tuple(line.split("|")))
    assert "\n" not in str(error.value)


def test_the_workflow_keeps_no_measurement_without_its_epochs(tmp_path):
    """As a job of the workflow writes it: a store, beside the training that it was made of."""
    data = examples.dataset()
    training = examples.training(data)
    (tmp_path / "training").mkdir()
    stores.write(training, tmp_path / "training/training.zarr.zip")

    def job(estimator):
        def write(job):
            stores.write(estimator.measure(training, data), job.folder / "measurement.zarr.zip")

        about = {"stage": "measurement", "label": "binned of main"}
        inputs = {"training": [tmp_path / "training"]}
        return jobs.checked(write)(jobs.Job({"kind": "binned"}, inputs, tmp_path, about))

    class Forgetful(Binned):
        def measure(self, training, dataset):
            return super().measure(training, dataset).drop_vars("epoch")

    assert job(Binned()) is None
    with pytest.raises(
        ValueError, match=r"^binned of main: epoch: found no coordinate, so 0, 1, \.\.\. would be taken"
    ):
        job(Forgetful())


class Parity(Dataset):
    """The parity of 3 bits."""

    kind: Literal["parity"] = "parity"

    def exact(self):
        x = bit_patterns(3)
        return uniform(x, x.sum(axis=1) % 2)

    def shape(self):
        return Shape(8, 3, 2)


class Unlikely(Parity):
    """Has too many likely samples."""

    def exact(self):
        return joint(bit_patterns(3), np.full(8, 0.2), np.full((8, 2), 0.5))


class Larger(Parity):
    """Says that it is larger than it is."""

    def shape(self):
        return Shape(9, 3, 2)


class Changing(Parity):
    """Another one each time."""

    def exact(self):
        return uniform(bit_patterns(3), np.random.default_rng().random(8))


def test_datasets():
    assert testing.check_dataset(Parity()).sizes["replicate"] == 2
    for kind, line in [
        (Unlikely, "distribution: p_x: found values below 0, or sums other than 1; needed: probabilities"),
        (Larger, r"shape: says \(9, 3, 2\), the distribution has \(8, 3, 2\)"),
        (Changing, "distribution: a second call gives another one"),
    ]:
        with pytest.raises(AssertionError, match=line):
            testing.check_dataset(kind())


class Last(Analysis):
    """The last training error of each run."""

    kind: Literal["last"] = "last"
    reads_curves: ClassVar[bool] = True
    units: ClassVar[str] = "1"

    def analyse(self, runs):
        attributes = {"units": self.units, "long_name": "error"}
        found = [run.curves[["train_error"]].isel(epoch=-1, drop=True) for run in runs]
        return result(runs, [data.assign(train_error=data.train_error.assign_attrs(attributes)) for data in found])


class Bare(Last):
    """Without units."""

    units: ClassVar[str] = ""


class Learnt(Claim):
    """Whether networks have learnt."""

    kind: Literal["learnt"] = "learnt"
    number: ClassVar[int] = 99
    source: ClassVar[str] = "this test"
    statement: ClassVar[str] = "Networks learn."
    test: ClassVar[str] = "The training error."

    def analysis(self):
        return Last(experiment=self.experiment)

    def statistics(self, analysis):
        error = analysis["condition_1"]["train_error"]
        return [statistic("at least", -1, mean_interval(error, "1", "training error"))]


class Silent(Learnt):
    """Without a statement."""

    statement: ClassVar[str] = ""


def test_analyses_and_claims():
    assert sorted(testing.check_analysis(Last()).children) == ["condition_1", "condition_2"]
    with pytest.raises(AssertionError, match="analyse: train_error: no units"):
        testing.check_analysis(Bare())
    assert testing.check_claim(Learnt(figure="f"))["verdict"] == "holds"
    with pytest.raises(AssertionError, match="number, statement"):
        testing.check_claim(Silent(figure="f"))


class Curve(Figure):
    """A plain figure."""

    kind: Literal["curve"] = "curve"

    def analysis(self):
        return Last(experiment=self.experiment)

    def draw(self, analysis):
        with panels(1) as (figure, [panel]):
            panel.plot(analysis["condition_1"]["train_error"])
        return Drawing(figure)


class Wide(Curve):
    """Writes beside the page."""

    def draw(self, analysis):
        drawing = super().draw(analysis)
        drawing.figure.text(2, 0.5, "far away")
        return drawing


class Film(Curve):
    """Says that it moves."""

    animated: ClassVar[bool] = True


def test_figures():
    caption = "{% for c in conditions %}{{ c.replicates_used }} networks{% endfor %}"
    assert testing.check_figure(Curve(), caption=caption).animation is None
    for figure, text, line in [
        (Curve(), None, r"caption: .*workflow/report/curve\.rst is missing"),
        (Curve(), "{{ none_such }}", "caption: 'none_such' is undefined"),
        (Wide(), caption, "draw: something reaches over the page"),
        (Film(), caption, "animated: says True, the drawing differs"),
    ]:
        with pytest.raises(AssertionError, match=line):
            testing.check_figure(figure, caption=text)
