"""Wrong configs: each is one line with the path, what was found and what is allowed; nothing else happens."""

import copy
import itertools
import json
import math
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infoplane import loading, plan
from infoplane.config import Config
from infoplane.loading import ConfigError

GOOD = {
    "defaults": {"epochs": 10, "replicates": 2},
    "experiments": {"main": {}, "fraction": {"vary": {"train_fraction": [0.45, 0.85]}}},
    "datasets": {"spherical": {}, "committee": {}, "mnist": {}},
    "estimators": {"binned": {}, "adaptive": {}, "kde": {}, "noisy": {}, "knn": {}, "specific": {}},
    "figures": {
        "information_plane": {},
        "bull": {},
        "information_plane_animation": {},
        "estimator_comparison": {"compare": ["binned", "kde"]},
    },
    "claims": {"near_bound": {"figure": "information_plane"}, "depth_helps": {"figure": "bull", "experiment": "main"}},
}
SURE = plan.make(loading.load(GOOD)).ids()  # it is good

# Keys, each with a value beyond its bounds.
WHOLE = {
    "defaults.seed": -1,
    "defaults.replicates": 0,
    "defaults.replicates_per_job": 0,
    "defaults.epochs": 10**12,
    "defaults.snapshots": 10**9,
    "datasets.committee.bits": 17,
    "datasets.committee.members": 10**9 + 1,
    "datasets.mnist.samples": 70_001,
    "estimators.binned.bins": 10**30,
    "estimators.adaptive.bins": 1,
    "estimators.noisy.draws": 10**12,
    "estimators.knn.neighbours": 0,
    "estimators.specific.input": -1,
    "figures.bull.replicate": -1,
    "figures.information_plane_animation.frame_ms": 43_691,
    "figures.information_plane_animation.loop": 65_536,
}
REAL = {
    "defaults.train_fraction": 0.9,
    "defaults.initializer_scale": 1e300,
    "defaults.learning_rate": 1e-300,
    "defaults.l2": -1.0,
    "defaults.dropout": 1.0,
    "estimators.kde.noise_variance": 1e-300,
    "claims.near_bound.bits": 0.0,
    "claims.depth_helps.correlation": -1.1,
    "claims.depth_helps.faster": 1.1,
}
CHOICES = {
    "defaults.activation": "tahn",
    "defaults.output": "linear",
    "defaults.initializer": "zeros",
    "defaults.optimizer": "SGD",
    "defaults.precision": "float64",
    "figures.bull.drawn_as": "cow",
    "figures.information_plane.bound": "middle",
    "defaults.dataset": "sphere",
    "figures.information_plane.experiment": "mian",
    "figures.information_plane.estimator": "bined",
    "figures.bull.estimator": "binned",
    "claims.near_bound.figure": "plane",
}
SECTIONS = ("defaults", "experiments.main", "datasets.committee", "estimators.kde", "figures.bull", "claims.near_bound")
WRONG = [
    *((key, value) for key, beyond in WHOLE.items() for value in (beyond, 2.5, "many", [], {}, True, None)),
    *((key, value) for key, beyond in REAL.items() for value in (beyond, "many", [], {}, True, None, math.nan)),
    *((key, value) for key, unknown in CHOICES.items() for value in (unknown, 3, None, {})),
    *((section, value) for section in SECTIONS for value in (3, "x", [1])),
    *((key, value) for key in ("datasets.spherical.shuffled", "strict_environment") for value in ("perhaps", 3, [])),
]


def changed(path, value):
    values = copy.deepcopy(GOOD)
    *parents, last = path.split(".") if isinstance(path, str) else path
    section = values
    for part in parents:
        section = section.setdefault(part, {})
    section[last] = value
    return values


def refusal(values):
    with pytest.raises(ConfigError) as error:
        loading.load(values)
    line = str(error.value)
    assert line.isprintable(), line
    return line


@pytest.mark.parametrize(("path", "value"), WRONG, ids=lambda part: str(part)[:50])
def test_a_wrong_value_is_one_line_with_path_found_and_allowed(path, value):
    line = refusal(changed(path, value))
    assert line.startswith(f"{path}: found {json.dumps(value)}"), line
    assert "allowed: " in line or "is needed" in line, line


def test_the_table_is_large():
    assert len(WRONG) > 200


VARIED = {key: list(range(1, 101)) for key in ("seed", "epochs", "replicates")}
BOMB = ["lol"]
for _ in range(9):
    BOMB = [BOMB] * 9
DEEP, ITSELF = {}, []
for _ in range(3000):
    DEEP = {"a": DEEP}
