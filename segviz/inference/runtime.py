"""What runs a network: OpenVINO on CPUs, torch on GPUs and where OpenVINO cannot."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import lru_cache
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from segviz.errors import Refused
from segviz.inference import networks
from segviz.inference.catalog import Card
from segviz.inference.run import Device

Batch = NDArray[np.float32]

TRACED = 32
"""Edge of the small input with which torch shows OpenVINO the network; it is then reshaped."""


class Runtime(Protocol):
    """Runs one network.

    Attributes:
        name: for the report, e.g. ``"openvino cpu"``.
    """

    name: str

    def __call__(self, batch: Batch) -> Batch:
        """Logits [n, class, ...] of images [n, channel, ...]."""
        ...


class TorchRuntime:
    """Plain torch, without gradients."""

    def __init__(self, network: nn.Module, device: str = "cpu") -> None:
        self.name = f"torch {device}"
        self._device = device
        self._network = network.to(device).eval()

    def __call__(self, batch: Batch) -> Batch:
        with torch.inference_mode():
            logits = self._network(torch.from_numpy(batch).to(self._device))
        result: Batch = logits.float().cpu().numpy()
        return result


class OpenVinoRuntime:
    """OpenVINO in full precision: the same mask as torch in about half the time on a CPU.

    The network is compiled once for each window shape. The front end is used directly because
    ``openvino.convert_model`` reports its use to its makers.
    """

    name = "openvino cpu"

    def __init__(self, network: nn.Module) -> None:
        self._network = network.eval()
        self._compiled: dict[tuple[int, ...], Callable[[Batch], Batch]] = {}

    def __call__(self, batch: Batch) -> Batch:
        if batch.shape not in self._compiled:
            self._compiled[batch.shape] = self._compile(batch.shape)
        return self._compiled[batch.shape](batch)

    def _compile(self, shape: tuple[int, ...]) -> Callable[[Batch], Batch]:
        import openvino
        from openvino.frontend import FrontEndManager
        from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

        front_end = FrontEndManager().load_by_framework("pytorch")
        example = torch.zeros(*shape[:2], *(min(size, TRACED) for size in shape[2:]))
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", DeprecationWarning
            )  # torch's, of OpenVINO's way to look
            decoder = TorchScriptPythonDecoder(self._network, example_input=example)
        model = front_end.convert(front_end.load(decoder))
        model.reshape(openvino.PartialShape(shape))
        compiled = openvino.Core().compile_model(
            model, "CPU", {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
        )

        def infer(batch: Batch) -> Batch:
            return np.array(compiled(batch)[0], np.float32)

        return infer


def choose(card: Card, device: Device) -> Runtime:
    """The runtime for a device; kept, since loading and compiling take longer than a window.

    Raises:
        Refused: ``cuda`` was asked for and there is none (SV-RUN-005); the weights cannot be used.
    """
    cuda = torch.cuda.is_available()
    if device == "cuda" and not cuda:
        raise Refused(
            "SV-RUN-005",
            "This machine has no CUDA device that torch can use; run on the CPU instead.",
        )
    return _loaded(_Key(card), "cuda" if cuda and device != "cpu" else "cpu")


class _Key:
    """A card that equals another one with the same weights."""

    def __init__(self, card: Card) -> None:
        self.card = card

    def __hash__(self) -> int:
        return hash(self.card.sha256)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and (self.card.weights, self.card.sha256) == (
            other.card.weights,
            other.card.sha256,
        )


@lru_cache(maxsize=4)
def _loaded(key: _Key, device: str) -> Runtime:
    network = networks.load(key.card)
    return TorchRuntime(network, device) if device == "cuda" else OpenVinoRuntime(network)


def require_numbers(logits: Batch, card: Card) -> None:
    """Refuse an answer that is not made of numbers: its largest class would read "nothing found".

    Raises:
        Refused: (SV-RUN-004).
    """
    if not np.isfinite(logits).all():
        raise Refused(
            "SV-RUN-004",
            f"{card.title} gave no number in a part of the image, so its result was thrown away; "
            "look for extreme values in the image or take another model.",
        )
