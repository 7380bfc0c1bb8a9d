"""The training of one small network, written out for LLVM.

A piece of a batch is up to 64 samples, side by side in vectors of eight, and one unit's stay in registers while it is
computed: each weight is loaded once for all of them. Every sum has one order, so a network's bytes depend on nothing
but its own numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import ceil
from typing import NamedTuple

from llvmlite import ir
from llvmlite.binding import get_default_triple

from infoplane.training.llvm import (
    COUNT,
    FLOAT,
    FLOATS,
    INT,
    LANES,
    LONG,
    Code,
    Program,
    Value,
    floats,
    ints,
    long,
)
from infoplane.training.randomness import ROUNDS
from infoplane.training.turns import PIECE
from infoplane.training.vectors import NONLINEARITIES, exp, sigmoid

AT_ONCE = 8  # vectors of positions that are shuffled at once
# What functions work on, in this order in memory: float32, but 32-bit words in `place`, `draws`, `rows` and `diverged`.
SCRATCH = ("place", "units", "delta", "delta_before", "batch_label", "share", "piece", "gradient")
GIVEN = ("draws", "rows", "label", "x", "penalty", "weights", "velocity", "mean", "square", "diverged")
NAMES = (*SCRATCH, *GIVEN)
FLUSH = 0x8040  # of MXCSR: denormal numbers are 0, as in TensorFlow; else they take a hundred times as long


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
        """The layers; the weights of each begin at a multiple of 4, behind at least 3 that are not used."""
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


def compiled(network: Network) -> Program:
    """`train` (epochs) and `moments` () of a network, on memory of NAMES."""
    module = ir.Module()
    module.triple = get_default_triple()
    shuffle, batch = _shuffle(module, network), _batch(module, network, _gradient(module, network))
    _flushed(module, "train", _train(module, network, shuffle, batch))
    _flushed(module, "moments", _moments(module, network, shuffle, batch))
    return Program(module, NAMES)


def _shuffle(module: ir.Module, network: Network) -> Value:
    """`place` in the order of an epoch: `randomness.permutation`, of draws that are given."""
    c = Code(module, "shuffle", NAMES, 1)
    b, size = c.b, ints(network.samples)
    draws = c.at(c["draws"], b.mul(c.integers[0], long(3 * ROUNDS)), INT)
    with c.loop(0, network.samples, LANES * AT_ONCE) as first:
        start = c.all(b.trunc(first, INT))
        places = [c.variable(b.add(start, b.add(COUNT, ints(n * LANES)))) for n in range(AT_ONCE)]
        with c.loop(0, ROUNDS) as turn:
            pivot, mask, factor = (c.all(c.load(draws, b.add(turn, long(n * ROUNDS)), INT)) for n in range(3))
            for place in places:
                here = c.value(place)
                partner = b.sub(pivot, here)
                partner = b.add(partner, b.and_(b.ashr(partner, ints(31)), size))
                later = b.select(b.icmp_signed(">", here, partner), here, partner)
                coin = b.mul(b.xor(later, mask), factor)
                b.store(b.select(b.icmp_signed("<", coin, ints(0)), partner, here), place)
        for n, place in enumerate(places):
            c.store(c.value(place), c["place"], b.add(first, long(n * LANES)))
    return c.end()


def _gradient(module: ir.Module, network: Network) -> Value:
    """The gradient of a piece, to `piece` or, where that is a batch, to `gradient`."""
    c = Code(module, "gradient_of_piece", NAMES)
    row, parts, nonlinearity = network.piece, network.parts, NONLINEARITIES[network.activation]
    lanes = range(0, row, LANES)
    for part in parts:
        _forward(c, part, row, None if part is parts[-1] else nonlinearity.value)
    last = parts[-1]
    _loss_slope(c, network, c.at(c["units"], (last.row + last.inputs) * row))
    into = c["gradient" if network.batch <= row else "piece"]
    delta, before = c["delta"], c["delta_before"]
    for part in reversed(parts):
        x = c.at(c["units"], part.row * row)
        _weight_slopes(c, part, row, x, delta, c.at(into, part.weight))
        if part is parts[0]:
            break
        with c.loop(0, part.inputs) as unit:
            weights = c.at(c["weights"], c.b.add(c.b.mul(unit, long(part.units)), long(part.weight)))
            start = c.b.mul(unit, long(row))
            own, target = c.at(x, start), c.at(before, start)
            sums = _weighted(c, weights, 1, delta, part.units, row, [floats(0)] * len(lanes))
            for lane, total in zip(lanes, sums, strict=True):
                c.store(c.b.fmul(total, nonlinearity.slope(c, c.load(own, lane, FLOATS))), target, lane)
        delta, before = before, delta
    return c.end()


def _forward(c: Code, part: Part, row: int, activation: Value) -> None:
    """A layer's units, from its inputs."""
    x, y = (c.at(c["units"], first * row) for first in (part.row, part.row + part.inputs))
    with c.loop(0, part.units) as unit:
        weights, bias = (c.at(c.at(c["weights"], first), unit) for first in (part.weight, part.bias))
        start = [c.all(c.load(bias))] * (row // LANES)
        own = c.at(y, c.b.mul(unit, long(row)))
        for n, total in enumerate(_weighted(c, weights, part.units, x, part.inputs, row, start)):
            c.store(activation(c, total) if activation else total, own, n * LANES)


def _weighted(c: Code, weights: Value, step: int, x: Value, count: int, row: int, totals: list[Value]) -> list[Value]:
    """`totals` and the sum of `count` rows of `x`, each times its weight, of which every `step`-th counts."""
    for n in range(count):
        weight = c.all(c.load(weights, n * step))
        totals = [c.fma(weight, c.load(x, n * row + k * LANES, FLOATS), t) for k, t in enumerate(totals)]
    return totals


def _loss_slope(c: Code, network: Network, logits: Value) -> None:
    """`delta`: the slope of each sample's loss by its logits, times its share."""
    b, row, outputs = c.b, network.piece, network.widths[-1]
    with c.loop(0, row, LANES) as lane:
        z = [c.load(c.at(logits, n * row), lane, FLOATS) for n in range(outputs)]
        label, share = (c.load(c[name], lane, FLOATS) for name in ("batch_label", "share"))
        if network.output == "softmax":
            slopes = _softmax_slopes(c, z, label)
        elif network.output == "sigmoid":
            slopes = [b.fsub(sigmoid(c, z[0]), label)]
        else:
            slopes = [b.fmul(floats(2), b.fsub(z[0], label))]
        for n, slope in enumerate(slopes):
            c.store(b.fmul(slope, share), c.at(c["delta"], n * row), lane)


def _softmax_slopes(c: Code, z: Sequence[Value], label: Value) -> list[Value]:
    b = c.b
    largest, total = z[0], floats(0)
    for each in z[1:]:
        largest = c.at_least(each, largest)
    shares = [exp(c, b.fsub(each, largest)) for each in z]
    for share in shares:
        total = b.fadd(total, share)
    hits = [b.select(b.fcmp_ordered("==", label, floats(n)), floats(1), floats(0)) for n in range(len(z))]
    return [b.fsub(b.fdiv(share, total), hit) for share, hit in zip(shares, hits, strict=True)]


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


def _batch(module: ir.Module, network: Network, gradient_of_piece: Value) -> Value:
    """`gradient` of the batch that begins at a place: of its mean loss and of the penalty on weights."""
    c = Code(module, "gradient_of_batch", NAMES, 1)
    b, (start,) = c.b, c.integers
    stop = _smaller(c, b.add(start, long(network.batch)), network.samples)
    share = b.fdiv(ir.Constant(FLOAT, 1.0), b.sitofp(b.sub(stop, start), FLOAT))
    if network.batch <= network.piece:
        _gather(c, network, start, stop, share)
        c.call(gradient_of_piece)
    else:
        with c.loop(0, network.length, LANES) as n:
            c.store(floats(0), c["gradient"], n)
        with c.loop(start, stop, network.piece) as first:
            _gather(c, network, first, stop, share)
            c.call(gradient_of_piece)
            with c.loop(0, network.length, LANES) as n:
                c.store(b.fadd(*(c.load(c[name], n, FLOATS) for name in ("gradient", "piece"))), c["gradient"], n)
    with c.loop(0, network.length, LANES) as n:
        penalty, weight, slope = (c.load(c[name], n, FLOATS) for name in ("penalty", "weights", "gradient"))
        c.store(c.fma(penalty, weight, slope), c["gradient"], n)
    return c.end()


def _smaller(c: Code, a: Value, limit: int) -> Value:
    return c.b.select(c.b.icmp_signed("<", a, long(limit)), a, long(limit))


def _gather(c: Code, network: Network, first: Value, stop: Value, share: Value) -> None:
    """The samples of a piece; where it is longer than what is left, its first sample again, which does not count."""
    b, row, features = c.b, network.piece, network.widths[0]
    with c.loop(0, row) as n:
        place = b.add(first, n)
        counts = b.icmp_signed("<", place, stop)
        place = b.sext(c.load(c["place"], b.select(counts, place, first), INT), LONG)
        sample = b.sext(c.load(c["rows"], place, INT), LONG)
        c.store(c.load(c["label"], sample), c["batch_label"], n)
        c.store(b.select(counts, share, ir.Constant(FLOAT, 0.0)), c["share"], n)
        x, column = c.at(c["x"], b.mul(sample, long(features))), c.at(c["units"], n)
        for feature in range(features):
            c.store(c.load(x, feature), column, feature * row)


def _train(module: ir.Module, network: Network, shuffle: Value, batch: Value) -> Value:
    """Some epochs; `diverged` counts those that ended with finite weights, until one did not."""
    c = Code(module, "epochs", NAMES, 1)
    b = c.b
    with c.loop(0, c.integers[0]) as epoch:
        c.call(shuffle, epoch)
        with c.loop(0, network.samples, network.batch) as start:
            c.call(batch, start)
            with c.loop(0, network.length, LANES) as n:
                _step(c, network, n)
        zero = c.variable(floats(0))
        with c.loop(0, network.length, LANES) as n:
            b.store(c.fma(c.load(c["weights"], n, FLOATS), floats(0), c.value(zero)), zero)
        total = b.extract_element(c.sums([c.value(zero)]), ir.Constant(INT, 0))  # NaN if a weight is not finite
        count, ended = (c.load(c["diverged"], n, INT) for n in range(2))
        ended = b.or_(ended, b.zext(b.fcmp_unordered("uno", total, total), INT))
        c.store(b.add(count, b.xor(ended, ir.Constant(INT, 1))), c["diverged"])
        c.store(ended, c["diverged"], 1)
    return c.end()


def _step(c: Code, network: Network, n: Value) -> None:
    """Gradient descent with (Nesterov) momentum, as `optimizers.SGD`, for eight weights."""
    rate, momentum = floats(-network.rate), floats(network.momentum)
    slope, weight = (c.load(c[name], n, FLOATS) for name in ("gradient", "weights"))
    if not network.momentum:
        c.store(c.fma(rate, slope, weight), c["weights"], n)
        return
    move = c.b.fmul(rate, slope)
    velocity = c.fma(momentum, c.load(c["velocity"], n, FLOATS), move)
    c.store(velocity, c["velocity"], n)
    c.store(c.b.fadd(weight, c.fma(momentum, velocity, move) if network.nesterov else velocity), c["weights"], n)


def _moments(module: ir.Module, network: Network, shuffle: Value, batch: Value) -> Value:
    """`mean` and `square` of the gradients of an epoch's batches, weights at rest: Welford's recurrence."""
    c = Code(module, "gradients", NAMES)
    b = c.b
    c.call(shuffle, 0)
    with c.loop(0, network.samples, network.batch) as start:
        c.call(batch, start)
        seen = _smaller(c, b.add(start, long(network.batch)), network.samples)
        size = c.all(b.sitofp(b.sub(seen, start), FLOAT))
        share = b.fdiv(size, c.all(b.sitofp(seen, FLOAT)))
        with c.loop(0, network.length, LANES) as n:
            slope, mean, square = (c.load(c[name], n, FLOATS) for name in ("gradient", "mean", "square"))
            before = b.fsub(slope, mean)
            mean = c.fma(share, before, mean)
            c.store(mean, c["mean"], n)
            c.store(c.fma(size, b.fmul(before, b.fsub(slope, mean)), square), c["square"], n)
    return c.end()


def _flushed(module: ir.Module, name: str, function: Value) -> None:
    """`function` with denormal numbers as 0 meanwhile, where the processor must be told."""
    c = Code(module, name, NAMES, len(function.args) - 1)
    if "x86" not in module.triple:
        c.call(function, *c.integers)
        c.end()
        return
    kind = ir.FunctionType(ir.VoidType(), [ir.PointerType()])
    found, told = c.variable(ir.Constant(INT, 0)), c.variable(ir.Constant(INT, 0))
    store, load = (
        module.globals.get(which) or ir.Function(module, kind, which)
        for which in ("llvm.x86.sse.stmxcsr", "llvm.x86.sse.ldmxcsr")
    )
    c.b.call(store, [found])
    c.b.store(c.b.or_(c.value(found), ir.Constant(INT, FLUSH)), told)
    c.b.call(load, [told])
    c.call(function, *c.integers)
    c.b.call(load, [found])
    c.end()
