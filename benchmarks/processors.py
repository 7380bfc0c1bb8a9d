"""Whether a portable training has the same bytes on other processors: this one's beside those that qemu-user emulates.

    python benchmarks/processors.py [--cpu EPYC-Rome Haswell ...] [--inputs 12 100 784]

For each number of inputs, a network is trained on this processor, with and without `portable`, and on each emulated
one. Prints the digests of their stores; exits with 1 if a portable one differs. Emulation takes minutes.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import xarray as xr

from infoplane.condition import Condition

EMULATOR = "qemu-x86_64"
# its emulation of AVX2 breaks numpy's sorting
OTHER_NUMPY = {"NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4"}
SMALL = {"hidden": (12, 10, 7, 5, 4, 3, 2), "epochs": 10, "learning_rate": 0.05}
WIDE = {"hidden": (64, 48), "epochs": 6, "activation": "relu", "optimizer": "adam", "learning_rate": 1e-3}


def make_dataset(features: int) -> xr.Dataset:
    """512 Gaussian inputs and the labels that a random plane gives them, for two networks."""
    rng = np.random.default_rng(features)
    x = rng.normal(size=(512, features)).astype(np.float32)
    label = np.tile((x @ rng.normal(size=features) > 0).astype(np.int8), (2, 1))
    order = np.stack([rng.permutation(512) for _ in range(2)]).astype(np.int32)
    chances = np.stack([label[0] == 0, label[0] == 1], axis=1).astype(float)
    arrays = {
        "x": (("sample", "feature"), x),
        "p_x": ("sample", np.full(512, 1 / 512)),
        "p_y_given_x": (("sample", "class"), chances),
        "label": (("replicate", "sample"), label),
        "order": (("replicate", "sample"), order),
    }
    return xr.Dataset(arrays, {"replicate": np.arange(2)})


def train(data: Path, portable: bool) -> None:
    """Print the digest of a training's store; the dataset is read, so that no processor computes it."""
    from infoplane.training.trainer import train

    dataset = pickle.loads(data.read_bytes())
    keys = SMALL if dataset.sizes["feature"] <= 12 else WIDE
    condition = Condition(**keys, snapshots=4, batch_size=64, portable=portable)
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder, "training.zarr.zip")
        train(condition, dataset, range(2), store, Path(folder, "checkpoint"), lambda _: None)
        print(hashlib.sha256(store.read_bytes()).hexdigest()[:16])


def trained(data: Path, portable: bool, cpu: str | None = None) -> str:
    """The digest of a training in a process of its own, on an emulated processor or on this one."""
    command = [sys.executable, __file__, "--train", str(data), *(["--portable"] if portable else [])]
    if cpu:
        command = [EMULATOR, "-cpu", cpu, *command]
    variables = os.environ | (OTHER_NUMPY if cpu else {})
    done = subprocess.run(command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return done.stdout.strip() or f"failed ({done.returncode})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--cpu", nargs="+", default=["EPYC-Rome"], help="as `qemu-x86_64 -cpu help` has them, with AVX2"
    )
    parser.add_argument("--inputs", nargs="+", type=int, default=[12, 100])
    parser.add_argument("--train", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--portable", action="store_true", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.train:
        return train(wanted.train, wanted.portable)
    if not shutil.which(EMULATOR):
        sys.exit(f"{EMULATOR} is not installed (Debian: qemu-user)")
    same = True
    with tempfile.TemporaryDirectory() as folder:
        for features in wanted.inputs:
            data = Path(folder, f"{features}.pickle")
            data.write_bytes(pickle.dumps(make_dataset(features)))
            here = trained(data, True)
            print(f"{features} inputs: {here} here, {trained(data, False)} with `portable: false`", flush=True)
            for cpu in wanted.cpu:
                there = trained(data, True, cpu)
                same &= there == here
                print(f"  {there} on {cpu}: {'the same' if there == here else 'other'}", flush=True)
    sys.exit(not same)


if __name__ == "__main__":
    main()
