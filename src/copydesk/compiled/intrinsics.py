"""What Numba does not offer and the machine does: eight bytes read at once, the lowest bit set, memory asked for early.

Each is one instruction. Nothing checks bounds here: who calls must know that the bytes are there.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

_BITS = ir.IntType(64)


def _place(context: Any, builder: Any, array_type: Any, array: Any, at: Any) -> Any:
    """Return the address of a row of an array."""
    made = context.make_array(array_type)(context, builder, array)
    stride = builder.extract_value(made.strides, 0)
    begin = builder.ptrtoint(made.data, _BITS)
    return builder.inttoptr(builder.add(begin, builder.mul(stride, at)), _BITS.as_pointer())


@intrinsic
def eight_bytes(typing_context: Any, text: Any, at: Any) -> Any:
    """Return the eight bytes from a place of a uint8 array, the first one highest, as uint64."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = _place(context, builder, signature.args[0], *arguments)
        return builder.bswap(builder.load(place, align=1))

    return types.uint64(text, types.uint64), generate


@intrinsic
def lowest_bit(typing_context: Any, word: Any) -> Any:
    """Return the number of the lowest bit that is set in a uint64 that is not 0, as uint64."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.uint64(types.uint64), generate


@intrinsic
def ask_for(typing_context: Any, array: Any, row: Any) -> Any:
    """Have a row of an array brought into the cache while other work goes on."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = builder.bitcast(_place(context, builder, signature.args[0], *arguments), ir.IntType(8).as_pointer())
        number = ir.IntType(32)
        prefetch = builder.module.declare_intrinsic(
            "llvm.prefetch", [place.type], ir.FunctionType(ir.VoidType(), [place.type, number, number, number])
        )
        builder.call(prefetch, [place, *(ir.Constant(number, each) for each in (0, 3, 1))])
        return context.get_dummy_value()

    return types.void(array, types.uint64), generate
