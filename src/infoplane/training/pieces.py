"""A piece of a batch through one small network and back, written out for LLVM.

A piece is up to 64 samples, side by side in vectors of eight, and one unit's stay in registers while it is computed:
each weight is loaded once for all of them. Every sum has one order, so a network's bytes depend on nothing but its own
numbers.
"""

from __future__ import annotations

from itertools import pairwise
from math import ceil
from typing import NamedTuple

from llvmlite import ir

from infoplane.training.llvm import FLOATS, LANES, Code, Value, floats, long
from infoplane.training.turns import PIECE
from infoplane.training.vectors import NONLINEARITIES, exp, sigmoid

AT_ONCE = 8  # vectors of positions that are shuffled at once
# What functions work on, in this order in memory: float32, but 32-bit words in `place`, `draws`, `rows` and `diverged`.
SCRATCH = ("place", "units", "delta", "delta_before", "batch_label", "share", "piece", "gradient")
GIVEN = ("draws", "rows", "label", "x", "penalty", "weights", "velocity", "mean", "square", "diverged", "recorded")
NAMES = (*SCRATCH, *GIVEN)


class Part(NamedTuple):
    """A layer: its inputs and units, and where its inputs' values and its weights begin."""

    inputs: int
    units: int
    row: int
    weight: int

    @property
    def bias(self) -> int:
        """Where its biases begin."""
        return self.weight + self.inputs * self.units


class Network(NamedTuple):
    """What is compiled: widths from the inputs to the outputs, and the training."""

    widths: tuple[int, ...]
    activation: str
    output: str
    samples: int  # trained on
    batch: int
    rate: float
    momentum: float
    nesterov: bool

    @property
    def piece(self) -> int:
        """Samples computed on at once."""
        return LANES * ceil(min(self.batch, PIECE) / LANES)

    @property
    def parts(self) -> list[Part]:
        """The layers; behind the weights of each are three numbers or more that are not used."""
        row = weight = 0
        parts = []
        for inputs, units in pairwise(self.widths):
            parts.append(Part(inputs, units, row, weight))
            row, weight = row + inputs, weight + 4 * ceil(((inputs + 1) * units + 3) / 4)
        return parts

    @property
    def length(self) -> int:
        """Numbers in a packed array of weights."""
        last = self.parts[-1]
        return LANES * ceil((last.bias + last.units + 3) / LANES)

    @property
    def sizes(self) -> dict[str, int]:
        """Elements of the arrays of SCRATCH."""
        row, place = self.piece, LANES * AT_ONCE * ceil(self.samples / (LANES * AT_ONCE))
        wide = row * max(self.widths)
        sizes = (place, row * sum(self.widths), wide, wide, row, row, self.length, self.length)
        return dict(zip(SCRATCH, sizes, strict=True))


