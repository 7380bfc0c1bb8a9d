"""A config that cannot be used ends with a line per problem: the key's path, what was found, what is allowed."""

import copy
import json
from typing import Annotated

import numpy as np
import pytest
import yaml
from pydantic import Field

from infoplane import loading
from infoplane.analyses import ANALYSES
from infoplane.claims import CLAIMS
from infoplane.datasets import DATASETS
from infoplane.figures import FIGURES
from infoplane.loading import ConfigError
from infoplane.measures import ESTIMATORS, MEASURES
from infoplane.section import Neutral, Section

GOOD = {
    "defaults": {"epochs": 10, "replicates": 2},
    "experiments": {
        "main": {},
        "fraction": {"vary": {"train_fraction": [0.45, 0.85]}},
        "digits": {"set": {"dataset": "digits", "output": "softmax"}},
    },
    "datasets": {"spherical": {}, "digits": {}},
    "estimators": {
        "binned": {"bins": 30},
        "knn": {},
        "specific": {},
        "chain": {},
        "last": {"kind": "specific", "input": 1797},
    },
    "figures": {"information_plane": {"experiment": "main", "estimator": "binned"}},
}


def changed(path, value):
    values = copy.deepcopy(GOOD)
    *parents, last = path.split(".")
    section = values
    for part in parents:
        section[part] = section.get(part) or {}
        section = section[part]
    section[last] = value
    return values


