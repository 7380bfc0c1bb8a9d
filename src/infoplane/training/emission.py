"""The training of one small network, written out for LLVM: its epochs, and what is recorded of it."""

from __future__ import annotations

from llvmlite import ir
from llvmlite.binding import get_default_triple

from infoplane.training.llvm import COUNT, FLOAT, FLOATS, INT, LANES, LONG, Code, Program, Value, floats, ints, long
from infoplane.training.pieces import AT_ONCE, NAMES, Network, gradient, layers, outputs, put_in
from infoplane.training.randomness import ROUNDS

FLUSH = 0x8040  # of MXCSR: denormal numbers are 0, as in TensorFlow; else they take a hundred times as long


def compiled(network: Network) -> Program:
    """`train` (epochs), `moments` () and `record` (samples) of a network, on memory of NAMES."""
    module = ir.Module()
    module.triple = get_default_triple()
    forward = layers(module, network)
    shuffle, batch = _shuffle(module, network), _batch(module, network, gradient(module, network, forward))
    _flushed(module, "train", _train(module, network, shuffle, batch))
    _flushed(module, "moments", _moments(module, network, shuffle, batch))
    _flushed(module, "record", _record(module, network, forward))
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


def _record(module: ir.Module, network: Network, forward: Value) -> Value:
    """`recorded`: each unit's values on all samples, then each output's behind its nonlinearity; a row for each."""
    c = Code(module, "samples", NAMES, 1)
    b, row, features = c.b, network.piece, network.widths[0]
    (count,) = c.integers
    units = sum(network.widths[1:])
    length = b.mul(b.sdiv(b.add(count, long(row - 1)), long(row)), long(row))
    with c.loop(0, count, row) as first:
        with c.loop(0, row) as n:
            place = b.add(first, n)
            sample = b.select(b.icmp_signed("<", place, count), place, first)
            put_in(c, network, sample, n)
        c.call(forward)
        with c.loop(0, row, LANES) as lane:
            column = c.at(c.at(c["recorded"], first), lane)
            with c.loop(0, units) as unit:
                value = c.load(c.at(c["units"], b.mul(b.add(unit, long(features)), long(row))), lane, FLOATS)
                c.store(value, column, b.mul(unit, length))
            for n, output in enumerate(outputs(c, network, lane)):
                c.store(output, column, b.mul(length, long(units + n)))
    return c.end()


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
    b = c.b
    with c.loop(0, network.piece) as n:
        place = b.add(first, n)
        counts = b.icmp_signed("<", place, stop)
        place = b.sext(c.load(c["place"], b.select(counts, place, first), INT), LONG)
        sample = b.sext(c.load(c["rows"], place, INT), LONG)
        c.store(c.load(c["label"], sample), c["batch_label"], n)
        c.store(b.select(counts, share, ir.Constant(FLOAT, 0.0)), c["share"], n)
        put_in(c, network, sample, n)


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
        product = c.variable(floats(0))
        with c.loop(0, network.length, LANES) as n:
            b.store(c.fma(c.load(c["weights"], n, FLOATS), floats(0), c.value(product)), product)
        total = b.extract_element(c.sums([c.value(product)]), ir.Constant(INT, 0))  # NaN if a weight is not finite
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