ITSELF.append(ITSELF)
LOOP = {}
LOOP["a"] = LOOP


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        # more than anyone can wait for
        ("defaults.replicates", 10**9, "defaults.replicates: found 1000000000; allowed: less than or equal to 1000000"),
        ("defaults.replicates", 10**6, "defaults.replicates: found 1000000; with it there are 100000 trainings; allowed: up to 20000"),
        ("experiments.main.vary", {"replicates": [1, 10**6]}, "experiments.main.vary.replicates: found 1000000; "),
        ("defaults.hidden", [5, 10**7], "defaults.hidden.1: found 10000000; allowed: less than or equal to 1000000"),
        ("experiments.main.vary", {"seed": list(range(10_001))}, "experiments.main.vary: found 10001; too many combinations; allowed: up to 10000"),
        ("experiments.main.vary", VARIED, "experiments.main.vary: found 1000000; too many combinations; allowed: up to 10000"),
        ("defaults.hidden", [1] * 101, "defaults.hidden: found [1, 1, "),
        ("defaults", {"snapshots": 2000, "epochs": 2000}, "defaults.snapshots: found 2000; allowed: up to 1000, or more than `epochs`"),
        # that no number can be
        ("estimators.binned.width", 1e-300, "estimators.binned.width: found 1e-300; allowed: greater than or equal to 0.000000000001"),
        ("estimators.binned", {"kind": "binned", "range": [-1e300, 1e300]}, "estimators.binned: found {"),
        ("estimators.binned", {"kind": "binned", "range": [1, 1]}, "estimators.binned: found {"),
        ("estimators.binned.range", [0, math.inf], "estimators.binned.range.1: found Infinity; allowed: a finite number"),
        ("claims.near_bound.bits", 10**400, "claims.near_bound.bits: found a number of 1329 bits; allowed: up to 1024"),
        ("defaults.train_fraction", 1e-9, "defaults.train_fraction: found 1e-09; it leaves none of the 4096 samples"),
        ("figures.bull.replicate", 10**30, "figures.bull.replicate: found 1000000000000000000000000000000; allowed: 0 to 1"),
        ("estimators.specific.input", 4096, "estimators.specific.input: found 4096; allowed: 0 to 4095"),
        # options of optimizers
        ("defaults.optimizer_options", {"momentum": "abc"}, 'defaults.optimizer_options.momentum: found "abc"; allowed: a number from 0 to 1'),
        ("defaults.optimizer_options", {"momentum": 7}, "defaults.optimizer_options.momentum: found 7; allowed: a number from 0 to 1"),
        ("defaults.optimizer_options", {"momentum": "["}, 'defaults.optimizer_options.momentum: found "["; allowed: a number'),
        ("defaults.optimizer_options", {"nesterov": 3}, "defaults.optimizer_options.nesterov: found 3; allowed: true or false"),
        ("defaults.optimizer_options", {"clipnorm": [1]}, "defaults.optimizer_options.clipnorm: found [1]; allowed: a number"),
        ("defaults.optimizer_options", {"momentun": 1}, "defaults.optimizer_options.momentun: unknown key of sgd; did you mean `momentum`"),
        # names that become files
        *(((group, name), {"kind": kind}, f"{group}.{shown}: found ") for group, kind in (("figures", "depth"), ("estimators", "binned"), ("datasets", "parity"))
          for name, shown in (("../up", "../up"), ("a b", "a b"), ("{x}", "{x}"), ("<b>", "<b>"), ("a\nb", "a\\nb"), ("\x1b[2J", "\\x1b[2J"), ("$(rm)", "$(rm)"), ("'", "'"), ("a" * 101, "a" * 101), ("é", "é"))),
        ("figures.x", {"kind": "a\n\x1b[31m"}, 'figures.x.kind: found "a\\n\\u001b[31m"; unknown kind; '),
        ("defaults.dataset", "a" * 5000, 'defaults.dataset: found "aaaaa'),
        # keys, and what is no tree of plain values
        ("defaults", {None: 3}, "defaults: found the key null; allowed: keys that are text"),
        ("experiments", {3: {}}, "experiments: found the key 3; allowed: keys that are text"),
        ("experiments.main.set", {(1, 2): 3}, "experiments.main.set: found the key [1, 2]; allowed: keys that are text"),
        ("experiments.main.vary", {"seed": {1, 2}}, "experiments.main.vary.seed: found a set; allowed: "),
        ("defaults.dataset", b"spherical", "defaults.dataset: found a bytes; allowed: text"),
        ("defaults", DEEP, "defaults.a.a: nested too deeply; allowed: up to 20 levels"),
        ("defaults.optimizer_options", DEEP, "defaults.optimizer_options.a: nested too deeply"),
        ("defaults.hidden", ITSELF, "defaults.hidden.0: nested too deeply"),
        ("experiments", LOOP, "experiments.a.a: nested too deeply"),
        ("estimators", LOOP, "estimators.a.a: nested too deeply"),
        ("defaults.hidden", BOMB, "defaults.hidden.0: found more than 100000 values in all; allowed: up to 100000"),
    ],
    ids=lambda part: str(part)[:40] if isinstance(part, str) else "",
)  # fmt: skip
def test_what_is_too_much_or_no_config_at_all_is_one_line(path, value, line):
    assert refusal(changed(path, value)).startswith(line)


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({None: 1}, "the config: found the key null"),
        ({3: 1}, "the config: found the key 3"),
        ({"a\x1b[2Jb": 1}, "a\\x1b[2Jb: unknown key"),
        ({"__": 1}, '"": unknown key'),
        ({"a." * 5000: 1}, "a.a.a: nested too deeply"),
        ({"defaults__hidden": "[1, *a]"}, 'defaults.hidden: found "[1, *a]"; allowed'),
        ({"defaults__epochs": "&a [*a]"}, "defaults.epochs.0: nested too deeply"),
    ],
)
def test_keys_of_the_top_are_one_line(values, line):
    assert refusal({**GOOD, **values}).startswith(line)


