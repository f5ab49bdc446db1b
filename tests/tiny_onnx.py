"""A tiny ONNX file, byte by byte (onnx.proto3), for tests."""

from __future__ import annotations

import numpy as np


def field(number: int, value: int | bytes | str) -> bytes:
    """One field of a protocol buffer: a number or bytes."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    content = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def tensor(name: str, values: np.ndarray, location: str | None = None) -> bytes:
    dims = b"".join(field(1, size) for size in values.shape)
    where = field(9, values.astype("<f4").tobytes())
    if location:
        where = field(13, field(1, "location") + field(2, location)) + field(14, 1)
    return dims + field(2, 1) + field(8, name) + where


def image(name: str, channels: int, axes: int) -> bytes:
    sizes = [field(1, 1), field(1, channels), *(field(2, f"size{n}") for n in range(axes))]
    shape = b"".join(field(1, size) for size in sizes)
    return field(1, name) + field(2, field(1, field(1, 1) + field(2, shape)))


def convolution(weights, bias, operator: str = "Conv", location: str | None = None) -> bytes:
    """A model that is one convolution of single cells: weights [out, in] and bias [out]."""
    axes = 3 if np.shape(weights)[1] == 1 else 2
    kernel = np.array(weights, np.float32).reshape(*np.shape(weights), *[1] * axes)
    node = field(1, "x") + field(1, "w") + field(1, "b") + field(2, "y") + field(4, operator)
    graph = (
        field(1, node)
        + field(2, "graph")
        + field(5, tensor("w", kernel, location))
        + field(5, tensor("b", np.array(bias)))
        + field(11, image("x", kernel.shape[1], axes))
        + field(12, image("y", kernel.shape[0], axes))
    )
    return field(1, 8) + field(7, graph) + field(8, field(1, "") + field(2, 13))
