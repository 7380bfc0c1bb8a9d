"""Nonlinearities, written out for vectors of eight float32 numbers; each within float32 rounding of Keras's own."""

from __future__ import annotations

from collections.abc import Callable
from math import log
from typing import NamedTuple

from infoplane.training.llvm import INTS, Code, Value, floats, ints
from infoplane.training.network import TANH_DENOMINATOR, TANH_LIMIT, TANH_NUMERATOR

# exp(r) = 1 + r + r² P(r) for |r| <= log(2) / 2 [Moshier, Cephes, expf], and log(2) in two parts.
EXP = (5.0000001201e-1, 1.6666665459e-1, 4.1665795894e-2, 8.3334519073e-3, 1.3981999507e-3, 1.9875691500e-4)
LOG_2 = (0.693359375, -2.12194440e-4)
SMALLEST, LARGEST = -87.3, 88.3  # of the exponents: float32 has no more
ATANH = tuple(2 / n for n in range(1, 15, 2))  # 2 atanh(t) = t (2 + 2/3 t² + ...), for t up to 1/3


def _exponential(c: Code, x: Value) -> tuple[Value, Value]:
    """2^k and exp(r) - 1 for x = k log(2) + r."""
    b = c.b
    x = c.at_least(c.at_most(x, floats(LARGEST)), floats(SMALLEST))
    number = b.select(b.fcmp_ordered("ord", x, x), x, floats(0))  # NaN has no k
    k = b.fptosi(c.fma(number, floats(1 / log(2)), floats(127.5)), INTS)  # rounded, and 127 more
    power = b.bitcast(b.shl(k, ints(23)), x.type)
    k = b.sitofp(b.sub(k, ints(127)), x.type)
    r = c.fma(k, floats(-LOG_2[1]), c.fma(k, floats(-LOG_2[0]), x))
    return power, c.fma(b.fmul(r, r), c.horner(r, EXP), r)


def exp(c: Code, x: Value) -> Value:
    """exp(x), of x within -87.3 and 88.3."""
    power, rest = _exponential(c, x)
    return c.fma(power, rest, power)


def tanh(c: Code, x: Value) -> Value:
    """Hyperbolic tangent, the same rational function as `network.tanh`."""
    x = c.at_least(c.at_most(x, floats(TANH_LIMIT)), floats(-TANH_LIMIT))
    square = c.b.fmul(x, x)
    numerator = c.b.fmul(x, c.horner(square, TANH_NUMERATOR))
    return c.b.fdiv(numerator, c.horner(square, TANH_DENOMINATOR))


def sigmoid(c: Code, x: Value) -> Value:
    """1 / (1 + exp(-x))."""
    return c.b.fdiv(floats(1), c.b.fadd(floats(1), exp(c, c.b.fneg(x))))


def softplus(c: Code, x: Value) -> Value:
    """log(1 + exp(x)) = max(x, 0) + 2 atanh(u / (2 + u)), u = exp(-|x|)."""
    u = exp(c, c.b.fneg(c.absolute(x)))
    t = c.b.fdiv(u, c.b.fadd(u, floats(2)))
    return c.fma(t, c.horner(c.b.fmul(t, t), ATANH), c.at_least(x, floats(0)))


def _softplus_slope(c: Code, y: Value) -> Value:
    """1 - exp(-y)."""
    power, rest = _exponential(c, c.b.fneg(y))
    return c.b.fneg(c.fma(power, rest, c.b.fsub(power, floats(1))))


def _softsign_slope(c: Code, y: Value) -> Value:
    rest = c.b.fsub(floats(1), c.absolute(y))
    return c.b.fmul(rest, rest)


class Nonlinearity(NamedTuple):
    """An activation, and its slope as a function of its value."""

    value: Callable[[Code, Value], Value]
    slope: Callable[[Code, Value], Value]


def _one_less_square(c: Code, y: Value) -> Value:
    return c.b.fsub(floats(1), c.b.fmul(y, y))


def _positive(c: Code, y: Value) -> Value:
    return c.b.select(c.b.fcmp_ordered(">", y, floats(0)), floats(1), floats(0))


NONLINEARITIES = {
    "linear": Nonlinearity(lambda c, x: x, lambda c, y: floats(1)),
    "relu": Nonlinearity(lambda c, x: c.at_least(x, floats(0)), _positive),
    "sigmoid": Nonlinearity(sigmoid, lambda c, y: c.b.fmul(y, c.b.fsub(floats(1), y))),
    "softplus": Nonlinearity(softplus, _softplus_slope),
    "softsign": Nonlinearity(lambda c, x: c.b.fdiv(x, c.b.fadd(floats(1), c.absolute(x))), _softsign_slope),
    "tanh": Nonlinearity(tanh, _one_less_square),
}
