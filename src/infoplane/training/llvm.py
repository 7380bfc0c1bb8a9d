"""A few words for LLVM: functions over vectors of eight float32 numbers, compiled in memory.

What is written with them is exact: LLVM neither reorders nor joins the arithmetic that is spelled out here, sums of
lanes and fused multiply-adds included, so every processor gives the same bytes.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir

LANES = 8
FLOAT, INT, LONG, POINTER = ir.FloatType(), ir.IntType(32), ir.IntType(64), ir.PointerType()
FLOATS, INTS = ir.VectorType(FLOAT, LANES), ir.VectorType(INT, LANES)
Value = Any  # llvmlite has no types


class Code:
    """One function: of `memory`, an array of pointers, each under its name of `names`, and of some 64-bit integers."""

    def __init__(self, module: ir.Module, name: str, names: Sequence[str], integers: int = 0):
        kind = ir.FunctionType(ir.VoidType(), [POINTER, *[LONG] * integers])
        self.function = ir.Function(module, kind, name)
        self.function.attributes.add("noinline")
        self._entry = ir.IRBuilder(self.function.append_basic_block())
        self.b = ir.IRBuilder(self.function.append_basic_block())
        self.module, self.memory = module, self.function.args[0]
        self.integers: Sequence[Value] = self.function.args[1:]
        self.pointers = {name: self.load(self.memory, n, POINTER) for n, name in enumerate(names)}

    def __getitem__(self, name: str) -> Value:
        """One of the pointers."""
        return self.pointers[name]

    def end(self) -> Value:
        """The function, which is complete."""
        self.b.ret_void()
        self._entry.branch(self.function.blocks[1])
        return self.function

    def call(self, function: Value, *arguments: Value) -> None:
        """Call another function on the same memory."""
        self.b.call(function, [self.memory, *(long(a) for a in arguments)])

    @contextmanager
    def loop(self, start: Value | int, stop: Value | int, step: int = 1) -> Iterator[Value]:
        """What is written within it runs for start, start + step, ... below `stop`."""
        index = self.variable(long(start))
        head, body, after = (self.function.append_basic_block() for _ in range(3))
        self.b.branch(head)
        self.b.position_at_end(head)
        here = self.value(index)
        self.b.cbranch(self.b.icmp_signed("<", here, long(stop)), body, after)
        self.b.position_at_end(body)
        yield here
        self.b.store(self.b.add(here, long(step)), index)
        self.b.branch(head)
        self.b.position_at_end(after)

    def variable(self, value: Value) -> Value:
        """A place for a value that loops change: `b.store(value, place)`."""
        place = self._entry.alloca(value.type)
        self.b.store(value, place)
        return place

    def value(self, place: Value) -> Value:
        """What a variable holds."""
        return self.b.load(place, typ=place.allocated_type)

    def at(self, pointer: Value, number: Value | int, kind: Value = FLOAT) -> Value:
        """The address of an element."""
        return self.b.gep(pointer, [long(number)], source_etype=kind)

    def load(self, pointer: Value, number: Value | int = 0, kind: Value = FLOAT) -> Value:
        """What begins at an element: one of `kind`, which may be a vector of such elements."""
        return self.b.load(self.at(pointer, number, _element(kind)), typ=kind, align=8 if kind is POINTER else 4)

    def store(self, value: Value, pointer: Value, number: Value | int = 0) -> None:
        """Write a number, or a vector, from an element on."""
        self.b.store(value, self.at(pointer, number, _element(value.type)), align=4)

    def all(self, value: Value) -> Value:
        """A vector of one number in all lanes."""
        kind = ir.VectorType(value.type, LANES)
        first = self.b.insert_element(ir.Constant(kind, ir.Undefined), value, ir.Constant(INT, 0))
        return self.lanes(first, first, [0] * LANES)

    def lanes(self, a: Value, b: Value, order: Sequence[int]) -> Value:
        """A vector of these of the lanes of `a`, then `b`."""
        return self.b.shuffle_vector(a, b, ir.Constant(ir.VectorType(INT, len(order)), order))

    def fma(self, a: Value, b: Value, c: Value) -> Value:
        """a * b + c, rounded once."""
        return self.b.call(self._intrinsic("llvm.fma.v8f32", FLOATS, 3), [a, b, c])

    def absolute(self, x: Value) -> Value:
        """Absolute value."""
        return self.b.call(self._intrinsic("llvm.fabs.v8f32", FLOATS, 1), [x])

    def _intrinsic(self, name: str, kind: Value, count: int) -> Value:
        found = self.module.globals.get(name)
        return found or ir.Function(self.module, ir.FunctionType(kind, [kind] * count), name)

    def at_most(self, x: Value, limit: Value) -> Value:
        """The smaller number; NaN stays NaN."""
        return self.b.select(self.b.fcmp_ordered(">", x, limit), limit, x)

    def at_least(self, x: Value, limit: Value) -> Value:
        """The larger number; NaN stays NaN."""
        return self.b.select(self.b.fcmp_ordered("<", x, limit), limit, x)

    def horner(self, x: Value, coefficients: Sequence[float]) -> Value:
        """A polynomial, the constant first."""
        total = floats(coefficients[-1])
        for coefficient in reversed(coefficients[:-1]):
            total = self.fma(total, x, floats(coefficient))
        return total

    def sums(self, vectors: Sequence[Value]) -> Value:
        """The sums over the lanes of up to four vectors, side by side; 0 beyond."""
        four = [*vectors, *[floats(0)] * (4 - len(vectors))]
        low, high = [0, 8, 1, 9, 4, 12, 5, 13], [2, 10, 3, 11, 6, 14, 7, 15]
        halves = [self._joined(a, b, low, high) for a, b in (four[:2], four[2:])]
        both = self._joined(halves[0], halves[1], [0, 1, 8, 9, 4, 5, 12, 13], [2, 3, 10, 11, 6, 7, 14, 15])
        return self._joined(both, both, [0, 1, 2, 3], [4, 5, 6, 7])

    def _joined(self, a: Value, b: Value, one: Sequence[int], other: Sequence[int]) -> Value:
        return self.b.fadd(self.lanes(a, b, one), self.lanes(a, b, other))


def floats(number: float) -> Value:
    """A vector constant."""
    return ir.Constant(FLOATS, [float(np.float32(number))] * LANES)


def ints(number: int) -> Value:
    """A vector constant of 32-bit words."""
    return ir.Constant(INTS, [number & 0xFFFFFFFF] * LANES)


COUNT = ir.Constant(INTS, list(range(LANES)))  # 0, 1, 2, ...


def processor() -> tuple[str, str]:
    """What this processor is, in LLVM's words, and what it can do."""
    return llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()


