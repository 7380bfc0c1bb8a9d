"""Statistics are of the paths, not of how often they were looked at: with few snapshots or many they are the same."""

import numpy as np
import pytest
import xarray as xr

from infoplane.analyses.base import conditions
from infoplane.analyses.drift import Drift
from infoplane.analyses.forgetting import Forgetting
from infoplane.analyses.label_loss import LabelLoss
from infoplane.analyses.matched import Matched
from infoplane.analyses.multiverse import Multiverse
from infoplane.analyses.phases import Phases
from infoplane.measures.derived import SINCE


@pytest.mark.parametrize("kept", [[0, 1], [0, 9]], ids=["one epoch", "two snapshots"])
@pytest.mark.parametrize("kind", [Phases, Forgetting, Drift, Matched, LabelLoss, Multiverse])
def test_two_snapshots_are_enough(world, kind, kept):
    curves = world.curves()
    curves["train_error"][:] = 0.0
    measured = {"binned": world.information().isel(epoch=kept), "gradients": world.gradients().isel(epoch=kept)}
    run = world.run(measurements=measured, curves_=curves.isel(epoch=kept), epochs=int(world.epochs[kept[1]]))
    (found,) = conditions(kind().analyse([run]))
    assert found.attrs["replicates_used"] == 4
    name = next(name for name in ("compression", "I_XT_given_S_fitting", "snr_late", "loss_last") if name in found)
    assert found[name].notnull().all()


def smooth(world, snapshots, **condition):
    """Smooth paths to epoch 1000, with as many snapshots, in whole epochs: each event is a sigmoid in log(1 + epoch)."""
    epochs = np.unique(np.round(np.expm1(np.linspace(0, np.log1p(1000), snapshots))))
    coords = {"replicate": [0, 1], "epoch": epochs, "layer": [1, 2]}
    step = 1 / (1 + np.exp(-(np.log1p(epochs)[None] - np.array([[2.0], [4.0], [4.4]])) / 0.35))
    scale = np.array([1.0, 1.1])[:, None, None] * np.array([1.0, 1.2])

    def of(values):
        return (("replicate", "epoch", "layer"), values[None, :, None] * scale)

    plane = {"I_XT": of(3 + step[0] - 2 * step[1]), "I_TY": of(step[0] + 0.2 * step[2])}
    plane |= {"I_ST": of(1 + step[0]), "I_XT_given_S": of(2 - 2 * step[1])}
    snr = {"gradient_snr": of(4 / np.sqrt(1 + epochs))}
    rates = {"train_error": 0.5, "test_error": 0.6, "train_loss": 0.7, "test_loss": 0.8}
    curves = {n: (("replicate", "epoch"), [start * (1 - step[1]) + 0.01] * 2) for n, start in rates.items()}
    gradients = xr.Dataset(snr, coords).assign(phase_change=(("replicate", "layer"), np.full((2, 2), 50.0)))
    since = epochs[[np.argmax(np.log1p(epochs) >= share * np.log1p(1000)) for share in SINCE]]
    way = np.maximum(epochs[:, None] - since, 0.0) ** np.array([1.8, 1.0])
    moved = (("replicate", "epoch", "layer", "since"), way[None, :, None] * scale[..., None])
    weights = xr.Dataset({"displacement": moved}, {**coords, "since": since})
    measured = {"binned": xr.Dataset(plane, coords), "gradients": gradients, "weights": weights}
    del coords["layer"]
    return world.run(measurements=measured, curves_=xr.Dataset(curves, coords), epochs=1000, **condition)


@pytest.mark.parametrize("kind", [Phases, Forgetting, Drift, Matched])
def test_nothing_moves_with_the_number_of_snapshots(world, kind):
    """Bits and shares by less than 0.02, epochs and ratios by less than a twentieth."""
    few, many = (conditions(kind().analyse([smooth(world, snapshots)]))[0] for snapshots in (30, 60))
    compared = [name for name, variable in many.data_vars.items() if "replicate" in variable.dims]
    assert compared
    for name in compared:
        assert many[name].notnull().all(), name
        ratio = many[name].attrs["units"] == "epochs" or name.startswith(("snr", "lag"))
        tolerance = {"rtol": 0.05} if ratio else {"rtol": 0, "atol": 0.02}
        np.testing.assert_allclose(few[name], many[name], **tolerance, err_msg=name)
