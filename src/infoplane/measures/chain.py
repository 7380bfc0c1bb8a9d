"""Information of a network that is noisy itself: each layer passes its noise on to the next [Goldfeld et al. 2019].

T_1 = f(X W_1 + b_1) + Z_1 and T_l = f(T_{l-1} W_l + b_l) + Z_l, every Z_l ~ N(0, σ²), so Y - X - T_1 - ... - T_L is a
Markov chain and no information can be infinite. The output layer adds no noise: it is a function of T_L.

What `noisy` takes for p(t|x), one Gaussian around a recorded activation, is true of the first layer alone. Deeper down
p(t|x) is a mixture over all that the noise before can have done, of which any number of passes through the network is a
sample. A sample gives no unbiased estimate, but two bounds (of the expectation over passes):
    upper: the information of the network whose noise can only take the courses of that sample. Information is convex in
    p(t|x) for given p(x) [Cover & Thomas, theorem 2.7.4];
    lower: E log2 q(x|t) / p(x), where t comes from a pass that is not in the sample, and q is the posterior by the
    sample: no posterior tells more than the true one [Barber & Agakov 2003].
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import xarray as xr
from pydantic import Field
from scipy.linalg import orth

from infoplane.activations import FUNCTIONS
from infoplane.measures.base import Estimator, layers, read
from infoplane.measures.derived import derive
from infoplane.measures.kde import BOUNDS
from infoplane.measures.mixture import SMALLEST_EXPONENT_FLOAT64, density_ratios
from infoplane.section import Int

Weights = Sequence[tuple[np.ndarray, np.ndarray]]
Function = Callable[[np.ndarray], np.ndarray]


def passes(
    x: np.ndarray, weights: Weights, function: Function, variance: float, number: int, rng: np.random.Generator
) -> list[np.ndarray]:
    """Each layer without its own noise, in a `number` of passes of every input: arrays (sample, pass, unit).

    x (sample, feature), `weights` kernels and biases of all layers. The first layer is the same in all passes, and has
    one. Of the output layer, which is a function of T_L W, it is T_L in the space that W looks into: what that tells is
    the same, and the noise is T_L's.
    """
    *hidden, (kernel, _) = weights
    (first, bias), *deeper = hidden
    found = [function(x @ first + bias)[:, None]]
    for inner, bias in deeper:
        units = found[-1].shape[-1]
        noisy = found[-1] + rng.normal(scale=np.sqrt(variance), size=(len(x), number, units))
        found.append(function(noisy @ inner + bias))
    seen = kernel - kernel.mean(1, keepdims=True) if kernel.shape[1] > 1 else kernel  # softmax: up to a constant
    return [*found, found[-1] @ orth(seen)]


def network_bounds(
    x: np.ndarray,
    p_xy: np.ndarray,
    weights: Weights,
    function: Function,
    variance: float,
    number: int,
    draws: int,
    rng: np.random.Generator,
) -> list[tuple[np.ndarray, np.ndarray]]:
    """The `chain_bounds` of each layer, by a `number` of passes of every input and as many further ones as draws."""
    p_x = p_xy.sum(1)
    source = rng.choice(len(x), size=draws, p=p_x / p_x.sum())
    network = (weights, function, variance)
    sample, others = passes(x, *network, number, rng), passes(x[source], *network, 1, rng)
    return [
        chain_bounds(points, source, other[:, 0], p_xy, variance, rng)
        for points, other in zip(sample, others, strict=True)
    ]


def chain_bounds(
    points: np.ndarray,
    source: np.ndarray,
    other: np.ndarray,
    p_xy: np.ndarray,
    variance: float,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper bounds of I(X;T) and I(T;Y) in bits, and their standard errors over draws: two (bound, 2) arrays.

    `points` (sample, pass, unit) is the sample of a layer without its own noise, `source` (draw) the inputs drawn by
    p(x), `other` (draw, unit) a further pass of each; p_xy (sample, class).
    """
    (samples, number, units), draws = points.shape, len(source)
    p_x, p_y = p_xy.sum(1), p_xy.sum(0)
    noise = rng.normal(scale=np.sqrt(variance), size=(draws, units))
    p_y_given_x = p_xy[source] / p_x[source, None]
    weights = np.concatenate([np.repeat(p_xy / number, number, axis=0), np.zeros((draws, p_xy.shape[1]))])
    drawn = []
    for centre in (other, points[source, rng.integers(number, size=draws)]):
        mixture = np.concatenate([points.reshape(-1, units), centre])
        ratios = density_ratios(mixture, weights, variance, samples * number + np.arange(draws), noise)
        total = ratios.sum(1)
        posterior = np.maximum(ratios / total[:, None], np.finfo(np.float64).tiny) / np.where(p_y > 0, p_y, 1)
        own = _own_density(points[source], centre, noise, variance)
        drawn.append([np.log2(own / total), (p_y_given_x * np.log2(posterior)).sum(1)])
    bits = np.array(drawn)
    return bits.mean(-1), bits.std(-1, ddof=1) / np.sqrt(draws)