def test_a_good_config_loads_and_kinds_default_to_names():
    loaded = loading.load(GOOD)
    assert loaded.estimators["binned"].kind == "binned"
    assert loaded.defaults.epochs == 10
    assert [varied for varied, _ in loaded.conditions("fraction")] == [
        {"train_fraction": 0.45},
        {"train_fraction": 0.85},
    ]


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        ("defaults.epochs", 0, "defaults.epochs: found 0; allowed: greater than or equal to 1"),
        ("defaults.epochs", True, "defaults.epochs: found true; a number is needed"),
        ("defaults.epochs", "many", 'defaults.epochs: found "many"; allowed: a valid integer'),
        ("defaults.train_fraction", 1.5, "defaults.train_fraction: found 1.5; allowed: up to 0.85"),
        ("defaults.train_fraction", 0.9, "defaults.train_fraction: found 0.9; allowed: up to 0.85, since the last 15% of the samples only test"),
        ("defaults.train_fraction", 0, "defaults.train_fraction: found 0; allowed: greater than 0"),
        ("defaults.hidden", [12, 0], "defaults.hidden.1: found 0; allowed: greater than or equal to 1"),
        ("defaults.hidden", [], "defaults.hidden: found []"),
        ("defaults.activation", "tahn", 'defaults.activation: found "tahn"; allowed: '),
        ("defaults.epoch", 5, "defaults.epoch: unknown key; did you mean `epochs`? allowed: "),
        ("defaults.dataset", "sphere", 'defaults.dataset: found "sphere"; '),
        ("defaults.batch_size", 4000, "defaults.batch_size: found 4000; allowed: 1 to 3482"),
        ("defaults.batch_size", "half", 'defaults.batch_size: found "half"; '),
        ("estimators.binned.bins", 0, "estimators.binned.bins: found 0; allowed: greater than or equal to"),
        ("estimators.binned.bin", 3, "estimators.binned.bin: unknown key; did you mean `bins`?"),
        ("estimators.mine.kind", "bined", "estimators.mine.kind: found"),
        ("datasets.mine.kind", "sphericle", "datasets.mine.kind: found"),
        ("figures.information_plane.experiment", "mian", 'figures.information_plane.experiment: found "mian"; unknown name; did you mean `main`'),
        ("figures.information_plane.estimator", "kde9", 'figures.information_plane.estimator: found "kde9"; '),
        ("figures.nothing", {}, "figures.nothing.kind: found"),
        ("figure", {}, "figure: unknown key; did you mean `figures`?"),
        ("experiments.fraction.vary", {"train_fractoin": [1]}, "experiments.fraction.vary.train_fractoin: unknown key; did you mean"),
        ("experiments.fraction.vary", {"train_fraction": [0.5, 2]}, "experiments.fraction.vary.train_fraction: found 2; allowed: up to 0.85"),
        ("experiments.fraction.vary", {"train_fraction": []}, "experiments.fraction.vary.train_fraction: found []"),
        ("experiments.fraction.vary", {"batch_size": [64, 9999]}, "experiments.fraction.vary.batch_size: found 9999; allowed: 1 to"),
        ("experiments.fraction.set", {"epochs": -1}, "experiments.fraction.set.epochs: found -1; allowed"),
        ("experiments.bad name", {}, "experiments.bad name"),
        ("experiments.fraction.set", {"train_fraction": 0.5}, "experiments.fraction.set.train_fraction: found 0.5; `vary` has this key too"),
        ("experiments", [1], "experiments: found [1]"),
        ("defaults.optimizer_options", {"momentun": 0.9}, "defaults.optimizer_options.momentun: unknown key of sgd; did you mean `momentum`? allowed: "),
        ("defaults.optimizer_options", {"learning_rate": 0.9}, "defaults.optimizer_options.learning_rate: unknown key of sgd; "),
        ("experiments.fraction.set", {"optimizer": "adam", "optimizer_options": {"rho": 1}}, "experiments.fraction.set.optimizer_options.rho: unknown key of adam; "),
        ("defaults.quantize", 3, "defaults.quantize: found 3; allowed: 8, 4, 2 or 1"),
        ("experiments.fraction.set", {"quantize": "4", "activation": "relu"}, "experiments.fraction.set.quantize: found 4; allowed: null, since relu has no limits on both sides; those that have: hard_sigmoid, hard_tanh, relu6, sigmoid, softsign, sparse_sigmoid, tanh"),
        ("experiments.fraction.set", {"quantize": 4, "activation_noise": 0.1}, "experiments.fraction.set.activation_noise: found 0.1; allowed: 0, since `quantize` is set"),
        ("estimators.bound", {"kind": "binned"}, 'estimators.bound: found "bound"; taken by a built-in measure'),
        ("figures.claims", {"kind": "gradient_snr"}, 'figures.claims: found "claims"; taken by the table of verdicts'),
        ("figures.estimator_comparison", {"compare": ["binned", "kdee"]}, 'figures.estimator_comparison.compare: found "kdee"; unknown name; '),
        ("figures.bull", {"estimator": "binned"}, 'figures.bull.estimator: found "binned"; it gives no specific_XT; allowed: last, specific'),
        ("figures.bull", {"replicate": 2}, "figures.bull.replicate: found 2; allowed: 0 to 1, the replicates of its condition"),
        ("figures.bull", {"drawn_as": "image"}, 'figures.bull.drawn_as: found "image"; allowed: icosahedron, strip, for the 12 features of `spherical`'),
        ("figures.bull", {"experiment": "digits"}, 'figures.bull.drawn_as: found "icosahedron"; allowed: image, strip, for the 64 features of `digits`'),
        ("figures.bull", {"experiment": "digits", "drawn_as": "image", "estimator": "last"}, "estimators.last.input: found 1797; allowed: 0 to 1796, the samples of `digits`"),
        ("figures.information_plane.estimator", "knn", 'figures.information_plane.estimator: found "knn"; it gives no I_XT; allowed: binned, '),
        ("figures.information_plane.estimator", "chain", 'estimators.chain.kind: found "chain"; allowed: with `activation_noise`; without it, `noisy` adds noise of its own'),
        ("figures.estimator_comparison", {"compare": ["binned", "knn"]}, 'figures.estimator_comparison.compare: found "knn"; it gives no I_XT; allowed: binned, '),
        ("claims.near_bound", {"figure": "information_plane", "estimator": "knn"}, 'claims.near_bound.estimator: found "knn"; it gives no I_XT; allowed: binned, '),
        ("claims.near_bound", {"figure": "plane"}, 'claims.near_bound.figure: found "plane"; unknown name; '),
        ("claims.random_weights", {"figure": "information_plane", "experiment": ["main", "mian"]}, 'claims.random_weights.experiment: found "mian"; unknown name; '),
    ],
)  # fmt: skip
def test_a_wrong_value_is_one_line_with_its_path(path, value, line):
    with pytest.raises(ConfigError) as error:
        loading.load(changed(path, value))
    text = str(error.value)
    assert text.startswith(line)
    assert "\n" not in text


@pytest.mark.parametrize("kind", ["exact", "adaptive"])
def test_what_asks_for_every_digit_refuses_activations_of_few(kind):
    values = changed("defaults.precision", "float16")
    values["estimators"]["fine"] = {"kind": kind}
    values["figures"]["information_plane"]["estimator"] = "fine"
    with pytest.raises(ConfigError) as error:
        loading.load(values)
    assert str(error.value).startswith(f'estimators.fine.kind: found "{kind}"; allowed: with `precision: float32`; ')


