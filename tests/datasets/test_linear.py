"""The linear teacher, and inputs that nothing depends on."""

import numpy as np
import pytest

from infoplane import contracts, loading
from infoplane.datasets.linear import LinearTeacher
from infoplane.datasets.replicates import draw
from infoplane.datasets.rules import Committee
from infoplane.loading import ConfigError


def test_targets_have_the_variances_that_are_stated():
    data = draw(LinearTeacher(features=20, samples=40_000, snr=2.0).distribution(), 0, 2)
    contracts.dataset(data)
    assert float(data.x.var()) == pytest.approx(1 / 20, rel=0.01)
    assert float(data.target_mean.var()) == pytest.approx(1, rel=0.03)
    noise = data.target - data.target_mean
    assert float(noise.var()) == pytest.approx(0.5, rel=0.03)
    assert abs(float(np.corrcoef(noise)[0, 1])) < 0.02  # each replicate has its own
    assert data.target.dtype == np.float32


def test_a_replicate_does_not_depend_on_how_many_there_are():
    few, many = (draw(LinearTeacher(samples=30).distribution(), 5, number) for number in (2, 4))
    for name in ("target", "order"):
        np.testing.assert_array_equal(few[name], many[name][:2])


def test_inputs_that_do_not_matter_have_no_weight():
    data = LinearTeacher(features=10, relevant=3, samples=9).distribution()
    assert data.relevant.values.tolist() == [1] * 3 + [0] * 7
    assert (data.teacher.values != 0).tolist() == [True] * 3 + [False] * 7
    assert float((data.teacher**2).sum() * data.input_variance) == pytest.approx(1)


def test_bits_that_have_no_say():
    data = Committee(bits=7, irrelevant=3).distribution()
    contracts.dataset(data)
    x, classes, nuisance = data.x.values, data.sufficient_class.values, data.nuisance_class.values
    assert (len(set(classes)), len(set(nuisance))) == (16, 8)
    assert len(set(zip(classes, nuisance, strict=True))) == 128  # S and N are X, and independent
    for number in range(16):
        assert len(np.unique(data.p_y_given_x.values[classes == number], axis=0)) == 1
        assert len(np.unique(x[classes == number][:, :4], axis=0)) == 1
    assert "nuisance_class" not in Committee(bits=7).distribution()


ASKED = {"figure": "plane", "estimator": "gaussian"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"output": "sigmoid"}, 'output: found "sigmoid"; allowed: linear, since'),
        ({"dataset": "committee"}, "allowed: sigmoid, softmax, since it has classes (`committee`)"),
        ({"activation": "tanh"}, 'estimators.gaussian.kind: found "gaussian"; allowed: with `activation: linear`'),
        ({"binned": True}, 'estimators.binned.kind: found "binned"; allowed: gaussian, since the targets are real'),
        ({"figure": "ib_bound"}, 'figures.plane.experiment: found "main"; allowed: those on datasets with classes'),
        ({"claims": {"two_phases": ASKED}}, 'claims.two_phases.experiment: found "main"; allowed: those on datasets'),
        ({"explorer": {"compare": ["gaussian"]}}, 'explorer.experiment: found "main"; allowed: those on datasets'),
        ({"relevant": 101}, "datasets.linear.relevant: found 101; allowed: up to 100"),
        ({"irrelevant": 12}, "datasets.committee.irrelevant: found 12; allowed: up to 11"),
        ({"shuffled": True}, "datasets.linear.shuffled"),
    ],
)
def test_what_does_not_go_together_is_a_line(change, told):
    linear = {"kind": "linear_teacher"} | {k: change[k] for k in ("relevant", "shuffled") if k in change}
    committee = {k: change[k] for k in ("irrelevant",) if k in change}
    network = {"dataset": "linear", "output": "linear", "activation": "linear", "epochs": 5}
    plane = {
        "kind": change.get("figure", "information_plane"),
        "estimator": "binned" if "binned" in change else "gaussian",
    }
    config = {
        "defaults": network | {k: v for k, v in change.items() if k in ("output", "dataset", "activation")},
        "experiments": {"main": {}},
        "datasets": {"linear": linear, "committee": committee},
        "estimators": {"gaussian": {}, "binned": {}},
        "figures": {"plane": plane},
    }
    config |= {group: change[group] for group in ("claims", "explorer") if group in change}
    with pytest.raises(ConfigError) as caught:
        loading.load(config)
    assert told in str(caught.value)