def test_many_keys_with_one_problem_are_one_line():
    assert "figures.information_plane.experiment, figures." in refusal(changed("experiments", {"a": {}}))


MERGES = "a: &a {x: 1}\n" + "".join(f"{b}: &{b} {{<<: [*{a}, *{a}]}}\n" for a, b in zip("abc", "bcd", strict=True))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\xff\xfe\x00binary", "not YAML: not a text in UTF-8"),
        (b"PK\x03\x04\x00\x00", "not YAML: "),
        (b"", "found nothing; a mapping of sections is needed"),
        (b"[]", "found list; a mapping"),
        (b"3", "found int; a mapping"),
        (b"null", "found nothing; a mapping"),
        (b"a: 1\na: 2\n", "not YAML: the key 'a' is there twice (line "),
        (b'{"a": 1, "a": 2}', "not YAML: the key 'a' is there twice (line "),
        (b"defaults: {epochs: 1, replicates: 2, epochs: 3}", "the key 'epochs' is there twice"),
        (MERGES.encode(), "`<<` merges one mapping"),
        (b"? [a]\n: 1\n", "a key that is no text"),
        (b"a: " + b"[" * 5000, "not YAML: nested too deeply"),
        (b"a: 2020-99-99", "not YAML: month must be in 1..12"),
        (b"a: " + b"9" * 5000, "not YAML: Exceeds the limit"),
        (b"a: !!python/object/apply:os.system [true]", "not YAML: could not determine a constructor"),
        (b"a: *b", "not YAML: found undefined alias 'b'"),
        (b"a: " + b"x" * 2**19, "larger than 512 KiB"),
    ],
)
def test_a_file_that_is_no_config_is_one_line(tmp_path, content, says):
    path = tmp_path / "config.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as error:
        loading.read(path)
    line = str(error.value)
    assert line.startswith(f"{path}: ")
    assert says in line
    assert line.isprintable()


def test_what_is_no_file_is_one_line(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "loop").symlink_to("loop")
    for name in ("fifo", "loop", "nowhere", ".", "x" * 5000):
        with pytest.raises(ConfigError) as error:
            loading.read(tmp_path / name)
        assert str(error.value).startswith(f"{tmp_path / name}: ")


def test_yaml_that_is_as_it_should_be_is_read(tmp_path):
    (tmp_path / "a.yaml").write_text("a: &a {x: 1}\nb: {<<: *a, x: 2}\nc: {<<: *a}\n")
    assert loading.read(tmp_path / "a.yaml") == {"a": {"x": 1}, "b": {"x": 2}, "c": {"x": 1}}
    (tmp_path / "a.json").write_text('{\n\t"a": [1, 2]\n}')
    assert loading.read(tmp_path / "a.json") == {"a": [1, 2]}


def test_aliases_that_stand_for_too_much_are_refused(tmp_path):
    letters = "abcdefghijklmnopqr"
    lines = ["a: &a [x, x]", *(f"{b}: &{b} [*{a}, *{a}]" for a, b in itertools.pairwise(letters))]
    (tmp_path / "a.yaml").write_text("\n".join(lines))
    assert refusal(loading.read(tmp_path / "a.yaml")).endswith(
        "found more than 100000 values in all; allowed: up to 100000"
    )


def keys():
    """All keys of a config, as the schema has them: of each kind that GOOD has."""
    schema = Config.model_json_schema()["$defs"]
    kinds = {definition["properties"]["kind"]["const"]: definition for definition in schema.values() if "kind" in definition.get("properties", {})}  # fmt: skip
    found = [f"defaults.{key}" for key in schema["Condition"]["properties"]]
    for group in ("datasets", "estimators", "figures", "claims"):
        found += [f"{group}.{name}.{key}" for name in GOOD[group] for key in kinds[name]["properties"]]
    return [*found, "experiments.main.vary", "experiments.main.set", *GOOD]


plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.sampled_from([*GOOD, *"x0"])
anything = st.recursive(plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(plain, inner, max_size=3), max_leaves=6)  # fmt: skip


@settings(max_examples=80)
@given(st.sampled_from(keys()), anything)
def test_any_value_at_any_key_is_taken_or_refused(path, value):
    said = ""
    try:
        assert plan.make(loading.load(changed(path, value))).ids()
    except ConfigError as error:
        said = str(error)
    assert said.replace("\n", "").isprintable()
