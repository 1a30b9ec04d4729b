"""An ONNX model with its weight matrices in 8 bits instead of 32, made in memory; running it is left to `minilm.py`.

onnxruntime's own quantiser needs the package `onnx`; what is changed here is little enough to be said outright.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["quantised", "rounded"]

STEPS = 64
"""A weight is -64 to 64 steps. CPUs without VNNI add two products in 16 bits: 2 * 255 * 64 is within 2 ** 15, so that
nothing overflows and vectors are the same on every machine (`reduce_range` in onnxruntime)."""
LEAST = STEPS * float(np.finfo(np.float32).tiny)
"""A column whose largest number is below has no steps that a float can hold: it is all zeros."""
TINY, SMALLEST = "paperchat/tiny", 1e-9
"""What a row of zeros is divided by: its name and its value."""
FLOAT, INT8 = 1, 3
"""Types of a tensor in onnx.proto."""
INT, INTS = 2, 7
"""Types of an attribute in onnx.proto."""
FIELDS = {
    "Model": [("graph", 7, "Graph")],
    "Graph": [("node", 1, "*Node"), ("initializer", 5, "*Tensor")],
    "Node": [
        ("input", 1, "*"),
        ("output", 2, "*"),
        ("name", 3, ""),
        ("op_type", 4, ""),
        ("attribute", 5, "*Attribute"),
    ],
    "Attribute": [("name", 1, ""), ("i", 3, "int"), ("ints", 8, "*int"), ("type", 20, "int")],
    "Tensor": [("dims", 1, "*int"), ("data_type", 2, "int"), ("name", 8, ""), ("raw_data", 9, "bytes")],
}
"""What is touched of onnx.proto (IR version 8), as name, number and type; protobuf keeps the rest as it is."""


def rounded(weights: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return a matrix in whole steps, and the size of a step for each column: their product is nearly the matrix."""
    largest = np.abs(weights).max(axis=0)
    steps = np.asarray(np.where(largest > LEAST, largest, 1) / STEPS, dtype=np.float32)
    return np.rint(weights / steps).astype(np.int8), steps


def quantised(model: bytes) -> bytes:
    """Return an ONNX model in which each product with a weight matrix is one of 8-bit numbers.

    The other factor is rounded as it comes, to 256 steps between its least and its greatest number (dynamic
    quantisation), so that what comes of a text depends on others in its batch: run one text at a time. Where a matrix
    has more rows than columns, which is where a transformer has a few very large numbers, each row of the other factor
    is divided by its largest first: half of what rounding costs was lost there.
    """
    whole = _messages()["Model"].FromString(model)
    stored = whole.graph.initializer
    shapes = {tensor.name: tuple(tensor.dims) for tensor in stored if len(tensor.dims) == 2}
    used: set[str] = set()
    known: set[str] = set()
    nodes: list[Any] = []
    for node in whole.graph.node:
        if node.op_type == "MatMul" and node.input[1] in shapes:
            rows, columns = shapes[node.input[1]]
            nodes += (_product_by_row if rows > columns else _product)(node, known)
            used.add(node.input[1])
        else:
            nodes.append(node)
    whole.graph.ClearField("node")
    whole.graph.node.extend(nodes)
    # what stays is not copied: the table of words is half of the model
    for index in reversed(range(len(stored))):
        if stored[index].name in used:
            stored.extend(_in_steps(stored[index]))
            del stored[index]
    if any(TINY in node.input for node in nodes):
        stored.append(_messages()["Tensor"](name=TINY, data_type=FLOAT, raw_data=np.float32(SMALLEST).tobytes()))
    return bytes(whole.SerializeToString())


def _product(node: Any, known: set[str]) -> Iterator[Any]:  # noqa: ANN401
    """Yield what takes the place of one product: round, multiply, scale; what is `known` was made already."""
    entry, weight = node.input
    result = node.output[0]
    if f"{entry}/q" not in known:
        known.add(f"{entry}/q")
        yield _node("DynamicQuantizeLinear", [entry], [f"{entry}/q", f"{entry}/step", f"{entry}/zero"])
    yield _node("MatMulInteger", [f"{entry}/q", f"{weight}/q", f"{entry}/zero"], [f"{result}/int"])
    cast = _node("Cast", [f"{result}/int"], [f"{result}/float"])
    cast.attribute.add(name="to", i=FLOAT, type=INT)
    yield cast
    yield _node("Mul", [f"{entry}/step", f"{weight}/step"], [f"{result}/step"])
    yield _node("Mul", [f"{result}/float", f"{result}/step"], [result])


def _product_by_row(node: Any, known: set[str]) -> Iterator[Any]:  # noqa: ANN401
    """Yield the same for an input whose rows are first divided by their largest numbers."""
    entry, weight = node.input
    result, even = node.output[0], f"{entry}/even"
    if even not in known:
        known.add(even)
        yield _node("Abs", [entry], [f"{entry}/abs"])
        largest = _node("ReduceMax", [f"{entry}/abs"], [f"{entry}/max"])
        largest.attribute.add(name="axes", ints=[-1], type=INTS)
        yield largest
        yield _node("Max", [f"{entry}/max", TINY], [f"{entry}/size"])
        yield _node("Div", [entry, f"{entry}/size"], [even])
    yield from _product(_node("MatMul", [even, weight], [f"{result}/even"]), known)
    yield _node("Mul", [f"{result}/even", f"{entry}/size"], [result])


def _node(operator: str, inputs: list[str], outputs: list[str]) -> Any:  # noqa: ANN401
    return _messages()["Node"](op_type=operator, input=inputs, output=outputs, name=f"{outputs[-1]}/{operator}")


def _in_steps(weights: Any) -> Iterator[Any]:  # noqa: ANN401
    """Yield a matrix in steps, and the size of a step for each column."""
    matrix, steps = rounded(np.frombuffer(weights.raw_data, dtype="<f4").reshape(weights.dims))
    tensor = _messages()["Tensor"]
    yield tensor(name=f"{weights.name}/q", dims=matrix.shape, data_type=INT8, raw_data=matrix.tobytes())
    yield tensor(name=f"{weights.name}/step", dims=steps.shape, data_type=FLOAT, raw_data=steps.astype("<f4").tobytes())


@lru_cache(maxsize=1)
def _messages() -> dict[str, Any]:
    """Return the classes of protobuf for what is touched."""
    # onnxruntime itself needs protobuf
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory  # type: ignore[import-untyped]

    proto = descriptor_pb2.FieldDescriptorProto
    kinds = {"": proto.TYPE_STRING, "int": proto.TYPE_INT64, "bytes": proto.TYPE_BYTES}
    file = descriptor_pb2.FileDescriptorProto(name="paperchat_onnx.proto", package="paperchat", syntax="proto2")
    for name, fields in FIELDS.items():
        message = file.message_type.add(name=name)
        for field, number, kind in fields:
            label = proto.LABEL_REPEATED if kind.startswith("*") else proto.LABEL_OPTIONAL
            made = message.field.add(name=field, number=number, label=label)
            made.type = kinds.get(kind.lstrip("*"), proto.TYPE_MESSAGE)
            if made.type == proto.TYPE_MESSAGE:
                made.type_name = f".paperchat.{kind.lstrip('*')}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"paperchat.{name}")) for name in FIELDS}
