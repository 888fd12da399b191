"""Machine instructions that Numba does not offer: unaligned 64-bit loads, count of trailing zeros, prefetch.

None checks bounds: the caller guarantees that the bytes exist.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

_BITS = ir.IntType(64)


def _row_address(context: Any, builder: Any, array_type: Any, array: Any, row: Any) -> Any:
    """Generate the address of a row of an array."""
    struct = context.make_array(array_type)(context, builder, array)
    stride = builder.extract_value(struct.strides, 0)
    begin = builder.ptrtoint(struct.data, _BITS)
    return builder.inttoptr(builder.add(begin, builder.mul(stride, row)), _BITS.as_pointer())


@intrinsic
def eight_bytes(typing_context: Any, text: Any, at: Any) -> Any:
    """Return eight bytes of a uint8 array from ``at`` on as a big-endian uint64."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = _row_address(context, builder, signature.args[0], *arguments)
        return builder.bswap(builder.load(address, align=1))

    return types.uint64(text, types.uint64), generate


@intrinsic
def lowest_bit(typing_context: Any, word: Any) -> Any:
    """Return the index, uint64, of the lowest set bit of a nonzero uint64."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.uint64(types.uint64), generate


@intrinsic
def prefetch(typing_context: Any, array: Any, row: Any) -> Any:
    """Prefetch a row of an array into the cache."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = builder.bitcast(
            _row_address(context, builder, signature.args[0], *arguments), ir.IntType(8).as_pointer()
        )
        number = ir.IntType(32)
        instruction = builder.module.declare_intrinsic(
            "llvm.prefetch", [address.type], ir.FunctionType(ir.VoidType(), [address.type, number, number, number])
        )
        builder.call(instruction, [address, *(ir.Constant(number, each) for each in (0, 3, 1))])
        return context.get_dummy_value()

    return types.void(array, types.uint64), generate
