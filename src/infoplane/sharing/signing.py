"""Signatures: who stands for results, with an SSH key, as git signs commits.

Digests tell damage from what was made, but whoever may write in results/ can make a chain that agrees with itself. A
statement lists the digests of the records of a run, each of which names the bytes that were made and read; `ssh-keygen`
signs it. It is found in results/signatures, `<digest>.json` with `<digest>.json.sig`, and holds for copies anywhere.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from infoplane import artifacts
from infoplane.sharing.about import git_setting
from infoplane.tracing import records

FOLDER = "signatures"
NAMESPACE = "infoplane"  # a signature for something else is none for us
NAME = re.compile(r"[0-9a-f]{12}\.json")
SIGNED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
DIGEST = re.compile(r"[0-9a-f]{64}")
LARGEST = 2**26  # bytes of a statement


@dataclass(frozen=True)
class Signature:
    """Who signed, of those whom the reader allows, with which key, and when, as they say."""

    by: str
    key: str
    signed: str


@dataclass(frozen=True)
class Signatures:
    """The signatures by digest of what is signed, of several the first; of files that are none that holds, why."""

    of: dict[str, Signature]
    refused: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"signatures": {each: asdict(by) for each, by in self.of.items()}, "refused": self.refused}


def digest(record: records.Record) -> str:
    """What identifies a record, in a document or beside the files: all that it says of how and of what it was made."""
    said = {key: value for key, value in record.items() if key not in ("files", "chain")}
    return hashlib.sha256(artifacts.canonical(said).encode()).hexdigest()


def sign(signed: Iterable[records.Record], results: Path, key: Path | None) -> Path:
    """Sign records with an SSH key (git's `user.signingkey` if none is given); the statement.

    Raises:
        ValueError: there is no key, or `ssh-keygen` does not sign with it.
    """
    key = Path(key or git_setting("user.signingkey") or "").expanduser()
    if not key.is_file():
        raise ValueError(f"{key if key.name else '--key'}: there is no such file; --key FILE, or git's user.signingkey")
    said = {
        "signed": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "records": {record["id"]: digest(record) for record in signed},
    }
    text = json.dumps(said, indent=1, sort_keys=True).encode()
    with tempfile.TemporaryDirectory() as folder:
        statement = Path(folder, "statement")
        statement.write_bytes(text)
        _keygen("sign", "-f", str(key), "-n", NAMESPACE, str(statement))
        signature = Path(folder, "statement.sig").read_bytes()
    path = results / FOLDER / f"{hashlib.sha256(text).hexdigest()[:12]}.json"
    path.parent.mkdir(exist_ok=True)
    artifacts.write_bytes(path.with_name(f"{path.name}.sig"), signature)
    artifacts.write_bytes(path, text)
    return path


def read(folder: Path, allowed: Path | None) -> Signatures:
    """The signatures in a folder by those whom `allowed` names (git's `gpg.ssh.allowedSignersFile` if none is given).

    Raises:
        ValueError: there is no such file.
    """
    allowed = Path(allowed or git_setting("gpg.ssh.allowedSignersFile") or "").expanduser()
    if not allowed.is_file():
        name = allowed if allowed.name else "--allowed-signers"
        raise ValueError(f"{name}: there is no such file; --allowed-signers FILE, or git's gpg.ssh.allowedSignersFile")
    found, refused = Signatures({}, {}), {}
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        try:
            signature, signed = _verified(path, allowed)
        except (ValueError, OSError) as error:
            refused[str(path)] = str(error)
            continue
        for each in signed:
            earlier = found.of.get(each)
            if earlier is None or signature.signed < earlier.signed:
                found.of[each] = signature
    return Signatures(found.of, refused)


def _verified(path: Path, allowed: Path) -> tuple[Signature, Sequence[str]]:
    """Who signed a statement, and the digests in it."""
    if path.stat().st_size > LARGEST:
        raise ValueError(f"more than {LARGEST >> 20} MiB")
    text, signature = path.read_bytes(), path.with_name(f"{path.name}.sig")
    if not signature.is_file():
        raise ValueError("not signed")
    signed, digests = _statement(text)
    when = f"-Overify-time={re.sub('[-:T]', '', signed)}"  # a key may expire later
    named = ["-f", str(allowed), "-s", str(signature), when]
    by = _keygen("find-principals", *named).splitlines()[0]
    told = _keygen("verify", *named, "-I", by, "-n", NAMESPACE, text=text)
    key = re.search(r"with (\S+ key \S+)", told)
    return Signature(by, key[1] if key else "", signed), digests


def _statement(text: bytes) -> tuple[str, list[str]]:
    """When a statement says that it was signed, and the digests in it."""
    try:
        said = json.loads(text)
        signed, digests = said["signed"], [*said["records"].values()]
        if SIGNED.fullmatch(signed) and all(DIGEST.fullmatch(each) for each in digests):
            return signed, digests
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        pass
    raise ValueError("not a statement of infoplane")


def _keygen(action: str, *arguments: str, text: bytes | None = None) -> str:
    """What `ssh-keygen` says.

    Raises:
        ValueError: it is not installed, or it refuses.
    """
    command: list[Any] = ["ssh-keygen", "-Y", action, *arguments]
    try:
        done = subprocess.run(command, input=text, capture_output=True, check=False)
    except FileNotFoundError:
        raise ValueError("ssh-keygen is not installed, which signs and verifies; it comes with OpenSSH") from None
    said = " ".join((done.stdout + b" " + done.stderr).decode(errors="replace").split())
    if done.returncode:
        raise ValueError(f"ssh-keygen: {said or 'refused'}")
    return done.stdout.decode(errors="replace")