def test_several_problems_are_a_line_each():
    values = changed("defaults.epochs", 0)
    values["estimators"]["binned"]["bins"] = -1
    with pytest.raises(ConfigError) as error:
        loading.load(values)
    assert [line.split(":")[0] for line in str(error.value).splitlines()] == [
        "defaults.epochs",
        "estimators.binned.bins",
    ]


def test_a_sigmoid_output_needs_two_classes(tmp_path):
    np.savez(tmp_path / "three.npz", x=np.eye(9), y=np.arange(9) % 3)
    values = changed("datasets.three", {"kind": "npz", "path": str(tmp_path / "three.npz")})
    values["defaults"] |= {"dataset": "three", "batch_size": 2}
    with pytest.raises(ConfigError, match=r"^defaults.output: found \"sigmoid\"; allowed: softmax"):
        loading.load(values)


def test_a_missing_data_file_is_named(tmp_path):
    values = changed("datasets.mine", {"kind": "npz", "path": str(tmp_path / "no.npz")})
    values["defaults"]["dataset"] = "mine"
    with pytest.raises(ConfigError, match=r"^datasets.mine: .*no.npz"):
        loading.load(values)


@pytest.mark.parametrize("key", ["estimators.binned.bins", "estimators__binned__bins"])
def test_overrides_of_nested_keys(key):
    assert loading.load({**GOOD, key: "50"}).estimators["binned"].bins == 50


def test_overrides_count_in_their_order():
    assert loading.expand({"a__b": 1, "a.b": 2}) == {"a": {"b": 2}}
    assert loading.expand({"a.b": 2, "a__b": 1}) == {"a": {"b": 1}}


@pytest.mark.parametrize(("option", "text"), [("nesterov", "false"), ("momentum", "0.9")])
def test_a_text_of_an_override_is_the_value_that_it_is_in_yaml(option, text):
    """Snakemake hands over texts, nested ones too."""
    for options in (
        {f"defaults__optimizer_options__{option}": text},
        {"defaults": {"optimizer_options": {option: text}}},
    ):
        loaded = loading.load({**GOOD, **options})
        assert loaded.defaults.optimizer_options == {option: yaml.safe_load(text)}


def test_a_misfit_names_the_experiment_and_the_condition_in_which_it_arises():
    values = changed("experiments.fraction.vary", {"train_fraction": [0.01, 0.85]})
    values["defaults"]["batch_size"] = 64
    with pytest.raises(ConfigError, match=r"\(experiment fraction, train fraction 0.01\)$"):
        loading.load(values)


@pytest.mark.parametrize("kind", [[], 3, None, {}])
def test_a_kind_that_is_no_text_is_one_line(kind):
    with pytest.raises(ConfigError, match=r"^figures.x.kind: "):
        loading.load(changed("figures.x", {"kind": kind}))


@pytest.mark.parametrize(
    "registry", [DATASETS, ESTIMATORS, MEASURES, ANALYSES, FIGURES, CLAIMS], ids=lambda r: next(iter(r))
)
def test_what_ids_are_made_of_gives_the_section_back(registry):
    needed = {"figure": "information_plane", "path": "data.npz", "labels_path": "labels"}
    for kind, section in registry.items():
        values = {key: value for key, value in needed.items() if key in section.model_fields}
        made = section(kind=kind, **values)
        assert section.restored(json.loads(json.dumps(made.resolved()))) == made


def test_a_neutral_value_is_left_out_of_ids_until_it_changes():
    class Added(Section):
        old: int = Field(1, description="old")
        new: Annotated[int, Neutral(3)] = Field(3, description="new")

    assert Added().resolved() == {"old": 1}
    assert Added.restored({"old": 1}) == Added()
    assert Added(new=4).resolved() == {"old": 1, "new": 4}

    class Changed(Section):
        old: int = Field(1, description="old")
        new: Annotated[int, Neutral(3)] = Field(4, description="new, with another default")

    assert Changed().resolved() == {"old": 1, "new": 4}  # a changed default is another version
    assert Changed.restored({"old": 1}) == Changed(new=3)  # and what was made before is still what it was


def test_files_merge_in_order(tmp_path):
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(GOOD))
    (tmp_path / "b.yaml").write_text("defaults: {epochs: 99}")
    loaded = loading.load(loading.read(tmp_path / "a.yaml", tmp_path / "b.yaml"))
    assert (loaded.defaults.epochs, loaded.defaults.replicates) == (99, 2)


@pytest.mark.parametrize("text", ["a: [", "- 1"])
def test_a_file_that_is_no_mapping_is_one_line(tmp_path, text):
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(ConfigError, match=r"a.yaml: ") as error:
        loading.read(tmp_path / "a.yaml")
    assert "\n" not in str(error.value)
