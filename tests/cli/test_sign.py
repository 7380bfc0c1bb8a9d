"""Signatures with real SSH keys: what they vouch for, and the forgery that nothing else finds."""

import json
import shutil
import subprocess

import pytest

from infoplane import artifacts, provenance
from infoplane.sharing import signing

from . import conftest

pytestmark = pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="no OpenSSH on this machine to sign with")

FIGURE = "results/figures/plane.pdf"


def keygen(path):
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    return path.with_name(f"{path.name}.pub").read_text()


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """The keys of Ada, whom the reader allows, and of Eve, whom nobody knows."""
    folder = tmp_path_factory.mktemp("keys")
    (folder / "allowed").write_text(f"ada@example.org {keygen(folder / 'ada')}")
    keygen(folder / "eve")
    return folder


@pytest.fixture
def signed(project, keys):
    code, out, err = project.run("sign", "--key", keys / "ada")
    assert code == 0, err
    assert out.endswith(f"signs {len(list(project.results.glob('*/*/manifest.json')))} artifacts\n")
    return project


def audit(project, keys, file=FIGURE, *arguments):
    arguments = ["--verify-signature", "--allowed-signers", keys / "allowed", *arguments]
    return project.run("audit", file, *arguments)


def test_audit_says_by_whom_and_since_when(signed, keys):
    code, out, _ = audit(signed, keys)
    [statement] = (signed.results / "signatures").glob("*.json")
    since = json.loads(statement.read_text())["signed"]
    assert code == 0
    assert f"signed by ada@example.org since {since}, ED25519 key SHA256:" in out
    assert out.count("7 links") == 1
    assert "not signed" not in out


def test_of_a_lone_copy_too(signed, keys, tmp_path):
    lone, statements = tmp_path / "elsewhere.pdf", tmp_path / "signatures"
    shutil.move(signed.results / "signatures", statements)
    shutil.copy(FIGURE, lone)
    shutil.rmtree(signed.results)
    code, out, _ = audit(signed, keys, lone, "--signatures", statements)
    assert "signed by ada@example.org" in out
    assert "not signed" not in out
    assert code == 1, "what is behind it is not here"


def test_what_was_made_after_the_signature_is_not_signed(signed, keys):
    signed.configure(estimators={"binned": {"bins": 40}})
    signed.make()
    code, out, _ = audit(signed, keys)
    assert code == 1
    assert [line.split()[2] for line in out.splitlines() if line.startswith("not signed")] == [
        "figure", "analysis", "measurement", "measurement",
    ]  # fmt: skip
    assert signed.run("sign", "--key", keys / "ada")[0] == 0
    assert audit(signed, keys)[0] == 0


def test_a_consistent_forgery_is_found(signed, keys, monkeypatch):
    """Other numbers in a training, and all that is behind and inside made anew by the project's own functions."""
    assert signed.run("audit", FIGURE)[0] == 0
    for name, folder in artifacts.FOLDERS.items():
        if name != "dataset" and (signed.results / folder).exists():
            shutil.rmtree(signed.results / folder)
    honest = conftest.write

    def forged(job):
        if job.attributes["stage"] != "training":
            return honest(job)
        (job.folder / "training.zarr.zip").write_bytes(b"better numbers")
        return None

    monkeypatch.setattr(conftest, "write", forged)
    signed.make()
    assert signed.run("audit", FIGURE)[0] == signed.run("verify")[0] == 0, "the digests agree"
    code, out, _ = audit(signed, keys)
    assert code == 1
    unsigned = [line.split()[2] for line in out.splitlines() if line.startswith("not signed")]
    assert unsigned == ["figure", "analysis", "measurement", "measurement", "training", "training"]
    assert "signed by ada@example.org" in out, "the data are hers"


def test_a_stranger_signs_for_nobody(project, keys):
    assert project.run("sign", "--key", keys / "eve")[0] == 0
    code, out, _ = audit(project, keys)
    assert code == 1
    assert "ssh-keygen: " in out
    assert out.count("not signed: ") == 7


def test_a_statement_is_not_to_be_changed(signed, keys):
    [statement] = (signed.results / "signatures").glob("*.json")
    text = statement.read_text()
    statement.write_text(text.replace('"signed": "20', '"signed": "19'))
    code, out, _ = audit(signed, keys)
    assert code == 1
    assert "signed by" not in out
    for wrong in ("[", "[]", '{"signed": 1, "records": {}}', "[" * 100_000):
        statement.write_text(wrong)
        code, out, _ = audit(signed, keys)
        assert code == 1
        assert "not a statement of infoplane" in out


def test_a_signature_for_something_else_is_none(signed, keys):
    """Ada has signed these bytes, but as something else than results of infoplane."""
    [statement] = (signed.results / "signatures").glob("*.json")
    signature = statement.with_name(f"{statement.name}.sig")
    signature.unlink()
    command = ["ssh-keygen", "-Y", "sign", "-f", keys / "ada", "-n", "git", statement]
    subprocess.run(command, check=True, capture_output=True)
    assert signature.exists()
    assert audit(signed, keys)[0] == 1


def test_what_is_damaged_is_not_signed(project, keys):
    store = project.folders("trainings")[0] / "training.zarr.zip"
    store.write_bytes(b"?")
    code, _, err = project.run("sign", "--key", keys / "ada")
    assert (code, err) == (2, f"{store.relative_to(project.folder)}: changed, so nothing is signed\n")
    assert not (project.results / "signatures").exists()


def test_signatures_travel_with_results(signed, keys, tmp_path):
    assert signed.run("push", tmp_path / "remote")[0] == 0
    shutil.rmtree(signed.results)
    assert signed.run("pull", tmp_path / "remote")[0] == 0
    assert audit(signed, keys)[0] == 0
    assert signed.run("crate", "--author", "Ada", tmp_path / "crate")[0] == 0
    inside = sorted(path.name for path in (tmp_path / "crate/results/signatures").iterdir())
    assert inside == sorted(path.name for path in (signed.results / "signatures").iterdir())
    assert len(inside) == 2


@pytest.mark.parametrize("command", ["sign", "audit"])
def test_without_a_key_or_a_list_of_signers_there_is_one_line(project, command, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for missing in ([], [["--key", "--allowed-signers"][command == "audit"], "none"]):
        arguments = ["sign", *missing] if command == "sign" else ["audit", FIGURE, "--verify-signature", *missing]
        code, out, err = project.run(*arguments)
        assert (code, out, len(err.splitlines())) == (2, "", 1)
        assert "there is no such file" in err


def test_git_names_the_key_and_the_signers(project, keys, monkeypatch, tmp_path):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    for key, file in (("user.signingkey", "ada"), ("gpg.ssh.allowedSignersFile", "allowed")):
        subprocess.run(["git", "config", "--global", key, str(keys / file)], check=True)
    assert project.run("sign")[0] == 0
    assert project.run("audit", FIGURE, "--verify-signature")[0] == 0


def test_a_record_has_one_digest_wherever_it_is_found(project):
    """Inside a document the environment is apart; the digest is of what is said, not of how it is kept."""
    folders = [path.parent for path in project.results.glob("*/*/manifest.json")]
    beside = {folder.name: artifacts.read_manifest(folder) for folder in folders}
    chain = provenance.chain(beside, project.results)
    for id_, record in chain["records"].items():
        whole = {**record, "environment": chain["environments"][record["environment"]]}
        assert signing.digest(whole) == signing.digest(beside[id_])
    assert len({signing.digest(record) for record in beside.values()}) == len(beside)
