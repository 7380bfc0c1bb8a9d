"""docs/python.md: its code runs as it stands, in its order; PyTorch, which is not installed, is played by a few lines."""

import contextlib
import re
import sys
import types
from pathlib import Path

import numpy as np
import pytest

import infoplane

PAGE = Path(__file__).parents[1] / "docs/python.md"


class Tensor(np.ndarray):
    """An array with the two methods that the page uses."""

    def flatten(self, start):
        return self.reshape(*self.shape[:start], -1)

    def numpy(self):
        return np.asarray(self)


class Module:
    """A layer of PyTorch: a function, and hooks that are shown what it gives."""

    def __init__(self, function):
        self.function, self.hooks = function, []

    def register_forward_hook(self, hook):
        self.hooks.append(hook)
        return types.SimpleNamespace(remove=lambda: self.hooks.remove(hook))

    def __call__(self, x):
        given = self.function(x)
        for hook in self.hooks:
            hook(self, (x,), given)
        return given


class Network(Module):
    """Two layers, one after the other."""

    def __init__(self):
        self.scale = 0.1
        first, second = Module(lambda x: np.tanh(self.scale * x)), Module(lambda t: t[:, :2])
        self.layers = {"first": first, "second": second}
        super().__init__(lambda x: second(first(x)))

    def named_children(self):
        return self.layers.items()


def test_the_code_of_the_page_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "torch", types.SimpleNamespace(no_grad=contextlib.nullcontext, Tensor=Tensor))
    network = Network()

    def train_one_epoch(net):
        net.scale *= 1.3

    known = {"network": network, "train_one_epoch": train_one_epoch}
    known["inputs"] = np.random.default_rng(0).normal(size=(500, 5)).view(Tensor)
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), flags=re.MULTILINE | re.DOTALL)
    assert len(blocks) == 6
    for block in blocks:
        exec(block, known)
    assert {path.name for path in tmp_path.iterdir()} == {"plane.png", "model.png", "torch.png", "training.zarr.zip"}
    assert known["found"].epoch.values.tolist() == [0, 1, 2, 5, 10, 20]
    assert known["found"].name.values.tolist() == ["first", "second"]
    assert not network.layers["first"].hooks
    assert [known["recorded"][f"layer_{n}"].attrs["name"] for n in (1, 2)] == ["hidden", "logits"]


@pytest.mark.parametrize("name", infoplane.__all__)
def test_what_infoplane_offers_is_documented(name):
    assert getattr(infoplane, name).__doc__
    assert f"infoplane.{name}" in PAGE.read_text()


def test_what_it_does_not_offer_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'mesure'"):
        infoplane.mesure  # noqa: B018
