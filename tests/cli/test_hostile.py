"""Whatever a manifest says: exit 0, 1 or 2, with one line for 2, no traceback, and nothing for the terminal to act on."""

import copy
import json
import random

import pytest
from tests.cli.test_audit import forged

from infoplane.artifacts import Recipe

VALUES = [
    *(None, True, 3, -1, 1e308, 10**30, float("nan"), "", "/", "../..", "\x1b[2J", "a\nb", "0" * 12, "infoplane"),
    *([], {}, [[]], {"a": {}}, ["0" * 12], [1] * 50),
]  # fmt: skip
KEYS = ["id", "../x", "\x1b", "0" * 12]


def places(value, place=()):
    """The places of all values inside one."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield (*place, key)
        yield from places(inner, (*place, key))


def damaged(manifest, chance):
    """The manifest with one to four values removed, replaced or added; sometimes with an id that follows."""
    manifest = copy.deepcopy(manifest)
    for _ in range(chance.randint(1, 4)):
        *parents, last = chance.choice(list(places(manifest)))
        inside = manifest
        for key in parents:
            inside = inside[key]
        what, value = chance.random(), copy.deepcopy(chance.choice(VALUES))
        if what < 0.2:
            del inside[last]
        elif what < 0.3 and isinstance(inside, dict):
            inside[chance.choice(KEYS)] = value
        else:
            inside[last] = value
    try:
        return {**manifest, "id": Recipe.from_json(manifest).id} if chance.random() < 0.5 else manifest
    except (KeyError, TypeError, AttributeError):
        return manifest


def assert_told(code, out, err):
    assert code in (0, 1, 2)
    assert "\x1b" not in out + err
    if code == 2:
        assert (out, len(err.splitlines())) == ("", 1)


@pytest.mark.parametrize("name", ["figures/both.csv", "claims.json", "claims.html"])
def test_inside_a_file(project, name):
    path, chance = project.results / name, random.Random(name)
    data = path.read_bytes()
    for number in range(15):
        path.write_bytes(data)
        forged(path, lambda manifest: damaged(manifest, chance))
        assert_told(*project.run("audit", path))
        assert_told(*project.run("diff", path, "results/figures/plane.pdf"))
        assert_told(*project.run("rerun", path, "--out", f"again-{number}"))


def test_beside_the_files(project):
    chance, manifests = random.Random(0), sorted(project.results.glob("*/*/manifest.json"))
    for _ in range(15):
        path = chance.choice(manifests)
        text = path.read_text()
        path.write_text(json.dumps(damaged(json.loads(text), chance)))
        assert_told(*project.run("verify"))
        assert_told(*project.run("list"))
        assert_told(*project.run("gc"))
        assert_told(*project.run("plan", "--config", "defaults__epochs=5"))
        assert_told(*project.run("audit", "results/figures/both.png"))
        assert_told(*project.run("diff", path.parent.name, "results/figures/both.png"))
        path.write_text(text)
