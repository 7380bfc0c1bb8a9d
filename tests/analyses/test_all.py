"""What holds for every analysis: what its variables are, that it is kept whole, and that it can be had as a table."""

import io
import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from infoplane.analyses import ANALYSES
from infoplane.analyses.base import conditions, result, stated
from infoplane.analyses.table import csv, numbers
from infoplane.statistics import mean_interval


def rows(analysis):
    return pd.read_csv(io.StringIO(csv(analysis)), comment="#")


@pytest.fixture(params=ANALYSES)
def analysis(request, world):
    section = ANALYSES[request.param](kind=request.param)
    runs = [world.run({"train_fraction": share}, train_fraction=share) for share in (0.45, 0.85)]
    return section.analyse(runs)


@pytest.mark.parametrize("kind", ANALYSES)
def test_every_key_is_described(kind):
    section = ANALYSES[kind]
    assert section.model_fields["kind"].default == kind
    assert all(field.description for name, field in section.model_fields.items() if name != "kind")


def test_every_variable_says_what_it_is(world, analysis):
    for node in world.stored(analysis).subtree:
        for name, variable in node.to_dataset(inherit=False).variables.items():
            assert variable.attrs["units"], name
            assert variable.attrs["long_name"], name


def test_it_is_the_same_when_it_is_read_again(world, analysis):
    read = world.stored(analysis)
    for one, other in zip(conditions(analysis), conditions(read), strict=True):
        xr.testing.assert_equal(one, other)
        assert json.loads(json.dumps(one.attrs)) == other.attrs
    assert numbers(read) == json.loads(json.dumps(numbers(analysis)))


def test_the_table_has_every_number(analysis):
    table = rows(analysis)
    for data in conditions(analysis):
        of_condition = table[table["condition"] == data.attrs["name"]]
        for name, variable in data.data_vars.items():
            values = variable.sel(interval="estimate") if "interval" in variable.dims else variable
            expected = np.sort(values.values.astype(float)[values.notnull().values].ravel())
            np.testing.assert_allclose(np.sort(of_condition[name].dropna()), expected)


def small(world, **variables):
    """A condition of made-up variables (replicate, epoch)."""
    data = xr.Dataset(variables, {"replicate": [0, 1], "epoch": [0, 3]})
    return result([world.run({"seed": 7}, experiment="")], [data])


def test_points_of_the_same_dimensions_share_their_rows(world):
    bits = xr.DataArray([[1.5, 2.5], [3.5, np.nan]], dims=("replicate", "epoch"))
    kept = small(world, a=stated(bits, "bits", "this"), b=stated(10 * bits, "nats", "that"))
    text = csv(kept)
    assert "# a: this [bits]\n" in text
    assert "# epoch: epoch [epochs]\n" in text
    assert text.splitlines()[-4:] == [
        "condition,replicate,epoch,a,b",
        "seed 7,0,0,1.5,15.0",
        "seed 7,0,3,2.5,25.0",
        "seed 7,1,0,3.5,35.0",  # the point without a value has no row
    ]


def test_whole_numbers_stay_whole_beside_rows_that_have_none(world):
    bits = xr.DataArray([[1.0, 2.0], [3.0, 5.0]], dims=("replicate", "epoch"))
    kept = small(world, a=stated(bits, "bits", "this"), total=stated(bits.sum().astype(int), "1", "all"))
    assert csv(kept).splitlines()[-2:] == ["seed 7,1,3,5.0,", "seed 7,,,,11"]


def test_an_interval_takes_three_columns(world):
    values = xr.DataArray([1.0, 3.0], dims="replicate")
    (row,) = rows(small(world, a=mean_interval(values, "bits", "a"))).to_dict("records")
    assert row["a_low"] < row["a"] == 2 < row["a_high"]


def test_coordinates_stand_in_the_rows_of_their_points(world):
    data = xr.Dataset({"a": stated(xr.DataArray([1.0, 2.0], dims="moment"), "bits", "this")})
    kept = data.assign_coords(moment=["start", "end"], epoch=("moment", [0, 9]))
    lines = csv(result([world.run({"seed": 7}, experiment="")], [kept])).splitlines()
    assert lines[-3:] == ["condition,moment,epoch,a", "seed 7,start,0,1.0", "seed 7,end,9,2.0"]


def test_captions_quote_what_is_not_of_each_network_or_epoch(world):
    bits = xr.DataArray([[1.0, 2.0], [3.0, np.nan]], dims=("replicate", "epoch"))
    kept = small(world, a=stated(bits, "bits", "this"), last=stated(bits[1, 1], "bits", "last"))
    (quoted,) = numbers(kept)["conditions"]
    assert "a" not in quoted
    assert quoted["last"] is None
    assert (quoted["name"], quoted["varied"], quoted["replicates_used"]) == ("seed 7", {"seed": 7}, 2)
