"""Every file of results/, flipped at a random byte, truncated or deleted: `verify` names it."""

import random

import pytest
from tests.cli.conftest import finished, project
from tests.cli.test_audit import forged

from infoplane.tracing.verify import verify

__all__ = ["finished", "project"]

CHANCE = random.Random(0)


def flipped(data: bytes) -> bytes:
    place = CHANCE.randrange(len(data))
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


DAMAGE = {
    "flipped": flipped,
    "truncated": lambda data: data[: CHANCE.randrange(1, len(data))],
    "deleted": lambda data: None,
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_verify_names_what_was_damaged(project, damage):
    results, harm = project.results, DAMAGE[damage]
    files = sorted(path for path in results.rglob("*") if path.is_file() and ".locks" not in path.parts)
    files = [path for path in files if path.name not in ("view.json", "view") and path.stat().st_size > 1]
    assert len(files) > 60
    for path in files:
        before, data = path.read_bytes(), harm(path.read_bytes())
        path.unlink() if data is None else path.write_bytes(data)
        artifact = path.relative_to(results).parts[1] if len(path.relative_to(results).parts) > 2 else None
        wrong = {entry.place for entry in verify(results, [artifact] if artifact else []).wrong}
        if path.name == "manifest.json" and damage != "deleted" and str(path) not in wrong:
            wrong = {entry.place for entry in verify(results).wrong}  # of a store's manifest, others know
        if path.name == "manifest.json":  # where its digest of a file is damaged, the file is not what it says
            assert any(place.startswith(str(path.parent)) for place in wrong), path
        else:
            assert str(path) in wrong
        path.write_bytes(before)
    assert verify(results).wrong == []


@pytest.mark.parametrize("name", ["figures/both.csv", "figures/plane.png", "claims.json", "claims.html"])
@pytest.mark.parametrize("id_", ["../../../../etc", "/etc/passwd", "..", "0" * 12 + "/..", "\x1b[2J0000000000", "<b>0</b>", "{{7*7}}"])  # fmt: skip
def test_an_id_is_no_path(project, name, id_):
    """Whatever a manifest says, nothing outside of results/ is read."""
    path = project.results / name
    forged(path, lambda manifest: {**manifest, "id": id_})
    code, out, err = project.run("audit", path)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert "\x1b" not in err
