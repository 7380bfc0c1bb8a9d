"""Results shared by version id: with a folder, a real S3 server and a real SSH server; and remotes that lie."""

import asyncio
import json
import os
import shutil
import sys
import threading

import asyncssh
import pytest
import s3fs
from moto.server import ThreadedMotoServer

from infoplane import artifacts
from infoplane.sharing import remote as remotes

FIGURE = "results/figures/plane.pdf"


@pytest.fixture(scope="module")
def s3():
    """A bucket on an S3 server of our own."""
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
            "AWS_ACCESS_KEY_ID": "somebody",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": "us-east-1",
        }.items():
            patch.setenv(name, value)
        s3fs.S3FileSystem().mkdir("results-of-us")
        yield "s3://results-of-us"
    server.stop()


@pytest.fixture(scope="module")
def ssh(tmp_path_factory):
    """An SSH server of our own; the home of a user whom it knows, and who knows it."""
    home = tmp_path_factory.mktemp("home")
    (home / ".ssh").mkdir(mode=0o700)
    host_key, user_key = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    user_key.write_private_key(home / ".ssh/id_ed25519")
    user_key.write_public_key(home / "authorized")
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()

    async def listen():
        return await asyncssh.listen(
            "127.0.0.1",
            0,
            server_host_keys=[host_key],
            authorized_client_keys=str(home / "authorized"),
            sftp_factory=True,
        )

    server = asyncio.run_coroutine_threadsafe(listen(), loop).result(30)
    address = f"[127.0.0.1]:{server.get_port()}"
    (home / ".ssh/known_hosts").write_text(f"{address} {host_key.export_public_key().decode()}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        patch.delenv("SSH_AUTH_SOCK", raising=False)
        yield f"ssh://somebody@127.0.0.1:{server.get_port()}"
    loop.call_soon_threadsafe(server.close)


@pytest.fixture
def pushed(project, tmp_path):
    """A folder with everything of the project, whose results are gone."""
    remote = tmp_path / "remote"
    assert project.run("push", remote)[0] == 0
    shutil.move(project.results, tmp_path / "made")
    return remote


def objects(remote):
    return [path for path in remote.glob("objects/*/*") if path.is_file()]


@pytest.mark.parametrize("kind", ["folder", "s3", "ssh"])
def test_what_one_makes_another_pulls(project, tmp_path, request, kind):
    base = str(tmp_path) if kind == "folder" else request.getfixturevalue(kind)
    remote = f"{base}{tmp_path if kind == 'ssh' else ''}/shared results"
    code, sent = project.json("push", remote)
    planned = project.json("plan")[1]["forecast"]["jobs"]
    assert (code, len(sent["ids"])) == (0, sum(jobs["planned"] for jobs in planned))
    assert project.json("push", remote)[1] | {"seconds": 0} == {
        **{"ids": [], "there": len(sent["ids"]), "absent": 0, "files": 0, "bytes": 0},
        **{"seconds": 0, "held_back": {}, "let_go": []},
    }
    made = tmp_path / "made"
    shutil.move(project.results, made)

    code, fetched = project.json("pull", remote)
    assert (code, fetched["files"], set(fetched["ids"])) == (0, sent["files"], set(sent["ids"]))
    for path in made.rglob("*"):
        if path.is_file() and path.parent.name != ".locks":
            assert (project.results / path.relative_to(made)).read_bytes() == path.read_bytes()
    assert project.run("verify")[0] == project.run("audit", FIGURE)[0] == 0
    assert project.json("pull", remote)[1]["there"] == len(sent["ids"])


def test_targets_bring_what_is_behind_them(project, pushed):
    code, fetched = project.json("pull", pushed, "plane")
    assert code == 0
    stages = {path.parent.parent.name for path in project.results.glob("*/*/manifest.json")}
    assert stages == {"datasets", "trainings", "measurements", "analyses", "figures"}
    assert project.run("audit", FIGURE)[0] == 0
    code, whole = project.json("pull", pushed)
    assert not set(whole["ids"]) & set(fetched["ids"])
    assert project.run("verify")[0] == 0


def test_an_id_that_no_config_asks_for(project, pushed):
    [figure] = [path.stem for path in pushed.glob("figures/*.json") if '"name": "both"' in path.read_text()]
    project.configure(figures={}, claims={})
    code, fetched = project.json("pull", pushed, figure)
    assert code == 0
    assert figure in fetched["ids"]
    assert len(fetched["ids"]) > 5
    assert project.run("verify")[0] == 0
    code, _, err = project.run("pull", pushed, "0123456789ab")
    assert (code, err) == (2, f"{pushed}: nothing has the id 0123456789ab\n")


def test_what_the_remote_lacks_is_left_to_a_run(project, pushed):
    for manifest in pushed.glob("figures/*.json"):
        manifest.unlink()
    code, out, _ = project.run("pull", pushed)
    assert "4 not at" in out  # three figures, and the table of the verdicts
    assert "1 held back" in out  # the page, which shows one of them
    assert code == 1
    assert project.run("verify")[0] == 0


def test_a_killed_push_has_sent_nothing_in_part_and_goes_on(project, tmp_path, monkeypatch):
    remote, sent = tmp_path / "remote", []
    whole = remotes.Remote.send

    def breaks(self, file, digest):
        if len(sent) >= 9:  # of several threads
            raise ValueError("the line is cut")
        sent.append(digest)
        return whole(self, file, digest)

    monkeypatch.setattr(remotes.Remote, "send", breaks)
    assert project.run("push", remote) == (2, "", "the line is cut\n")
    monkeypatch.setattr(remotes.Remote, "send", whole)
    there = {path.name for path in objects(remote)}
    for manifest in remote.glob("*/*.json"):
        assert set(json.loads(manifest.read_text())["files"].values()) <= there
    before = sum(path.stat().st_size for path in objects(remote))
    code, rest = project.json("push", remote)
    assert code == 0
    assert rest["bytes"] == sum(path.stat().st_size for path in objects(remote)) - before > 0


def test_a_killed_pull_goes_on_where_it_stopped(project, pushed):
    [manifest] = list(pushed.glob("datasets/*.json"))[:1]
    [(name, digest)] = json.loads(manifest.read_text())["files"].items()
    whole = (pushed / "objects" / digest[:2] / digest).read_bytes()
    partial = project.results / "pulled" / manifest.stem
    partial.mkdir(parents=True)
    (partial / name).write_bytes(whole[:700])
    (partial / "of another version").write_text("?")
    _, fetched = project.json("pull", pushed)
    made = [path for path in (pushed.parent / "made").glob("*/*/*") if path.name != "manifest.json"]
    assert fetched["bytes"] == sum(path.stat().st_size for path in made) - 700
    assert not list((project.results / "pulled").iterdir())
    assert project.run("verify")[0] == 0


def test_a_damaged_part_is_fetched_again(project, pushed):
    [manifest] = list(pushed.glob("datasets/*.json"))[:1]
    [name] = json.loads(manifest.read_text())["files"]
    partial = project.results / "pulled" / manifest.stem
    partial.mkdir(parents=True)
    (partial / name).write_bytes(b"\0" * 700)
    assert project.run("pull", pushed)[0] == 0
    assert project.run("verify")[0] == 0


def test_gc_removes_what_a_pull_left(project):
    left = project.results / "pulled/0123456789ab"
    left.mkdir(parents=True)
    (left / "training.zarr.zip").write_bytes(b"part")
    assert "left by a pull" in project.run("gc", "--delete")[1]
    assert not left.exists()


def rewritten(path, **changes):
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def changed_bytes(remote, manifest):
    digest = next(iter(json.loads(manifest.read_text())["files"].values()))
    path = remote / "objects" / digest[:2] / digest
    path.write_bytes(bytes(len(path.read_bytes())))
    return f"{remote}/objects/{digest[:2]}/{digest}: its bytes are not those of its digest; it is refused"


def missing_bytes(remote, manifest):
    digest = next(iter(json.loads(manifest.read_text())["files"].values()))
    (remote / "objects" / digest[:2] / digest).unlink()
    return f"{remote}: objects/{digest[:2]}/{digest} is not there, though a manifest lists it"


def path_as_name(remote, manifest):
    rewritten(manifest, files={"../../../escaped": "0" * 64})
    return f"{remote}/trainings/{manifest.name}: '../../../escaped' is not a name for a file of an artifact"


def hidden_name(remote, manifest):
    rewritten(manifest, files={".snakemake_timestamp": "0" * 64})
    return f"{remote}/trainings/{manifest.name}: '.snakemake_timestamp' is not a name for a file of an artifact"


def path_as_digest(remote, manifest):
    rewritten(manifest, files={"training.zarr.zip": "../../../../etc/passwd"})
    return f"{remote}/trainings/{manifest.name}: not a manifest of infoplane: files.training.zarr.zip"


def path_as_id(remote, manifest):
    rewritten(manifest, inputs={"dataset": "../../../../etc"})
    return f"{remote}/trainings/{manifest.name}: not a manifest of infoplane: inputs.dataset"


def other_settings(remote, manifest):
    rewritten(manifest, parameters={"epochs": 1})
    return f"{remote}/trainings/{manifest.name}: its id does not follow from its parameters, inputs and code"


def of_another(remote, manifest):
    [other] = list(remote.glob("datasets/*.json"))[:1]
    shutil.copy(other, manifest)
    return f"{remote}/trainings/{manifest.name}: the manifest of another artifact: dataset {other.stem}"


def no_json(remote, manifest):
    manifest.write_bytes(b"\xff{")
    return f"{remote}/trainings/{manifest.name}: not JSON"


POISONS = (changed_bytes, missing_bytes, path_as_name, hidden_name, path_as_digest, path_as_id, other_settings)


@pytest.mark.parametrize("poison", [*POISONS, of_another, no_json])
def test_a_poisoned_remote_is_refused_in_one_line(project, pushed, poison, tmp_path):
    manifest = min(pushed.glob("trainings/*.json"))
    expected = poison(pushed, manifest)
    code, out, err = project.run("pull", pushed)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert err.startswith(expected)
    assert not (project.results / "trainings" / manifest.stem).exists()
    assert not list(tmp_path.rglob("escaped"))
    if project.results.exists():
        assert project.run("verify")[0] == 0, "what came before is whole"


def test_a_figure_that_says_something_else_than_the_manifests_is_refused(project, pushed):
    """All digests fit, but the figure holds another manifest of the training than lies beside it."""
    for manifest in pushed.glob("trainings/*.json"):
        rewritten(manifest, seconds=1234.5)
    code, _, err = project.run("pull", pushed, "plane")
    assert code == 2
    assert "says something else of seconds than the files made of it; it is refused" in err
    assert not list((project.results / "figures").iterdir())


@pytest.mark.parametrize("target", ["../../etc", "/etc/passwd", "trainings/..", "0123"])
def test_targets_are_no_paths(project, pushed, target):
    code, _, err = project.run("pull", pushed, target)
    assert (code, len(err.splitlines())) == (2, 1)
    assert "neither a figure nor an id of the plan" in err


def test_of_the_same_bytes_made_twice_the_documents_stay_apart(project, pushed):
    """Whoever has drawn the data already takes the trainings; figures, which say when the data were drawn, are drawn here."""
    dataset = next((pushed.parent / "made/datasets").iterdir())
    shutil.copytree(dataset, project.results / "datasets" / dataset.name)
    rewritten(project.results / "datasets" / dataset.name / "manifest.json", started="2020-01-01T00:00:00Z")
    code, fetched = project.json("pull", pushed)
    assert code == 1
    stages = {place.split("/")[0] for place in fetched["held_back"]}
    assert stages == {"figures", "verdicts", "pages"}
    assert f"dataset {dataset.name}" in next(iter(fetched["held_back"].values()))
    assert {path.name for path in project.folders("trainings")} <= set(fetched["ids"])
    assert project.run("verify")[0] == 0


def test_other_bytes_of_the_same_id_are_not_mixed(project, pushed):
    """Another processor may train other bytes: what was made of them does not come to lie beside these."""
    shutil.copytree(pushed.parent / "made", project.results)
    training = project.folders("trainings")[0]
    store = training / "training.zarr.zip"
    store.write_bytes(b"of another processor")
    digests = artifacts.files(training)
    rewritten(training / "manifest.json", files=digests, content=digests)
    for stage in ("measurements", "analyses", "figures", "verdicts", "pages"):
        shutil.rmtree(project.results / stage)
    code, fetched = project.json("pull", pushed)
    assert code == 1
    assert (
        fetched["held_back"].pop(f"trainings/{training.name}") == "another run made other bytes of it, which are there"
    )
    assert any(f"other bytes of training {training.name}" in reason for reason in fetched["held_back"].values())
    assert project.run("verify")[0] == 0


def test_what_is_damaged_here_is_not_sent(project, tmp_path):
    store = project.folders("trainings")[0] / "training.zarr.zip"
    store.write_bytes(b"?")
    code, _, err = project.run("push", tmp_path / "remote")
    assert (code, len(err.splitlines())) == (2, 1)
    assert f"{store.relative_to(project.folder)}: changed" in err
    assert not list((tmp_path / "remote").glob(f"trainings/{store.parent.name}.json"))


@pytest.mark.parametrize(
    ("remote", "says"),
    [
        ("nowhere://bucket", "nowhere://bucket: Protocol not known: nowhere"),
        ("s3://no-such-bucket-of-ours", "s3://no-such-bucket-of-ours: "),
        ("ssh://127.0.0.1:9/results", "ssh://127.0.0.1:9/results: "),
    ],
)
def test_a_remote_that_cannot_be_reached(project, s3, ssh, remote, says):
    code, out, err = project.run("push", remote)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert err.startswith(says)


def test_an_ssh_host_that_is_not_known_is_not_trusted(project, ssh, tmp_path, monkeypatch):
    stranger = tmp_path / "home"
    shutil.copytree(os.environ["HOME"], stranger)
    (stranger / ".ssh/known_hosts").write_text("")
    monkeypatch.setenv("HOME", str(stranger))
    code, _, err = project.run("push", f"{ssh.replace('somebody', 'another')}{tmp_path}/remote")
    assert (code, len(err.splitlines())) == (2, 1)
    assert not (tmp_path / "remote").exists()


def test_without_the_extra_a_line_says_what_to_install(project, monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    code, _, err = project.run("push", "s3://bucket")
    assert (code, len(err.splitlines())) == (2, 1)
    assert "pip install 'infoplane[share]'" in err
