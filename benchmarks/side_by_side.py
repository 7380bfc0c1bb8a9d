"""The claims' verdicts and statistics side by side, as Markdown: the tables of docs/claims.md.

python benchmarks/side_by_side.py runs 2017=results/claims.json 1=other/claims.json: of several runs (seeds, say).
python benchmarks/side_by_side.py snapshots results 50 25 13: of one run with no more than so many of its snapshots.
The first is what the others are compared with. `--parts` adds each part of a claim, `--statistics` every
number, in bold what is outside the first's interval.

Fewer snapshots are taken from the run's stores, what follows from a whole path (compression, change of phase) is told
anew, and all is analysed again; nothing is trained. Two things stay those of all snapshots: the range of bins where an
activation has no limits, and the epochs from which the way of the weights counts.
"""

import argparse
import dataclasses
import json
import sys
from pathlib import Path

import numpy as np

from infoplane import artifacts, stores
from infoplane.analyses import ANALYSES
from infoplane.analyses.inputs import open_run
from infoplane.claims import CLAIMS
from infoplane.claims.base import finding
from infoplane.measures.derived import derive
from infoplane.measures.gradients import dated
from infoplane.training.schedule import snapshot_epochs

OF_PATH = (
    "compression",
    "compression_onset",
    "saturated",
    *(f"dpi_{n}_{q}" for n in ("excess", "count") for q in ("XT", "TY")),
)


def thinned(data, snapshots, also=()):
    """The snapshots nearest in log(1 + epoch) to those that a run of so many takes, the first and the last included.

    `also` are epochs that stay: of estimators that measure fewer, where several are compared on one grid.
    """
    if "epoch" not in data.dims or data.sizes["epoch"] <= snapshots:
        return data
    epochs = data["epoch"].values
    wanted = np.log1p(snapshot_epochs(int(epochs[-1]), snapshots))
    nearest = np.abs(np.log1p(epochs) - wanted[:, None]).argmin(1)
    return data.isel(epoch=np.unique([*nearest, *np.flatnonzero(np.isin(epochs, also))]))


def told_anew(data, dataset):
    """A measurement of fewer snapshots, with what follows from the whole path."""
    if "gradient_snr" in data:
        return dated(data)
    if "I_XT" in data:
        return derive(data.drop_vars([name for name in OF_PATH if name in data]), dataset)
    return data


def analysed(results, id_, snapshots):
    """An analysis of a run, made again from so many snapshots."""
    parameters = artifacts.read_manifest(results / "analyses" / id_)["parameters"]
    stages = {"measurements": "measurement", "trainings": "training", "datasets": "dataset"}
    folders = {path.name: path for stage in stages for path in (results / stage).glob("[0-9a-f]" * 12)}
    runs = []
    for described in parameters["runs"]:
        run = open_run(described, folders)
        sizes = {name: data.sizes.get("epoch", 0) for name, data in run.measurements.items()}
        also = [
            e for name, size in sizes.items() if 2 < size <= snapshots for e in run.measurements[name]["epoch"].values
        ]
        measurements = {}
        for name, ids in described["measurements"].items():
            read = artifacts.read_manifest(folders[ids[0]])["inputs"]["dataset"]
            dataset = stores.open_dataset(folders[read if isinstance(read, str) else read[0]] / "dataset.zarr.zip")
            few = thinned(run.measurements[name], snapshots, also)
            whole = few is run.measurements[name]
            measurements[name] = few if whole else told_anew(few, dataset.load())
        curves = thinned(run.curves, snapshots)
        runs.append(dataclasses.replace(run, measurements=measurements, curves=curves))
    settings = {key: value for key, value in parameters.items() if key not in ("runs", "environment")}
    return ANALYSES[settings["kind"]].restored(settings).analyse(runs)