def layers(module: ir.Module, network: Network) -> Value:
    """The units of all layers, the last one's before its nonlinearity, from the inputs of a piece."""
    c = Code(module, "layers", NAMES)
    row, parts, activation = network.piece, network.parts, NONLINEARITIES[network.activation].value
    for part in parts:
        x, y = (c.at(c["units"], first * row) for first in (part.row, part.row + part.inputs))
        with c.loop(0, part.units) as unit:
            weights, bias = (c.at(c.at(c["weights"], first), unit) for first in (part.weight, part.bias))
            start = [c.all(c.load(bias))] * (row // LANES)
            own = c.at(y, c.b.mul(unit, long(row)))
            for n, total in enumerate(_weighted(c, weights, part.units, x, part.inputs, row, start)):
                c.store(total if part is parts[-1] else activation(c, total), own, n * LANES)
    return c.end()


def gradient(module: ir.Module, network: Network, forward: Value) -> Value:
    """The gradient of a piece, to `piece` or, where that is a batch, to `gradient`."""
    c = Code(module, "gradient_of_piece", NAMES)
    row, parts, slope = network.piece, network.parts, NONLINEARITIES[network.activation].slope
    c.call(forward)
    _loss_slope(c, network)
    into = c["gradient" if network.batch <= row else "piece"]
    delta, before = c["delta"], c["delta_before"]
    for part in reversed(parts):
        x = c.at(c["units"], part.row * row)
        _weight_slopes(c, part, row, x, delta, c.at(into, part.weight))
        if part is parts[0]:
            break
        with c.loop(0, part.inputs) as unit:
            weights = c.at(c.at(c["weights"], part.weight), c.b.mul(unit, long(part.units)))
            start = c.b.mul(unit, long(row))
            own, target = c.at(x, start), c.at(before, start)
            sums = _weighted(c, weights, 1, delta, part.units, row, [floats(0)] * (row // LANES))
            for n, total in enumerate(sums):
                value = c.load(own, n * LANES, FLOATS)
                c.store(c.b.fmul(total, slope(c, value)), target, n * LANES)
        delta, before = before, delta
    return c.end()


def _weighted(c: Code, weights: Value, step: int, x: Value, count: int, row: int, totals: list[Value]) -> list[Value]:
    """`totals` and the sum of `count` rows of `x`, each times its weight, of which every `step`-th counts."""
    for n in range(count):
        weight = c.all(c.load(weights, n * step))
        totals = [c.fma(weight, c.load(x, n * row + k * LANES, FLOATS), t) for k, t in enumerate(totals)]
    return totals


def _loss_slope(c: Code, network: Network) -> None:
    """`delta`: the slope of each sample's loss by its logits, times its share."""
    b = c.b
    with c.loop(0, network.piece, LANES) as lane:
        label, share = (c.load(c[name], lane, FLOATS) for name in ("batch_label", "share"))
        for n, output in enumerate(outputs(c, network, lane)):
            target = label
            if network.output == "softmax":
                target = b.select(b.fcmp_ordered("==", label, floats(n)), floats(1), floats(0))
            slope = b.fsub(output, target)
            if network.output == "linear":
                slope = b.fmul(floats(2), slope)
            c.store(b.fmul(slope, share), c.at(c["delta"], n * network.piece), lane)


def outputs(c: Code, network: Network, lane: Value) -> list[Value]:
    """What a network says of eight samples: its last units behind their nonlinearity."""
    b, last = c.b, network.parts[-1]
    rows = range(last.row + last.inputs, last.row + last.inputs + last.units)
    z = [c.load(c.at(c["units"], n * network.piece), lane, FLOATS) for n in rows]
    if network.output == "linear":
        return z
    if network.output == "sigmoid":
        return [sigmoid(c, each) for each in z]
    largest, total = z[0], floats(0)
    for each in z[1:]:
        largest = c.at_least(each, largest)
    shares = [exp(c, b.fsub(each, largest)) for each in z]
    for share in shares:
        total = b.fadd(total, share)
    return [b.fdiv(share, total) for share in shares]


def _weight_slopes(c: Code, part: Part, row: int, x: Value, delta: Value, into: Value) -> None:
    """The slopes by a layer's weights, then by its biases, four at once: what the last four are too many is 0.

    Row by row in the order in which they lie, so that what comes next is written over it.
    """
    lanes = range(0, row, LANES)
    groups = [range(first, min(first + 4, part.units)) for first in range(0, part.units, 4)]
    with c.loop(0, part.inputs) as n:
        own = c.at(x, c.b.mul(n, long(row)))
        values = [c.load(own, lane, FLOATS) for lane in lanes]
        target = c.at(into, c.b.mul(n, long(part.units)))
        for group in groups:
            totals = [floats(0)] * len(group)
            for lane, value in zip(lanes, values, strict=True):
                slopes = [c.load(delta, unit * row + lane, FLOATS) for unit in group]
                totals = [c.fma(value, slope, total) for slope, total in zip(slopes, totals, strict=True)]
            c.store(c.sums(totals), target, group[0])
    for group in groups:
        totals = [c.load(delta, unit * row, FLOATS) for unit in group]
        for lane in lanes[1:]:
            totals = [
                c.b.fadd(t, c.load(delta, unit * row + lane, FLOATS)) for unit, t in zip(group, totals, strict=True)
            ]
        c.store(c.sums(totals), into, part.inputs * part.units + group[0])


def put_in(c: Code, network: Network, sample: Value, n: Value) -> None:
    """The inputs of a sample, as the `n`-th of a piece."""
    x, column = c.at(c["x"], c.b.mul(sample, long(network.widths[0]))), c.at(c["units"], n)
    for feature in range(network.widths[0]):
        c.store(c.load(x, feature), column, feature * network.piece)
