"""A results folder as a run leaves it, with made-up content: real plan, real manifests, no training."""

import io
import json
import shutil
from pathlib import Path

import matplotlib.figure
import numpy as np
import pytest
import xarray as xr
import yaml

from infoplane import cli, jobs, loading, plan, stores, view
from infoplane.upkeep import forecast

CONFIG = {
    "defaults": {
        "replicates": 2,
        "replicates_per_job": 1,
        "hidden": [3],
        "batch_size": 512,
        "epochs": 6,
        "snapshots": 4,
    },
    "experiments": {"main": {}, "fraction": {"vary": {"train_fraction": [0.45, 0.85]}}},
    "datasets": {"spherical": {}},
    "estimators": {"binned": {"bins": 30}},
    "figures": {
        "plane": {"kind": "information_plane", "experiment": "main"},
        "curves": {"kind": "learning_curves", "experiment": "fraction"},
        "both": {"kind": "compression_generalization", "experiment": ["main", "fraction"]},
    },
    "claims": {"no_regularization": {"figure": "plane", "bits": 1.0}},
}


class Project:
    """A folder with a config and results, in which commands run."""

    def __init__(self, folder: Path, monkeypatch, capsys) -> None:
        self.folder, self._monkeypatch, self._capsys = folder, monkeypatch, capsys
        self.results = folder / "results"
        monkeypatch.chdir(folder)
        monkeypatch.setenv("NO_COLOR", "1")

    def run(self, *arguments):
        """Exit code, and what is printed to stdout and stderr."""
        self._monkeypatch.setattr("sys.argv", ["infoplane", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = self._capsys.readouterr()
        assert "Traceback" not in printed.err
        return ended.value.code or 0, printed.out, printed.err

    def json(self, *arguments):
        """Exit code, and the JSON that is printed."""
        code, out, err = self.run(*arguments, "--json")
        assert out, err
        return code, json.loads(out)

    def configure(self, **changes) -> None:
        """Write the config with other sections."""
        (self.folder / "config/config.yaml").write_text(yaml.safe_dump({**CONFIG, **changes}))

    def make(self) -> plan.Plan:
        """Make what the config asks for."""
        return make(self.folder)

    def folders(self, stage) -> list[Path]:
        return sorted(path for path in (self.results / stage).iterdir() if path.is_dir() and path.name[0] != ".")


def make(folder: Path) -> plan.Plan:
    """Make everything that a folder's config asks for, in seconds, and show it."""
    planned = plan.make(loading.load(loading.read(folder / "config/config.yaml")))
    for artifact in forecast.behind(planned.ends()):
        jobs.make(artifact.recipe, artifact.label, folder / "results", write)
    view.bring_up_to_date(folder / "results", planned.view, planned.names())
    return planned


def write(job):
    """What a job writes: small stores, and documents of their kinds."""
    stage, id_ = job.attributes["stage"], job.attributes["id"]
    if stage == "analysis":
        number = float(int(id_, 16))
        data = xr.Dataset({"I_XT_mean": ("epoch", [1.0, number, np.nan], {"units": "bits", "long_name": "I(X;T)"})})
        stores.write(xr.DataTree.from_dict({"/": xr.Dataset(), "/condition_1": data}), job.folder / "analysis.zarr.zip")
        (job.folder / "analysis.csv").write_text("epoch,I_XT_mean\n")
        return None
    if stage in ("dataset", "training", "measurement"):
        (job.folder / f"{stage}.zarr.zip").write_bytes(id_.encode() * 100)
        return None
    if stage == "verdict":
        statistic = {"name": "compression", "unit": "bits", "estimate": 1.5, "low": 1.0, "high": 2.0}
        statistic |= {"side": "at least", "threshold": job.parameters["claims"][0][1]["bits"], "verdict": "holds"}
        claims = [{"name": "no_regularization", "verdict": "holds", "statistics": [statistic]}]
        return {"claims.json": (json.dumps({"claims": claims}) + "\n").encode()}
    if stage in ("page", "explorer"):
        name = {"page": "claims", "explorer": "explorer"}[stage]
        return {f"{name}.html": f"<!DOCTYPE html>\n<html><body>{id_}</body></html>\n".encode()}
    figure = matplotlib.figure.Figure(figsize=(1, 1))
    figure.text(0, 0, id_)
    files = {"csv": b"epoch,bits\n0,1\n", "rst": b"a caption\n"}
    for suffix, metadata in (("pdf", {"CreationDate": None}), ("png", {"Software": None})):
        stream = io.BytesIO()
        figure.savefig(stream, format=suffix, metadata=metadata)
        files[suffix] = stream.getvalue()
    return {f"{job.parameters['name']}.{suffix}": data for suffix, data in files.items()}


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Path:
    """A folder that is made once, and not changed."""
    folder = tmp_path_factory.mktemp("finished") / "a project"
    (folder / "config").mkdir(parents=True)
    (folder / "config/config.yaml").write_text(yaml.safe_dump(CONFIG))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jobs, "check_code", lambda recipe: None)  # nobody edits it meanwhile, and it takes long
        make(folder)
    return folder


@pytest.fixture
def project(finished, tmp_path, monkeypatch, capsys) -> Project:
    """A finished project of one's own."""
    monkeypatch.setattr(jobs, "check_code", lambda recipe: None)
    shutil.copytree(finished, tmp_path / "a project")
    return Project(tmp_path / "a project", monkeypatch, capsys)