def of_snapshots(results, numbers):
    """The findings of the last verdict of a run, by its numbers of snapshots."""
    manifests = [artifacts.read_manifest(path) for path in (results / "verdicts").glob("[0-9a-f]" * 12)]
    if not manifests:
        sys.exit(f"{results}: no verdict; `snakemake --cores all` makes one")
    claims = max(manifests, key=lambda manifest: manifest["started"])["parameters"]["claims"]
    found = {}
    for number in numbers:
        made = {id_: analysed(results, id_, number) for id_ in dict.fromkeys(id_ for *_, id_ in claims)}
        each = [(name, CLAIMS[settings["kind"]].restored(settings), made[id_]) for name, settings, id_ in claims]
        found[f"{number} snapshots"] = json.loads(json.dumps([finding(*one) for one in each]))
    return found


def by_number(claims):
    return {str(claim["number"]): claim for claim in claims}


def verdicts(found, parts):
    """A row for each claim, and for each of its parts if they are asked for; how many claims turn."""
    whole = {name: by_number(claims) for name, claims in found.items()}
    first = next(iter(whole.values()))
    yield ["claim", *whole]
    turned = []
    for number, claim in first.items():
        row = [of.get(number, {}).get("verdict", "") for of in whole.values()]
        yield [f"{number}. {claim['name']}", *row]
        turned += [number] if len(set(row)) > 1 else []
        for part in claim["parts"] if parts else ():
            alike = [
                {p["name"]: p for p in of.get(number, {}).get("parts", [])}.get(part["name"]) for of in whole.values()
            ]
            yield [part["name"], *(f"{p['verdict']} ({p['holding']} of {p['of']})" if p else "" for p in alike)]
    yield [f"{len(turned)} of {len(first)} turn", *[""] * len(whole)]


def statistics(found):
    """A row for each statistic that has a say: the number and its interval, in bold outside that of the first."""
    whole = {
        n: {(c["number"], s["name"]): s for c in claims for s in c["statistics"] if not s["control"]}
        for n, claims in found.items()
    }
    first = next(iter(whole.values()))
    yield ["statistic", *whole]
    outside = dict.fromkeys(whole, 0)
    for (number, name), reference in first.items():
        row = []
        for column, of in whole.items():
            told = of.get((number, name))
            beyond = told is not None and _beyond(told["estimate"], reference)
            outside[column] += beyond
            row.append(_shown(told, beyond))
        yield [f"{number}. {name}", *row]
    yield [f"outside, of {len(first)}", *map(str, outside.values())]


def _beyond(estimate, reference):
    ends = reference["low"], reference["high"]
    return None not in (estimate, *ends) and not ends[0] <= estimate <= ends[1]


def _shown(told, beyond):
    if told is None or told["estimate"] is None:
        return "none"
    ends = [f"{told[end]:.3g}" if told[end] is not None else "none" for end in ("low", "high")]
    text = f"{told['estimate']:.3g} [{', '.join(ends)}]"
    return f"**{text}**" if beyond else text


def table(rows):
    head, *rest = rows
    for row in (head, ["---"] * len(head), *rest):
        print(f"| {' | '.join(row)} |")
    print()


def read(runs):
    """The claims of each run, by its name, of NAME=claims.json."""
    found = {}
    for run in runs:
        name, _, path = run.partition("=")
        try:
            found[name] = json.loads(Path(path).read_text())["claims"]
        except (OSError, ValueError, KeyError):
            sys.exit(f"{run}: allowed: NAME=FILE, FILE a claims.json of a run")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", action="store_true")
    parser.add_argument("--statistics", action="store_true")
    kinds = parser.add_subparsers(dest="kind", required=True)
    runs = kinds.add_parser("runs")
    runs.add_argument("run", nargs="+", help="NAME=claims.json")
    snapshots = kinds.add_parser("snapshots")
    snapshots.add_argument("results", type=Path)
    snapshots.add_argument("number", type=int, nargs="+")
    options = parser.parse_args()
    found = of_snapshots(options.results, options.number) if options.kind == "snapshots" else read(options.run)
    table(verdicts(found, options.parts))
    if options.statistics:
        table(statistics(found))


if __name__ == "__main__":
    main()
