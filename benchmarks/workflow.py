"""What whole runs cost, by stage and by phase, this commit beside another: wall and core-seconds, as ratios.

python benchmarks/workflow.py [--beside 0ea049c] [default] [bins] [noop] [study] [sweep]

default: commit 0ea049c's default config without its claims, which both commits understand. bins: the same with another
`binned.bins`. noop: the same again, all made. study: four conditions of 200 epochs. sweep: --conditions seeds of 300
epochs up to their measurements. Both commits run in turn with the same libraries, unless --python names the older one's
interpreter. With --beside the exit status is 1 where a target is missed.
"""

import argparse
import collections
import ctypes
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import yaml

HERE = Path(__file__).parents[1]
FIRST = "0ea049c"
CASES = ("default", "bins", "noop", "study", "sweep")
JOBS = ("dataset", "training", "measurement", "analysis", "figure", "claims", "verdict", "page", "explorer")
OTHERS = ("snakemake", "other")  # itself; the process that jobs are forked from, and what is no Python
PHASES = ("import", "compile", "compute", "read", "write")
TARGETS = {"default": 0.6, "study": 0.25}  # of FIRST's core-seconds
PR_SET_CHILD_SUBREAPER = 36
SPHERICAL = {"spherical": {"kind": "spherical", "labels": "information", "information": 0.99}}


@dataclass(frozen=True)
class Side:
    """A commit that is measured: its clone, and the Python that runs it."""

    name: str
    clone: Path
    python: str


@dataclass(frozen=True)
class Cost:
    """What a run took: seconds, MB, and core-seconds of (stage, phase)."""

    wall: float
    cpu: float
    share: float  # Snakemake's own: wall seconds less those of its jobs over the cores
    jobs: int
    memory: float
    files: int
    spent: dict[tuple[str, str], float]

    def of(self, kind: str) -> float:
        """Core-seconds of a stage or a phase; what is in no phase of a job is its computing."""
        return sum(value for pair, value in self.spent.items() if kind in pair)


def default(bins: int = 30) -> dict:
    """The first commit's default config, without claims: its other keys mean the same today."""
    command = ["cat", options.config] if options.config else ["git", "-C", HERE, "show", f"{FIRST}:config/config.yaml"]
    text = subprocess.check_output(command, text=True)
    config = {key: value for key, value in yaml.safe_load(text).items() if key != "claims"}
    config["estimators"]["binned"]["bins"] = bins
    return config


def study() -> dict:
    return {
        "defaults": {"epochs": 200, "replicates": 10},
        "experiments": {"study": {"vary": {"activation": ["tanh", "softsign", "relu", "softplus"]}}},
        "datasets": SPHERICAL,
        "estimators": {"binned": {"bins": 30}},
        "figures": {
            "information_plane": {"experiment": "study", "estimator": "binned"},
            "gradient_snr": {"experiment": "study"},
        },
    }


def sweep() -> dict:
    return {
        **({} if options.beside else {"keep_activations": False}),  # which FIRST does not know; 0.3 GB a condition
        "defaults": {"epochs": 300, "replicates": 10},
        "experiments": {"sweep": {"vary": {"seed": list(range(options.conditions))}}},
        "datasets": SPHERICAL,
        "estimators": {"binned": {"bins": 30}},
        "figures": {"information_plane": {"experiment": "sweep", "estimator": "binned"}},
    }


# The config of a case, and Snakemake's options; the first three share a folder.
CONFIGS = {"default": default, "bins": lambda: default(50), "noop": lambda: default(50), "study": study, "sweep": sweep}
OPTIONS = {"sweep": ["--until", "measurement"]}


def configure(folder: Path, config: dict) -> None:
    """Write a config; --epochs cuts it short."""
    if options.epochs:
        config["defaults"]["epochs"] = options.epochs
    (folder / "config").mkdir(exist_ok=True)
    (folder / "config/config.yaml").write_text(yaml.safe_dump(config))


