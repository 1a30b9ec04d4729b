"""Tests of the rounding to 8 bits: by hand, on tiny models that onnxruntime runs, and on the real one."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from rag.int8 import STEPS, _messages, quantised, rounded

REAL = ROOT.parent / "shared" / "models" / "all-MiniLM-L6-v2" / "onnx" / "model.onnx"
MATRICES = arrays(np.float32, (3, 2), elements=st.floats(-8, 8, width=32))
SQUARES = arrays(np.float32, (3, 3), elements=st.floats(-8, 8, width=32))
ROUNDED = ["DynamicQuantizeLinear", "MatMulInteger", "Cast", "Mul", "Mul"]


def number(field: int, value: int) -> bytes:
    """Return a number below 128 as protobuf writes it."""
    return bytes([field << 3, value])


def part(field: int, content: bytes | str) -> bytes:
    """Return a text or a message of less than 16,384 bytes as protobuf writes it."""
    data = content.encode() if isinstance(content, str) else content
    return bytes([field << 3 | 2, len(data) & 127 | 128, len(data) >> 7]) + data


def node(operator: str, *names: str) -> bytes:
    """Return an operator with its inputs and, last, its output."""
    inputs = b"".join(part(1, name) for name in names[:-1])
    return part(1, inputs + part(2, names[-1]) + part(4, operator))


def tensor(name: str, values: NDArray[np.float32]) -> bytes:
    """Return what is stored under a name."""
    sizes = b"".join(number(1, size) for size in values.shape)
    return part(5, sizes + number(2, 1) + part(8, name) + part(9, values.astype("<f4").tobytes()))


def value(field: int, name: str, columns: int) -> bytes:
    """Return an input or output with any number of rows."""
    shape = part(1, part(2, "rows")) + part(1, number(1, columns))
    return part(field, part(1, name) + part(2, part(1, number(1, 1) + part(2, shape))))


def model(nodes: bytes, tensors: bytes, columns: int) -> bytes:
    """Return a whole model from x, of three columns, to y; all in ONNX's own form, without its package."""
    graph = nodes + part(2, "tiny") + tensors + value(11, "x", 3) + value(12, "y", columns)
    return number(1, 8) + part(7, graph) + part(8, number(2, 17))