class Program:
    """The compiled functions of a module, whose memory is `names`; `program(name, arrays, *integers)` runs one."""

    def __init__(self, module: ir.Module, names: Sequence[str]):
        self._names = names
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        parsed = llvm.parse_assembly(str(module))
        parsed.verify()
        cpu, features = processor()
        target = llvm.Target.from_default_triple()
        machine = target.create_target_machine(cpu=cpu, features=features, opt=2, jit=True)
        _shorten(parsed, machine)
        self._engine = llvm.create_mcjit_compiler(parsed, machine)
        self._engine.finalize_object()

    def __call__(self, name: str, arrays: Mapping[str, np.ndarray], *integers: int) -> None:
        """Run a function on the memory of `arrays`, C-contiguous; it must not touch one that is not given."""
        pointers = [arrays[n].ctypes.data if n in arrays else None for n in self._names]
        memory = (ctypes.c_void_p * len(pointers))(*pointers)
        kind = ctypes.CFUNCTYPE(None, ctypes.c_void_p, *[ctypes.c_int64] * len(integers))
        kind(self._engine.get_function_address(name))(memory, *integers)


def _shorten(module: Any, machine: Any) -> None:
    """Make registers of variables and shorten what is plain: of LLVM's passes no others.

    They would keep what a loop reads in registers that there are not.
    """
    builder = llvm.create_pass_builder(machine, llvm.PipelineTuningOptions())
    passes = llvm.create_new_function_pass_manager()
    passes.add_sroa_pass()
    passes.add_simplify_cfg_pass()
    passes.add_instruction_combine_pass()
    passes.add_loop_rotate_pass()
    for function in module.functions:
        if not function.is_declaration:
            passes.run(function, builder)


def long(number: Value | int) -> Value:
    """A constant of 64 bits; a value is what it is."""
    return ir.Constant(LONG, number) if isinstance(number, int) else number


def _element(kind: Value) -> Value:
    return kind.element if isinstance(kind, ir.VectorType) else kind
