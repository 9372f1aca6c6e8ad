"""Columns by address: kernels that go over many segments in one call take a table of addresses, not arrays.

Whoever makes such a table keeps the arrays alive as long as it. Nothing here checks bounds.
"""

from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

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


def _storer(bits: int) -> Any:
    def store(typing_context, address, index, value):
        def emit(context, builder, signature, args):
            kind = ir.IntType(bits)
            number = builder.trunc(args[2], kind) if bits < 64 else args[2]
            pointer = builder.inttoptr(args[0], kind.as_pointer())
            builder.store(number, builder.gep(pointer, [args[1]]), align=1)
            return context.get_dummy_value()

        return types.void(types.int64, types.int64, types.int64), emit

    return intrinsic(store)


put_int64, put_int32, put_int16, put_uint8 = _storer(64), _storer(32), _storer(16), _storer(8)
"""Write the low bits of an int64 as element ``index`` of the column at ``address``."""


def _put_float64(typing_context, address, index, value):
    """Write the element ``index`` of the float64 column at ``address``."""

    def emit(context, builder, signature, args):
        pointer = builder.inttoptr(args[0], ir.DoubleType().as_pointer())
        builder.store(args[2], builder.gep(pointer, [args[1]]), align=1)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.float64), emit


def _viewer(dtype: Any, dimensions: int) -> Any:
    kind = types.Array(dtype, dimensions, "C")

    def made(context, builder, args):
        column = context.make_array(kind)(context, builder)
        size = context.get_abi_sizeof(context.get_data_type(dtype))
        strides = [context.get_constant(types.intp, size)]
        for count in args[:1:-1]:
            strides.insert(0, builder.mul(strides[0], count))
        data = builder.inttoptr(args[0], column.data.type)
        size = context.get_constant(types.intp, size)
        populate_array(column, data, list(args[1:]), strides, size, None)
        return column._getvalue()

    def rows(typing_context, address, count):
        signature = kind(types.int64, types.int64)
        return signature, lambda context, builder, _, args: made(context, builder, args)

    def table(typing_context, address, count, width):
        signature = kind(types.int64, types.int64, types.int64)
        return signature, lambda context, builder, _, args: made(context, builder, args)

    return intrinsic(rows if dimensions == 1 else table)


ints_at, reals_at = _viewer(types.int64, 1), _viewer(types.float64, 1)
"""So many int64, or float64, at an address, as an array (that holds nothing)."""
int_rows_at, real_rows_at = _viewer(types.int64, 2), _viewer(types.float64, 2)
"""So many rows of so many."""


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
put_float64: Any = intrinsic(_put_float64)
ones: Any = intrinsic(_ones)

_compiled: Any = njit
"""Its types lack ``_nrt``: without it nobody counts who holds an array, which costs two locked operations a call."""
lean = _compiled(cache=True, nogil=True, _nrt=False)
"""Kernels that make no arrays, for Python and for kernels; :data:`engine.kernels.memory.inner`: for kernels alone."""