def run(made: bytes, x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what onnxruntime makes of x."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(made, options, providers=["CPUExecutionProvider"])
    result: NDArray[np.float32] = session.run(None, {"x": x})[0]
    return result


def product(x: NDArray[np.float32], weights: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the product without BLAS, whose float32 kernels raise floating point flags of their own."""
    return np.einsum("ij,jk->ik", x.astype(float), weights.astype(float))


def operators(made: bytes) -> list[str]:
    return [one.op_type for one in _messages()["Model"].FromString(made).graph.node]


def test_rounding_by_hand() -> None:
    """A column whose largest number is 6.4 has steps of .1; a column of zeros stays."""
    steps, size = rounded(np.array([[6.4, 0.0], [-0.32, 0.0], [0.04, 0.0]], dtype=np.float32))
    assert steps.tolist() == [[64, 0], [-3, 0], [0, 0]]
    assert size[0] == np.float32(0.1)


@given(MATRICES)
def test_rounding_is_off_by_half_a_step_at_most(weights: NDArray[np.float32]) -> None:
    """Whole steps within the limits, none further from its number than half a step."""
    steps, size = rounded(weights)
    assert np.abs(steps).max() <= STEPS
    assert (np.abs(steps * size - weights) <= size * 0.501).all()


@given(SQUARES, arrays(np.float32, (4, 3), elements=st.floats(-4, 4, width=32)))
def test_a_product(weights: NDArray[np.float32], x: NDArray[np.float32]) -> None:
    """It is what it was, to half a step of either factor; and what is no product with a matrix is left alone."""
    nodes = node("MatMul", "x", "w", "z") + node("Add", "z", "b", "y")
    whole = model(nodes, tensor("w", weights) + tensor("b", np.float32([1, 2, 3])), 3)
    wanted = np.add(product(x, weights), [1, 2, 3])
    assert np.allclose(run(whole, x), wanted, atol=1e-4)
    made = quantised(whole)
    assert operators(made) == [*ROUNDED, "Add"]
    _, size = rounded(weights)
    step = (max(x.max(), 0) - min(x.min(), 0)) / 255
    error = 3 * (np.abs(x).max() * size / 2 + step * (np.abs(weights).max() + size))
    assert (np.abs(run(made, x) - wanted) <= error + 1e-4).all()


@given(MATRICES, arrays(np.float32, (4, 3), elements=st.floats(-4, 4, width=32)), st.floats(1, 1e4))
def test_a_product_by_row(weights: NDArray[np.float32], x: NDArray[np.float32], huge: float) -> None:
    """Where a matrix has more rows than columns, a row of very large numbers takes nothing from the others."""
    whole = model(node("MatMul", "x", "w", "y"), tensor("w", weights), 2)
    made = quantised(whole)
    assert operators(made) == ["Abs", "ReduceMax", "Max", "Div", *ROUNDED, "Mul"]
    x[0] *= np.float32(huge)
    x[1] = 0
    _, size = rounded(weights)
    largest = np.abs(x).max(axis=1, keepdims=True)
    error = 3 * largest * (size / 2 + 2 / 255 * (np.abs(weights).max() + size))
    found = run(made, x)
    assert (np.abs(found - product(x, weights)) <= error + 1e-4 * np.maximum(largest, 1)).all()
    assert not found[1].any()


def test_an_input_is_rounded_once() -> None:
    """Two products of one input share its rounding, and two that share a matrix share its steps."""
    nodes = node("MatMul", "x", "w", "a") + node("MatMul", "x", "v", "b") + node("Add", "a", "b", "c")
    nodes += node("MatMul", "c", "w", "y")
    eye = np.eye(3, dtype=np.float32)
    made = quantised(model(nodes, tensor("w", eye) + tensor("v", 2 * eye), 3))
    assert operators(made).count("DynamicQuantizeLinear") == 2
    names = [one.name for one in _messages()["Model"].FromString(made).graph.initializer]
    assert sorted(names) == ["v/q", "v/step", "w/q", "w/step"]
    assert np.allclose(run(made, eye), 3 * eye, atol=0.05)


def test_an_input_of_both_kinds_of_product() -> None:
    """One input may be rounded as a whole for one matrix and by row for two others."""
    narrow = np.ones((3, 1), dtype=np.float32)
    nodes = node("MatMul", "x", "n", "a") + node("MatMul", "x", "w", "b") + node("MatMul", "x", "n", "c")
    nodes += node("Add", "a", "b", "d") + node("Add", "d", "c", "y")
    made = quantised(model(nodes, tensor("w", np.eye(3, dtype=np.float32)) + tensor("n", narrow), 3))
    assert (operators(made).count("DynamicQuantizeLinear"), operators(made).count("Div")) == (2, 1)
    x = np.float32([[1, 2, 3], [-3, 0, 1]])
    assert np.allclose(run(made, x), x + 2 * x.sum(axis=1, keepdims=True), atol=0.2)


def test_nothing_overflows_in_16_bits() -> None:
    """What CPUs without VNNI add up, two products of the largest numbers, fits."""
    assert 2 * 255 * STEPS < 2**15


def test_a_model_without_a_matrix_stays() -> None:
    """A product of two inputs, and a matrix that is only added, are left as they are."""
    nodes = node("MatMul", "x", "x", "z") + node("Add", "z", "w", "y")
    whole = model(nodes, tensor("w", np.ones((3, 3), dtype=np.float32)), 3)
    assert operators(quantised(whole)) == ["MatMul", "Add"]
    x = np.arange(9, dtype=np.float32).reshape(3, 3)
    assert np.array_equal(run(quantised(whole), x), run(whole, x))


@pytest.mark.skipif(not REAL.is_file(), reason="the model's files are not here")
def test_the_real_model() -> None:
    """Of its 48 products the 36 with a weight matrix are of 8 bits, and the order of work is kept."""
    whole = REAL.read_bytes()
    made = quantised(whole)
    assert len(made) < 0.7 * len(whole)
    count = {name: operators(made).count(name) for name in ("MatMul", "MatMulInteger", "DynamicQuantizeLinear")}
    assert count == {"MatMul": 12, "MatMulInteger": 36, "DynamicQuantizeLinear": 24}
    kept = [name for name in operators(whole) if name != "MatMul"]
    added = {"MatMul", "MatMulInteger", "DynamicQuantizeLinear"}
    places = iter(name for name in operators(made) if name not in added)
    assert all(name in places for name in kept)
