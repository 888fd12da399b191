"""Machine operations that Numba has no word for, each a few lines of LLVM.

LLVM turns them into what the processor has (AVX-512, AVX2, NEON, ...); nothing here is tied to one. All read or write
arrays without bounds checks: callers leave :data:`PADDING` bytes after the last one that counts.
"""

from __future__ import annotations

import sys
from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

if sys.byteorder != "little":  # hashes are made of eight bytes loaded as one number
    raise ImportError("copydesk.features needs a little-endian machine")

PADDING = 64  # bytes that may be read past the end of a text buffer

kernel = njit(cache=True, nogil=True, error_model="numpy")
inlined = njit(cache=True, nogil=True, error_model="numpy", forceinline=True)

_BYTE, _I32, _I64, _I128 = (ir.IntType(bits) for bits in (8, 32, 64, 128))
_BLOCK = ir.VectorType(_BYTE, 64)


def _pointer(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    array = context.make_array(signature.args[0])(context, builder, args[0])
    return builder.gep(array.data, [args[1]])


def _splat(value: int) -> Any:
    return ir.Constant(_BLOCK, [value] * 64)


def _load_block(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    pointer = _pointer(context, builder, signature, args)
    block = builder.load(builder.bitcast(pointer, _BLOCK.as_pointer()))
    block.align = 1
    return block


def _in_range(builder: Any, block: Any, first: str, count: int) -> Any:
    return builder.icmp_unsigned("<", builder.sub(block, _splat(ord(first))), _splat(count))


@intrinsic
def load_u64(typing: Any, array: Any, offset: Any) -> Any:
    """``load_u64(bytes, offset)``: the eight bytes from ``offset`` on as a uint64, at any alignment."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = _pointer(context, builder, signature, args)
        value = builder.load(builder.bitcast(pointer, _I64.as_pointer()))
        value.align = 1
        return value

    return types.uint64(array, types.int64), codegen


@intrinsic
def store_u64(typing: Any, array: Any, offset: Any, value: Any) -> Any:
    """``store_u64(bytes, offset, value)``: write eight bytes, at any alignment."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = _pointer(context, builder, signature, args)
        builder.store(args[2], builder.bitcast(pointer, _I64.as_pointer())).align = 1
        return context.get_dummy_value()

    return types.void(array, types.int64, types.uint64), codegen


@intrinsic
def prefetch(typing: Any, array: Any, index: Any) -> Any:
    """``prefetch(array, index)``: ask for the cache line of an element that is needed soon."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = builder.bitcast(_pointer(context, builder, signature, args), _BYTE.as_pointer())
        function_type = ir.FunctionType(ir.VoidType(), [_BYTE.as_pointer(), _I32, _I32, _I32])
        function = builder.module.globals.get("llvm.prefetch.p0")
        if function is None:
            function = ir.Function(builder.module, function_type, name="llvm.prefetch.p0")
        builder.call(function, [pointer, _I32(0), _I32(3), _I32(1)])
        return context.get_dummy_value()

    return types.void(array, types.int64), codegen


@intrinsic
def fold(typing: Any, a: Any, b: Any) -> Any:
    """``fold(a, b)``: the 128-bit product of two uint64, high half XOR low half.

    The mixing step of wyhash (Wang Yi, https://github.com/wangyi-fudan/wyhash): one multiplication.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        product = builder.mul(builder.zext(args[0], _I128), builder.zext(args[1], _I128))
        high = builder.trunc(builder.lshr(product, ir.Constant(_I128, 64)), _I64)
        return builder.xor(builder.trunc(product, _I64), high)

    return types.uint64(types.uint64, types.uint64), codegen


@intrinsic
def lowest_bit(typing: Any, value: Any) -> Any:
    """``lowest_bit(value)``: the position of the lowest set bit of a uint64; 64 if none is set."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.uint64), codegen


@intrinsic
def word_bits(typing: Any, array: Any, offset: Any) -> Any:
    """``word_bits(bytes, offset)``: which of 64 bytes are ASCII letters, digits or underscores, a bit each."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        block = _load_block(context, builder, signature, args)
        letters = _in_range(builder, builder.or_(block, _splat(0x20)), "a", 26)
        digits = _in_range(builder, block, "0", 10)
        underscores = builder.icmp_unsigned("==", block, _splat(ord("_")))
        return builder.bitcast(builder.or_(builder.or_(letters, digits), underscores), _I64)

    return types.uint64(array, types.int64), codegen


@intrinsic
def space_bits(typing: Any, array: Any, offset: Any) -> Any:
    """``space_bits(bytes, offset)``: which of 64 bytes are ASCII whitespace (``str.isspace``), a bit each."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        block = _load_block(context, builder, signature, args)
        line_breaks = _in_range(builder, block, "\t", 5)
        separators = _in_range(builder, block, "\x1c", 5)
        return builder.bitcast(builder.or_(line_breaks, separators), _I64)

    return types.uint64(array, types.int64), codegen


@intrinsic
def wide_bits(typing: Any, array: Any, offset: Any) -> Any:
    """``wide_bits(bytes, offset)``: which of 64 bytes belong to characters beyond ASCII, a bit each."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        block = _load_block(context, builder, signature, args)
        return builder.bitcast(builder.icmp_signed("<", block, _splat(0)), _I64)

    return types.uint64(array, types.int64), codegen