def environment(side: Side) -> dict[str, str]:
    """That in which Python imports a side's own package and keeps account."""
    paths = [str(HERE / "benchmarks/spent"), str(side.clone / "src")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def check(side: Side) -> None:
    """End the program unless a side's Python imports the side's own package, whatever is installed."""
    command = [side.python, "-c", "import infoplane; print(infoplane.__file__)"]
    found = subprocess.run(command, env=environment(side), capture_output=True, text=True, cwd="/")
    if found.returncode or not Path(found.stdout.strip()).is_relative_to(side.clone):
        sys.exit(f"{side.python} imports {found.stdout.strip() or found.stderr.strip()}, not {side.clone}")


def run(side: Side, folder: Path, arguments: list[str]) -> Cost:
    """Run Snakemake in a folder with a config; every process that it leaves behind is waited for and counted."""
    command = [side.python, "-m", "snakemake", "-s", str(side.clone / "Snakefile"), "--cores", str(options.cores)]
    with tempfile.TemporaryDirectory() as spent, (folder / "log").open("w") as log:
        before, start = processor_seconds(), time.monotonic()
        main = subprocess.Popen(
            [*command, *arguments], cwd=folder, env={**environment(side), "SPENT": spent}, stdout=log, stderr=log
        )
        status = main.wait()
        wall = time.monotonic() - start
        reap()
        if status:
            sys.exit(f"{side.name} failed:\n" + "\n".join((folder / "log").read_text().splitlines()[-20:]))
        told = [json.loads(path.read_text()) for path in Path(spent).glob("*.json")]
    return cost(wall, processor_seconds() - before, told, folder)


def processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def reap() -> None:
    """Wait for processes whose parent has ended, which are this one's now: jobs are forked from one of them."""
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return


def cost(wall: float, cpu: float, told: list[dict], folder: Path) -> Cost:
    spent = collections.Counter()
    jobs = [record for record in told if record["what"] in JOBS]
    for record in told:
        phases = record["phases"]
        for phase, seconds in phases.items():
            spent[record["what"], phase] += seconds
        spent[record["what"], "compute"] += record["cpu"] - sum(phases.values())
    spent["other", "compute"] += cpu - sum(record["cpu"] for record in told)
    files = sum(path.is_file() for path in (folder / "results").rglob("*"))
    share = wall - sum(record["wall"] for record in jobs) / options.cores
    memory = max(record["memory"] for record in told if record["what"] == "snakemake")
    return Cost(wall, cpu, share, len(jobs), memory, files, dict(spent))


def rows(cost: Cost) -> dict[str, float]:
    """What is printed of a run, by name."""
    return {
        "wall s": cost.wall,
        "core-s": cost.cpu,
        **{f"  {name}": cost.of(name) for name in (*JOBS, *OTHERS)},
        **{f"  {name}": cost.of(name) for name in PHASES},
        **{f"  training: {name}": cost.spent.get(("training", name), 0.0) for name in PHASES},
        **{f"  measurement: {name}": cost.spent.get(("measurement", name), 0.0) for name in PHASES},
        "jobs": cost.jobs,
        "wall s beside jobs": cost.share,
        "main process MB": cost.memory,
        "files in results/": cost.files,
    }


def show(case: str, costs: dict[str, Cost]) -> None:
    """Print a case: a column for each side, and the ratio of this commit to the other."""
    tables = [rows(cost) for cost in costs.values()]
    print(f"\n{case:26}" + "".join(f"{name:>12}" for name in costs) + ("       ratio" if len(costs) > 1 else ""))
    for name in tables[0]:
        values = [table[name] for table in tables]
        if any(values):
            ratio = f"{values[-1] / values[0]:12.2f}" if len(values) > 1 and values[0] else ""
            print(f"{name:26}" + "".join(f"{value:12.1f}" for value in values) + ratio, flush=True)


@contextmanager
def clone(commit: str, folder: Path):
    """The files of another commit, in a work tree that goes afterwards."""
    place = folder / commit
    subprocess.run(["git", "worktree", "add", "--quiet", "--detach", str(place), commit], cwd=HERE, check=True)
    try:
        yield place
    finally:
        subprocess.run(["git", "worktree", "remove", "--force", str(place)], cwd=HERE, check=True)


def measure(sides: list[Side], folder: Path) -> dict[str, dict[str, Cost]]:
    """Run the cases once, each on all sides in turn."""
    measured = {}
    for case in options.cases:
        costs = {}
        for side in sides:
            place = folder / f"{side.name}-{'default' if case in CASES[:3] else case}"
            place.mkdir(exist_ok=True)
            if case != "noop":
                configure(place, CONFIGS[case]())
            costs[side.name] = run(side, place, OPTIONS.get(case, []))
            print(f"{case}, {side.name}: {costs[side.name].wall:.0f} s", file=sys.stderr, flush=True)
        measured[case] = {side.name: costs[side.name] for side in sorted(sides, key=lambda side: side.name == "this")}
        show(case, measured[case])
    return measured


def judge(rounds: list[dict[str, dict[str, Cost]]]) -> int:
    """Print the ratios of the least of all rounds, and whether they meet the targets."""
    met = True
    for case in options.cases if options.beside else ():
        seconds, wall = (
            [min(getattr(measured[case][name], kind) for measured in rounds) for name in ("this", options.beside)]
            for kind in ("cpu", "wall")
        )
        ratio, target = seconds[0] / seconds[1], TARGETS.get(case)
        word = "" if target is None else "met   " if ratio <= target else "MISSED"
        goal = "" if target is None else f" (at most {target})"
        print(f"{word:6} {case}: {ratio:.2f} of the core-seconds{goal}, {wall[0] / wall[1]:.2f} of the wall seconds")
        met &= target is None or ratio <= target
    return 0 if met else 1


def main() -> int:
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    with tempfile.TemporaryDirectory(dir=options.folder) as temporary:
        folder = Path(temporary).resolve()
        with clone(options.beside, folder) if options.beside else nullcontext() as other:
            first = [Side(options.beside, other, options.python)] if other else []
            sides = [*first, Side("this", HERE, sys.executable)]
            for side in sides:
                check(side)
            rounds = []
            for _ in range(options.rounds):
                with tempfile.TemporaryDirectory(dir=folder) as place:
                    rounds.append(measure(sides, Path(place)))
                sides.reverse()
    return judge(rounds)


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("cases", nargs="*", metavar="CASE", help=", ".join(CASES) + " (default: all but the sweep)")
parser.add_argument("--beside", metavar="COMMIT", help=f"another commit, {FIRST} say")
parser.add_argument("--python", default=sys.executable, help="the interpreter of that commit")
parser.add_argument("--cores", type=int, default=len(os.sched_getaffinity(0)))
parser.add_argument("--rounds", type=int, default=1, help="of all cases; the ratios are of the least of each")
parser.add_argument("--conditions", type=int, default=1000, help="of the sweep")
parser.add_argument("--epochs", type=int, help="of every condition, to try the benchmark out")
parser.add_argument("--config", type=Path, help="a config instead of the default one, for the first three cases")
parser.add_argument("--folder", type=Path, help="where to run; a default run takes 6 GB")
options = parser.parse_args()
if unknown := set(options.cases) - set(CASES):
    parser.error(f"{', '.join(sorted(unknown))}: no case; there are {', '.join(CASES)}")
wanted = set(options.cases or CASES[:-1])
wanted |= {"default"} if wanted & {"bins", "noop"} else set()  # they go on from it
options.cases = [case for case in CASES if case in wanted]

if __name__ == "__main__":
    sys.exit(main())
