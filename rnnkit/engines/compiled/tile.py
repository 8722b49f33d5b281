"""Small matrix products inside compiled code, at the speed of the processor's vector units.

A loop of numba's does not keep a block of the result in registers, and a call of BLAS costs more than a product of the
size 20 x 50 x 50. So one tile of the result, a few rows of a few vectors, is written here in LLVM's own terms, for any
processor that LLVM knows.
"""

from __future__ import annotations

from collections.abc import Callable

from llvmlite import binding, ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

LANES = 16  # floats in one vector, or 8 float64; LLVM makes two or four of it where the processor's are shorter
BYTES = 4 * LANES
ROWS = 5  # rows of a tile
# Vectors in a row of a tile: ROWS * VECTORS of them, and what is multiplied, must fit into the registers.
VECTORS = 4 if binding.get_host_cpu_features().get("avx512f") else 1

_I64 = ir.IntType(64)


def _make_tile(rows: int, vectors: int) -> Callable:
    """``C[:rows, :n] += A[:rows, :depth] @ B[:depth, :n]``, n that of the vectors; each as (array, begin, strides)."""

    @intrinsic
    def tile(typingctx, C, c0, c_row, A, a0, a_row, a_col, B, b0, b_row, depth):
        n = types.intp
        return types.void(C, n, n, A, n, n, n, B, n, n, n), generate

    def generate(context, builder, signature, values):
        number = signature.args[0].dtype
        size, lanes = number.bitwidth // 8, 8 * BYTES // number.bitwidth
        whole = ir.VectorType(context.get_value_type(number), lanes)

        def begin(i):
            array = context.make_array(signature.args[i])(context, builder, values[i])
            return builder.gep(array.data, [values[i + 1]])

        def vector_at(pointer, row, v):
            element = builder.gep(pointer, [builder.add(row, _I64(lanes * v))])
            return builder.bitcast(element, whole.as_pointer())

        def load(pointer):
            loaded = builder.load(pointer)
            loaded.align = size
            return loaded

        def spread(element):
            one = builder.insert_element(whole(ir.Undefined), element, ir.IntType(32)(0))
            return builder.shuffle_vector(one, whole(ir.Undefined), ir.VectorType(ir.IntType(32), lanes)([0] * lanes))

        c_row, a_row, a_col, b_row, depth = (values[i] for i in (2, 5, 6, 9, 10))
        C, A, B = begin(0), begin(3), begin(7)
        c_rows = [builder.mul(c_row, _I64(r)) for r in range(rows)]
        a_rows = [builder.mul(a_row, _I64(r)) for r in range(rows)]
        kind = ir.FunctionType(whole, [whole] * 3)
        multiply_add = cgutils.get_or_insert_function(builder.module, kind, f"llvm.fmuladd.v{lanes}f{number.bitwidth}")
        cells = [(r, v) for r in range(rows) for v in range(vectors)]
        sums = {cell: cgutils.alloca_once(builder, whole) for cell in cells}  # LLVM puts them into registers
        for cell in cells:
            builder.store(whole([0.0] * lanes), sums[cell])
        with cgutils.for_range(builder, depth) as loop:
            at_row, at_column = builder.mul(loop.index, b_row), builder.mul(loop.index, a_col)
            row = [load(vector_at(B, at_row, v)) for v in range(vectors)]
            for r in range(rows):
                factor = spread(builder.load(builder.gep(A, [builder.add(a_rows[r], at_column)])))
                for v in range(vectors):
                    added = builder.call(multiply_add, [factor, row[v], builder.load(sums[r, v])])
                    builder.store(added, sums[r, v])
        for r, v in cells:
            place = vector_at(C, c_rows[r], v)
            builder.store(builder.fadd(load(place), builder.load(sums[r, v])), place).align = size
        return context.get_dummy_value()

    return tile


_block, _narrow_block, _row, _narrow_row = (
    _make_tile(ROWS, VECTORS), _make_tile(ROWS, 1), _make_tile(1, VECTORS), _make_tile(1, 1),
)  # fmt: skip


@njit([f"void({', '.join(3 * [f'float{bits}[:, :]'])})" for bits in (32, 64)], cache=True, error_model="numpy")
def add_product(C, A, B):
    """``C += A @ B``, the sum over the inner index taken in its order, whatever the processor.

    Arguments:
        C: ``(m, n)`` float32 or float64, n a multiple of `LANES`, rows without gaps between their elements.
        A: ``(m, k)``, any strides: ``X.T`` will do.
        B: ``(k, n)``, rows without gaps between their elements.
    """
    size = C.itemsize
    lanes = BYTES // size
    c_row, a_row, a_col, b_row = C.strides[0] // size, A.strides[0] // size, A.strides[1] // size, B.strides[0] // size
    rows, depth, columns = A.shape[0], A.shape[1], C.shape[1]
    i = 0
    while i < rows:
        whole = i + ROWS <= rows
        j = 0
        while j < columns:
            wide = j + lanes * VECTORS <= columns
            c0, a0 = i * c_row + j, i * a_row
            if whole and wide:
                _block(C, c0, c_row, A, a0, a_row, a_col, B, j, b_row, depth)
            elif whole:
                _narrow_block(C, c0, c_row, A, a0, a_row, a_col, B, j, b_row, depth)
            elif wide:
                _row(C, c0, c_row, A, a0, a_row, a_col, B, j, b_row, depth)
            else:
                _narrow_row(C, c0, c_row, A, a0, a_row, a_col, B, j, b_row, depth)
            j += lanes * VECTORS if wide else lanes
        i += ROWS if whole else 1
