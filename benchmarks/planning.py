"""How long a plan and Snakemake's start take, and how much memory, as conditions grow.

python benchmarks/planning.py [--conditions 100 1000 5000] [--against FOLDER]: a sweep over seeds, each condition with
two measurements; `infoplane plan` and `snakemake -n` before anything is made, of this clone and of another in turn.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

HERE = Path(__file__).parents[1]
PLANE = {"kind": "information_plane", "experiment": "sweep", "estimator": "binned"}


def config(conditions: int) -> dict:
    return {
        "defaults": {"epochs": 300, "replicates": 10},
        "experiments": {"sweep": {"vary": {"seed": list(range(conditions))}}},
        "datasets": {"spherical": {}},
        "estimators": {"binned": {"bins": 30}},
        "figures": {"plane": PLANE, "snr": {"kind": "gradient_snr", "experiment": "sweep"}},
    }


def measure(clone: Path, folder: Path, *command: str) -> tuple[float, float]:
    """Seconds and MB (peak) of a command of a clone, in a folder with a config."""
    environment = {**os.environ, "PYTHONPATH": str(clone / "src")}
    before = time.perf_counter()
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as run:
        errors = run.stderr.read()
        _, status, used = os.wait4(run.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0, errors.decode()
    return time.perf_counter() - before, used.ru_maxrss / 1024


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--conditions", type=int, nargs="+", default=[100, 1000, 5000])
parser.add_argument("--against", type=Path, nargs="*", default=[])
options = parser.parse_args()
programs = Path(sys.executable).parent
for conditions in options.conditions:
    for clone in (HERE, *options.against):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "config").mkdir()
            (Path(folder) / "config/config.yaml").write_text(yaml.safe_dump(config(conditions)))
            plan = measure(clone, folder, str(programs / "infoplane"), "plan")
            dry = measure(clone, folder, str(programs / "snakemake"), "-s", str(clone / "Snakefile"), "-n", "-q", "all")
        told = f"plan {plan[0]:.1f} s {plan[1]:.0f} MB; snakemake -n {dry[0]:.1f} s {dry[1]:.0f} MB"
        print(f"{conditions:>6} conditions, {clone.name}: {told}")
