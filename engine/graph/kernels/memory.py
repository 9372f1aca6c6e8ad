"""Columns by address: kernels that go over many segments in one call take a table of addresses, not arrays.

Whoever makes such a table keeps the arrays alive as long as it. Nothing here checks bounds.
"""

from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

_READ, _KEEP, _DATA = 0, 3, 1
"""What ``llvm.prefetch`` is told: for reading, to stay in every cache, data."""


def _loader(bits: int, signed: bool) -> Any:
    def load(typing_context, address, index):
        def emit(context, builder, signature, args):
            pointer = builder.inttoptr(args[0], ir.IntType(bits).as_pointer())
            value = builder.load(builder.gep(pointer, [args[1]]))
            value.align = 1
            if bits < 64:
                widen = builder.sext if signed else builder.zext
                value = widen(value, ir.IntType(64))
            return value

        return types.int64(types.int64, types.int64), emit

    return intrinsic(load)


int64_at, int32_at, int16_at = _loader(64, True), _loader(32, True), _loader(16, True)
"""The element ``index`` of the column at ``address``, as int64."""
uint16_at, uint8_at = _loader(16, False), _loader(8, False)


def _prefetch(typing_context, address):
    """Ask for the cache line at ``address``: later loads of it, if there are enough others meanwhile, do not wait."""

    def emit(context, builder, signature, args):
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        call = builder.module.declare_intrinsic("llvm.prefetch", [byte], kind)
        builder.call(call, [builder.inttoptr(args[0], byte), number(_READ), number(_KEEP), number(_DATA)])
        return context.get_dummy_value()

    return types.void(types.int64), emit


def _float64_at(typing_context, address, index):
    """The element ``index`` of the float64 column at ``address``."""

    def emit(context, builder, signature, args):
        pointer = builder.inttoptr(args[0], ir.DoubleType().as_pointer())
        value = builder.load(builder.gep(pointer, [args[1]]))
        value.align = 1
        return value

    return types.float64(types.int64, types.int64), emit


def _ones(typing_context, word):
    """How many bits of an int64 are set."""

    def emit(context, builder, signature, args):
        return builder.ctpop(args[0])

    return types.int64(types.int64), emit


prefetch: Any = intrinsic(_prefetch)
float64_at: Any = intrinsic(_float64_at)
ones: Any = intrinsic(_ones)

_compiled: Any = njit
"""Its types lack ``_nrt``: without it nobody counts who holds an array, which costs two locked operations a call."""
lean = _compiled(cache=True, nogil=True, _nrt=False)
"""Kernels that make no arrays, for Python and for kernels; :data:`engine.kernels.memory.inner`: for kernels alone."""
