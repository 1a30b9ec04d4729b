"""An ONNX model with its weight matrices in 8 bits instead of 32, made in memory; running it is left to `minilm.py`.

onnxruntime's own quantiser needs the package `onnx`; what is changed here is little enough to be said outright.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["quantised", "rounded"]

STEPS = 64
"""A weight is -64 to 64 steps: products of 7 bits do not overflow in the pairwise sums of CPUs without VNNI, so that
vectors are the same on every machine (`reduce_range` in onnxruntime)."""
FLOAT, INT8 = 1, 3
"""Types of a tensor in onnx.proto."""
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
    "Attribute": [("name", 1, ""), ("i", 3, "int"), ("type", 20, "int")],
    "Tensor": [("dims", 1, "*int"), ("data_type", 2, "int"), ("name", 8, ""), ("raw_data", 9, "bytes")],
}
"""What is touched of onnx.proto (IR version 8), as name, number and type; protobuf keeps the rest as it is."""


def rounded(weights: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return a matrix in whole steps, and the size of a step for each column: their product is nearly the matrix."""
    largest = np.abs(weights).max(axis=0)
    steps = np.asarray(np.where(largest > 0, largest, 1) / STEPS, dtype=np.float32)
    return np.rint(weights / steps).astype(np.int8), steps


def quantised(model: bytes) -> bytes:
    """Return an ONNX model in which each product with a weight matrix is one of 8-bit numbers.

    The other factor is rounded as it comes, to 256 steps between its least and its greatest number (dynamic
    quantisation), so a text's vector must not depend on others in its batch: run one text at a time.
    """
    whole = _messages()["Model"].FromString(model)
    stored = whole.graph.initializer
    matrices = {tensor.name for tensor in stored if len(tensor.dims) == 2}
    is_product = [node.op_type == "MatMul" and node.input[1] in matrices for node in whole.graph.node]
    used = {node.input[1] for node, yes in zip(whole.graph.node, is_product, strict=True) if yes}
    known: set[str] = set()
    nodes = [
        list(_product(node, known)) if yes else [node] for node, yes in zip(whole.graph.node, is_product, strict=True)
    ]
    whole.graph.ClearField("node")
    whole.graph.node.extend(chain.from_iterable(nodes))
    # what stays is not copied: the table of words is half of the model
    for index in reversed(range(len(stored))):
        if stored[index].name in used:
            stored.extend(_in_steps(stored[index]))
            del stored[index]
    return bytes(whole.SerializeToString())


def _product(node: Any, known: set[str]) -> Iterator[Any]:  # noqa: ANN401
    """Yield what takes the place of one product: round, multiply, scale; an input is rounded once."""
    entry, weight = node.input
    if entry not in known:
        known.add(entry)
        yield _node("DynamicQuantizeLinear", [entry], [f"{entry}/q", f"{entry}/step", f"{entry}/zero"])
    result = node.output[0]
    yield _node("MatMulInteger", [f"{entry}/q", f"{weight}/q", f"{entry}/zero"], [f"{result}/int"])
    cast = _node("Cast", [f"{result}/int"], [f"{result}/float"])
    cast.attribute.add(name="to", i=FLOAT, type=2)
    yield cast
    yield _node("Mul", [f"{entry}/step", f"{weight}/step"], [f"{result}/step"])
    yield _node("Mul", [f"{result}/float", f"{result}/step"], [result])


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
