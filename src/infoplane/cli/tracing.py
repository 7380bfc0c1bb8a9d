"""`infoplane audit`, `verify`, `diff` and `rerun`: where a file came from, and whether all is as it was made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from infoplane import embed
from infoplane.cli import comparing, printing
from infoplane.cli.errors import one_line
from infoplane.cli.options import AsJson, ConfigFiles, Overrides, Results, SeveralValues, planned, planned_ids
from infoplane.cli.printing import BAD, GOOD, HEAD, NOTE, count, line, size, sized
from infoplane.sharing import signing
from infoplane.tracing import audit as audits
from infoplane.tracing import records
from infoplane.tracing import rerun as reruns
from infoplane.tracing import verify as verifying
from infoplane.upkeep import forecast

app = typer.Typer()
app.add_typer(comparing.app)

STATES = {
    "intact": ("intact", GOOD),
    "re-saved": ("re-saved: the same to look at, in other bytes than were written", NOTE),
    "changed": ("changed: it does not show what was made", BAD),
}
RE_DERIVABLE = "let go (keep_activations) and re-derivable; the recorded digests stay, for what is made again"
PLANNED = {
    None: "no config here to compare with",
    True: "asked for",
    False: "another version is asked for",
}


@app.command(cls=SeveralValues)
def audit(
    file: Annotated[
        Path, typer.Argument(help="A figure, table, claims.json or page, here or from anywhere; or a report.")
    ],
    configfile: ConfigFiles = None,
    override: Overrides = None,
    results: Results = Path("results"),
    verify_signature: Annotated[
        bool,
        typer.Option("--verify-signature", help="Each link must be signed by an allowed signer."),
    ] = False,
    allowed_signers: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Who may sign, as ssh-keygen has it; else git's gpg.ssh.allowedSignersFile."),
    ] = None,
    signatures: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where the signatures are; else in the results folder.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Trace a file to the bytes and the code it came from; exits with 1 when it or a link of its chain is broken."""
    with one_line():
        signed = None
        if verify_signature:
            signed = signing.read(signatures or results / signing.FOLDER, allowed_signers)
        reports = audits.audit(file, results, planned_ids(configfile, override))
    unsigned = signed is not None and any(link.digest not in signed.of for r in reports for link in r.links)
    broken = any(report.broken for report in reports) or unsigned
    if as_json:
        found = {} if signed is None else signed.to_json()
        printing.as_json({"broken": broken, "files": [report.to_json() for report in reports], **found})
    else:
        for report in reports:
            _report(report)
        if len(reports) > 1 or reports[0].file != str(file):
            line(f"{count(len(reports), 'file')} inside {file}; the page around them is not covered")
        if signed is not None:
            _signatures(signed, {link.digest: link for report in reports for link in report.links})
        line(("broken: see above", BAD) if broken else ("every link holds", GOOD))
    raise typer.Exit(int(broken))


def _signatures(signed: signing.Signatures, links: Mapping[str, audits.Link]) -> None:
    """By whom the links are signed and since when, and which are not."""
    for place, reason in signed.refused.items():
        line((place, NOTE), f": {reason}")
    by = Counter(signed.of[digest] for digest in links if digest in signed.of)
    for signature, number in by.items():
        since = f" since {signature.signed}, {signature.key}: {count(number, 'link')}"
        line((f"signed by {signature.by}", GOOD), since)
    for digest, link in links.items():
        if digest not in signed.of:
            line(("not signed", BAD), f": {link.stage} {link.id}  {link.label}")


@app.command(cls=SeveralValues)
def sign(
    targets: Annotated[
        list[str] | None, typer.Argument(metavar="[TARGETS]", help="Names of figures, `claims`, or ids; all if none.")
    ] = None,
    key: Annotated[Path | None, typer.Option(metavar="FILE", help="An SSH key; else git's user.signingkey.")] = None,
    configfile: ConfigFiles = None,
    override: Overrides = None,
    results: Results = Path("results"),
) -> None:
    """Sign what the config asks for and results/ has, with an SSH key; everything behind it is signed with it."""
    with one_line():
        wanted = forecast.behind(forecast.targets(planned(configfile, override), targets or []))
        there = [a.id for a in wanted if (results / a.place).is_dir()]
        if not there:
            raise ValueError(f"{results}: nothing of it is there to sign")
        for wrong in verifying.verify(results, there).wrong:
            raise ValueError(f"{wrong.place}: {wrong.problem}, so nothing is signed")
        signed = [records.kept(results / a.place) for a in wanted if a.id in there]
        path = signing.sign(signed, results, key)
    line(f"{path}: signs {count(len(signed), 'artifact')}")