def _own_density(own: np.ndarray, centre: np.ndarray, noise: np.ndarray, variance: float) -> np.ndarray:
    """p(t|x) over N(t; centre, σ²) at t = centre + noise, (draw); `own` (draw, pass, unit) are the passes of x."""
    distance = ((centre + noise)[:, None] - own) ** 2
    exponent = ((noise**2).sum(-1)[:, None] - distance.sum(-1)) / (2 * variance)
    return np.exp(np.maximum(exponent, SMALLEST_EXPONENT_FLOAT64)).mean(1)


class Chain(Estimator):
    """I(X;T) and I(T;Y) of a noisy network (`activation_noise`) between two bounds, by Monte Carlo from its weights.

    Nothing is chosen here but how closely to look: the noise is the network's own. Of the first layer both bounds are
    the value, deeper down they close with more `passes`; standard errors are those over draws, given the passes.
    """

    quantities: ClassVar[tuple[str, ...]] = ("I_XT", "I_TY")

    kind: Literal["chain"] = "chain"
    passes: Annotated[Int, Field(ge=1)] = Field(8, description="Passes of each input through the noisy network.")
    draws: Annotated[Int, Field(ge=2)] = Field(512, description="Monte Carlo draws per snapshot and layer.")
    seed: Annotated[Int, Field(ge=0)] = Field(0, description="Seed of passes and draws.")

    def misfits(self, condition: Any, samples: int, features: int) -> Iterator[tuple[str, str]]:
        """A network without noise, or one whose activation function is not known here."""
        yield from super().misfits(condition, samples, features)
        if not condition.activation_noise:
            yield "kind", "allowed: with `activation_noise`; without it, `noisy` adds noise of its own"
        elif condition.activation not in FUNCTIONS:
            yield "kind", f"allowed: with `activation` one of {', '.join(FUNCTIONS)}, not {condition.activation}"

    def measure(self, training: xr.DataTree, dataset: xr.Dataset) -> xr.Dataset:
        """Bounds (replicate, epoch, layer, bound) and standard errors of every layer, the output layer too."""
        dataset = read(dataset, "x", "p_x", "p_y_given_x")
        nodes = [node for _, node in layers(training)]
        if not nodes[0].attrs.get("noise_variance"):
            raise ValueError("chain: the network was trained without noise; set `activation_noise`, or take `noisy`")
        chosen = nodes[0].epoch[self.measured(nodes[0].sizes["epoch"])]
        weights = [node[["weight", "bias"]].sel(epoch=chosen).load() for node in nodes]
        found = np.array(
            [
                [self._network(nodes[0].attrs, weights, dataset, int(r), int(epoch)) for epoch in chosen]
                for r in nodes[0].replicate
            ]
        )
        dims = ("replicate", "epoch", "layer", "bound")
        names = ("I_XT", "I_TY", "I_XT_standard_error", "I_TY_standard_error")
        coords = {"replicate": nodes[0].replicate, "epoch": chosen, "layer": np.arange(1, len(nodes) + 1)}
        measured = xr.Dataset({name: (dims, found[..., n]) for n, name in enumerate(names)}, coords)
        return derive(measured.assign_coords(bound=list(BOUNDS)), dataset)

    def _network(
        self, first: dict[str, Any], weights: list[xr.Dataset], dataset: xr.Dataset, replicate: int, epoch: int
    ) -> np.ndarray:
        """Bounds and standard errors of one network in one snapshot: (layer, bound, 4)."""
        here = [w.sel(replicate=replicate, epoch=epoch) for w in weights]
        kernels = [(w["weight"].values.astype(float), w["bias"].values.astype(float)) for w in here]
        if any(np.isnan(kernel).any() for kernel, _ in kernels):
            return np.full((len(kernels), len(BOUNDS), 4), np.nan)
        rng = np.random.default_rng([self.seed, replicate, epoch])
        function, variance = FUNCTIONS[first["activation"]], first["noise_variance"]
        p_xy = (dataset.p_x * dataset.p_y_given_x).transpose("sample", "class").values
        x = dataset.x.values.astype(float)
        bounds = network_bounds(x, p_xy, kernels, function, variance, self.passes, self.draws, rng)
        return np.array([np.concatenate(pair, axis=1) for pair in bounds])
