"""What kernels need of a processor and numba has no word for: eight bytes at once, a look ahead, a wide product.

Nothing here is checked: whoever calls stays inside the arrays.
"""

from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic


def _place(context: Any, builder: Any, array_type: Any, array: Any, at: Any) -> Any:
    """The address of element ``at`` of a contiguous array."""
    held = context.make_array(array_type)(context, builder, array)
    return cgutils.gep(builder, held.data, at)


def _is_index(array: Any, at: Any) -> bool:
    return isinstance(array, types.Array) and array.layout == "C" and isinstance(at, types.Integer)


def _word(_typing: Any, data: Any, at: Any) -> Any:
    """The eight bytes of a uint8 array from ``at`` on as one uint64, the first one lowest. All of them must exist."""
    if not _is_index(data, at):
        return None

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = _place(context, builder, signature.args[0], *args)
        return builder.load(builder.bitcast(place, ir.IntType(64).as_pointer()), align=1)

    return types.uint64(data, at), code


def _fetch(_typing: Any, array: Any, at: Any) -> Any:
    """Have element ``at`` of an array brought into the cache while the kernel goes on; any place is allowed."""
    if not _is_index(array, at):
        return None

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = builder.bitcast(_place(context, builder, signature.args[0], *args), ir.IntType(8).as_pointer())
        number = ir.IntType(32)
        do = builder.module.declare_intrinsic(
            "llvm.prefetch", [place.type], ir.FunctionType(ir.VoidType(), [place.type, number, number, number])
        )
        builder.call(do, [place, number(0), number(3), number(1)])
        return context.get_dummy_value()

    return types.none(array, at), code


def _folded(_typing: Any, a: Any, b: Any) -> Any:
    """Both halves of the 128-bit product of two uint64, one laid over the other: a uint64 that hangs on every bit."""
    if a != types.uint64 or b != types.uint64:
        return None

    def code(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        wide = ir.IntType(128)
        product = builder.mul(builder.zext(args[0], wide), builder.zext(args[1], wide))
        high = builder.lshr(product, wide(64))
        return builder.trunc(builder.xor(product, high), ir.IntType(64))

    return types.uint64(a, b), code


def _trailing(_typing: Any, bits: Any) -> Any:
    """How many zeros a uint64 other than 0 ends with."""
    if bits != types.uint64:
        return None

    def code(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.IntType(1)(1))

    return types.uint64(bits), code


def _put(_typing: Any, data: Any, at: Any, value: Any) -> Any:
    """Write a uint64 as eight bytes into a uint8 array from ``at`` on. All of them must exist."""
    if not _is_index(data, at) or value != types.uint64:
        return None

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = _place(context, builder, signature.args[0], args[0], args[1])
        builder.store(args[2], builder.bitcast(place, ir.IntType(64).as_pointer()), align=1)
        return context.get_dummy_value()

    return types.none(data, at, value), code


# Numba's own types take the first argument for one of the caller's.
word: Any = intrinsic(_word)
fetch: Any = intrinsic(_fetch)
folded: Any = intrinsic(_folded)
trailing: Any = intrinsic(_trailing)
put: Any = intrinsic(_put)

_compiled: Any = njit
"""Its types lack what is used here: with ``_nrt=False`` nobody counts who holds an array, which else costs two locked
operations a call and array; such kernels make no arrays."""
part = _compiled(nogil=True, _nrt=False, inline="always")
"""What the inmost loops do, written into them: a call with its arrays would cost as much as the part does."""
inner = _compiled(nogil=True, _nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)
"""Kernels that kernels alone call: without the doors for others they are compiled in half the time."""
kernel = _compiled(cache=True, nogil=True, _nrt=False)
"""Kernels that others call, too, and that make no arrays."""