def _report(report: audits.Report) -> None:
    line((report.file, HEAD), ": ", STATES.get(report.state, (report.state, BAD)))
    environments: dict[str, int] = {}
    for link in report.links:
        changed = printing.changes(link.environment)
        number = environments.setdefault(changed, len(environments) + 1) if changed else 0
        _link(link, number)
    if let_go := sum(link.bytes == audits.RE_DERIVABLE for link in report.links):
        line((f"{count(let_go, 'training')} without activations", NOTE), f": {RE_DERIVABLE}")
    for changed, number in environments.items():
        line(f"environment {number}, then -> now: {changed}")


def _link(link: audits.Link, environment: int) -> None:
    line((f"{link.stage:<12} {link.id}", BAD if link.broken else GOOD), f"  {link.label}")
    if link.broken:
        line(f"    bytes {link.bytes}, manifest {link.manifest}, record {link.record} ({link.place})")
    commit = f"{link.git_commit[:12]}{' with changes' if link.git_dirty else ''}" if link.git_commit else "unknown"
    made = f"made {link.started} in {printing.duration(link.seconds)} from commit {commit}"
    differs = f", environment {environment}" if environment else ""
    line(f"    {made}; today: code {link.code}, {PLANNED[link.planned]}{differs}")


@app.command()
def verify(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[IDS]", help="Only these artifacts.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="List what is neither artifact nor view too.")] = False,
    results: Results = Path("results"),
    as_json: AsJson = False,
) -> None:
    """Check every byte in results/ against the manifests; exits with 1 when anything is wrong."""
    with one_line():
        found = verifying.verify(results, ids or ())
    if as_json:
        printing.as_json(found.to_json())
        raise typer.Exit(int(bool(found.wrong)))
    for wrong in found.wrong:
        line((wrong.place, BAD), f": {wrong.problem}")
    if everything:
        sized((bytes_, place) for place, bytes_ in found.others.items())
    elif found.others:
        others = count(len(found.others), "place")
        line(f"not judged: {size(sum(found.others.values()))} of logs, checkpoints and the like in {others} (--all)")
    checked = f"{count(found.artifacts, 'artifact')}, {count(found.files, 'file')}, {size(found.bytes)}"
    for told in found.let_go:
        line((told, NOTE))
    line(f"checked {checked} in {found.seconds:.1f} s: ", _judged(len(found.wrong)))
    raise typer.Exit(int(bool(found.wrong)))


def _judged(wrong: int) -> tuple[str, str]:
    return (f"{wrong} wrong", BAD) if wrong else ("all as it was made", GOOD)


@app.command()
def rerun(
    file: Annotated[Path, typer.Argument(help="A figure, table, claims.json or page, from anywhere.")],
    out: Annotated[Path | None, typer.Option(help="Where the config goes; rerun-ID if not given.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write a config that makes a lone file again; say what of its code, packages and data is no longer the same."""
    with one_line():
        made = reruns.rerun(file)
        folder = out or Path(f"rerun-{made.id}")
        path = reruns.write(made, folder, file)
    if as_json:
        printing.as_json({"folder": str(folder), **made.to_json()})
        return
    line(f"{path}: makes {made.stage} {made.id} again")
    if made.same:
        line(("same version: today's code and data give it the same id", GOOD))
    for reason in made.reasons:
        line(("another version: ", NOTE), reason)
    commit = f"{made.git_commit}{' with changes that are in no commit' if made.git_dirty else ''}"
    packages = ", ".join(f"{name} {version}" for name, version in made.packages.items() if version)
    line(f"made from commit {commit if made.git_commit else 'unknown'} on {made.processor}, with {packages}")
    if made.environment:
        line(f"environment, then -> now: {printing.changes(made.environment)}")
    for data in made.data:
        line(f"data file {data.path}: ", (data.state, GOOD if data.state == "as recorded" else BAD))
    line(f"to make it: (cd {quote(str(folder))} && infoplane run)")
    for name in made.shown:
        if embed.suffix(name) == embed.suffix(str(file)):
            line(f"then compare: infoplane diff {quote(str(file))} {quote(str(folder / 'results' / name))}")
