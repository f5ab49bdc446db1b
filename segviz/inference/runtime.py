"""What runs a network: OpenVINO on CPUs, torch on GPUs and where OpenVINO cannot."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import warnings
from collections import OrderedDict
from collections.abc import Callable
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import openvino
import openvino.opset13 as ops
import torch
from numpy.typing import NDArray
from openvino.frontend import FrontEndManager
from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder
from torch import nn
from torch.jit._trace import TracerWarning

from segviz import settings
from segviz.errors import Refused
from segviz.inference import networks
from segviz.inference.catalog import Card
from segviz.inference.run import Device
from segviz.settings import Precision

Batch = NDArray[np.float32]
Outputs = tuple[NDArray[Any], ...]

TRACED = 32
"""Edge of the small input with which torch shows OpenVINO the network; it is then reshaped."""

KEPT_SHAPES = 4
"""Window shapes for which a network stays compiled; each holds its own working memory."""

KEPT_NETWORKS = 16
"""Networks kept on disk in OpenVINO's form; the oldest ones go."""

CUDA_BATCH = 4
"""Windows that a GPU is given at once."""

PARITY = 0.999
"""Least Dice of every class between bf16 and f32; below it a network runs in f32."""


class Runtime(Protocol):
    """Runs one network.

    Attributes:
        name: for the report, e.g. ``"openvino cpu"``.
        batch: windows that it likes to be given at once.
    """

    @property
    def name(self) -> str: ...

    @property
    def batch(self) -> int: ...

    def __call__(self, batch: Batch) -> Batch:
        """Logits [n, class, ...] of images [n, channel, ...]."""
        ...

    def outputs(self, batch: NDArray[Any]) -> Outputs:
        """All that the network answers, as arrays of the caller's own."""
        ...


class TorchRuntime:
    """Plain torch, without gradients; in half precision on a GPU."""

    def __init__(self, network: nn.Module, device: str = "cpu") -> None:
        self._device = device
        self._network = network.to(device).eval()
        self._half = _half_precision() if device == "cuda" else None
        self.name = f"torch {device}" + (f" {str(self._half)[6:]}" if self._half else "")
        self.batch = CUDA_BATCH if device == "cuda" else 1

    def __call__(self, batch: Batch) -> Batch:
        return np.asarray(self.outputs(batch)[0], np.float32)

    def outputs(self, batch: NDArray[Any]) -> Outputs:
        with torch.inference_mode(), torch.autocast(self._device, self._half, bool(self._half)):
            answer = self._network(torch.from_numpy(batch).to(self._device))
        answers = answer if isinstance(answer, tuple) else (answer,)
        return tuple(_array(each) for each in answers)


class OnnxNetwork(nn.Module):
    """A network in an ONNX file, read from memory, so that it can name no other file.

    Raises:
        Refused: OpenVINO cannot read or run it (SV-MDL-033).
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._compiled: dict[tuple[int, ...], Any] = {}
        try:
            self._model = openvino.Core().read_model(path.read_bytes(), b"")
        except RuntimeError as error:
            raise _not_readable(path) from error
        self._path = path

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        shape = tuple(image.shape)
        values = np.ascontiguousarray(image.numpy(), np.float32)
        try:
            if shape not in self._compiled:
                compiled = _compile(self._model, shape, np.dtype(np.float32), "f32")
                self._compiled = {shape: compiled}
            answers = self._compiled[shape](values)
        except RuntimeError as error:
            raise _not_readable(self._path) from error
        return torch.from_numpy(np.array(answers[0], np.float32))


def _not_readable(path: Path) -> Refused:
    return Refused(
        "SV-MDL-033",
        f"{path.name} cannot be run on images of this size: it is damaged, or holds steps that "
        "OpenVINO does not know. Export it again with a known opset and sizes left open.",
    )


class OpenVinoRuntime:
    """OpenVINO: the same mask as torch in less than half the time on a CPU.

    The network is compiled once for each window shape and type of values. In ``auto`` precision it
    runs in bf16 where the CPU computes in it, if its first answer has the classes of f32.

    Args:
        network: or what makes it; not called where ``kept`` holds it already.
        kept: folder for the network in OpenVINO's own form, which loads in a tenth of the time.
    """

    batch = 1

    def __init__(
        self,
        network: nn.Module | Callable[[], nn.Module],
        kept: Path | None = None,
        precision: Precision = "f32",
    ) -> None:
        self._make = (lambda: network) if isinstance(network, nn.Module) else network
        self._kept = kept
        self._model: Any = None
        self._compiled: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
        self._precision: str | None = None if precision == "auto" and computes_bf16() else "f32"

    @property
    def name(self) -> str:
        return "openvino cpu bf16" if self._precision == "bf16" else "openvino cpu"

    def __call__(self, batch: Batch) -> Batch:
        return np.asarray(self.outputs(batch)[0], np.float32)

    def outputs(self, batch: NDArray[Any]) -> Outputs:
        if self._precision is None:
            exact = self._infer(batch, "f32")
            self._compiled.clear()  # working memory of one precision at a time
            fast = self._infer(batch, "bf16")
            if agree(exact[0], fast[0]):
                self._precision = "bf16"
                return fast
            self._compiled.clear()
            self._precision = "f32"
            return exact
        return self._infer(batch, self._precision)

    def _infer(self, batch: NDArray[Any], precision: str) -> Outputs:
        compiled = self._for(batch.shape, batch.dtype, precision)
        answers = compiled(batch, share_inputs=True, share_outputs=True)
        return tuple(np.array(answers[output]) for output in compiled.outputs)

    def _for(self, shape: tuple[int, ...], dtype: np.dtype[Any], precision: str) -> Any:
        key = shape, dtype, precision
        if key not in self._compiled:
            if self._model is None:
                self._model = _read_or_convert(self._make, self._kept, len(shape), shape[1])
            self._compiled[key] = _compile(self._model, shape, dtype, precision)
            if len(self._compiled) > KEPT_SHAPES:
                self._compiled.popitem(last=False)
        self._compiled.move_to_end(key)
        return self._compiled[key]


def agree(exact: NDArray[Any], fast: NDArray[Any]) -> bool:
    """Whether two answers, logits or labels [n, ...], give the same mask but for a thousandth."""
    one, two = (x.argmax(axis=1) if x.dtype.kind == "f" else x for x in (exact, fast))
    for label in range(int(max(one.max(), two.max())) + 1):
        first, second = one == label, two == label
        if 2 * (first & second).sum() < PARITY * (first.sum() + second.sum()):
            return False
    return True


@cache
def computes_bf16() -> bool:
    """Whether this CPU computes in bf16; elsewhere it would only be emulated."""
    return "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def _compile(model: Any, shape: tuple[int, ...], dtype: np.dtype[Any], precision: str) -> Any:
    shaped = model.clone()
    shaped.reshape(openvino.PartialShape(shape))
    steps = openvino.preprocess.PrePostProcessor(shaped)
    steps.input().tensor().set_element_type(openvino.Type(dtype))
    hints = {
        "INFERENCE_PRECISION_HINT": precision,
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": len(os.sched_getaffinity(0)),
    }
    return openvino.Core().compile_model(steps.build(), "CPU", hints)


def _read_or_convert(
    make: Callable[[], nn.Module], kept: Path | None, axes: int, channels: int
) -> Any:
    """The network in OpenVINO's form: from the folder, else converted and put there."""
    if kept is not None and (kept / "model.xml").is_file():
        try:
            return openvino.Core().read_model(kept / "model.xml")
        except RuntimeError:
            shutil.rmtree(kept, ignore_errors=True)
    model = _convert(make().eval(), axes, channels)
    if kept is not None:
        _keep(model, kept)
    return model


def _convert(network: nn.Module, axes: int, channels: int) -> Any:
    """The front end is used directly: ``openvino.convert_model`` reports its use to its makers."""
    example = torch.zeros(1, channels, *[TRACED] * (axes - 2))
    front_end = FrontEndManager().load_by_framework("pytorch")
    with warnings.catch_warnings():
        for kind in (DeprecationWarning, TracerWarning):  # torch's, of the way to look
            warnings.simplefilter("ignore", kind)
        traced = torch.jit.trace(network, example, check_trace=False)  # type: ignore[no-untyped-call]
        decoder = TorchScriptPythonDecoder(traced)
    model = front_end.convert(front_end.load(decoder))
    for node in model.get_ordered_ops():
        if node.get_type_name() == "MVN" and "instance_norm" in node.get_friendly_name():
            _add_up_in_parts(node)
    model.validate_nodes_and_infer_types()
    return model


def _add_up_in_parts(norm: Any) -> None:
    """Replace an instance norm by the same arithmetic, axis by axis.

    OpenVINO's own adds up all cells of a window in one 32-bit sum: on 48 x 48 x 48 cells it is off
    by up to 1e-3, torch by 1e-6. It takes the same time.
    """
    source = norm.input(0).get_source_output()
    followers = list(norm.output(0).get_target_inputs())
    around_zero = ops.subtract(source, _spatial_mean(source))
    variance = _spatial_mean(ops.multiply(around_zero, around_zero).output(0))
    small = ops.constant(np.float32(norm.get_attributes()["eps"]))
    spread = ops.sqrt(ops.add(variance, small))
    scaled = ops.multiply(around_zero, ops.divide(ops.constant(np.float32(1)), spread))
    for follower in followers:
        follower.replace_source_output(scaled.output(0))


def _spatial_mean(values: Any) -> Any:
    """Over all axes but the first two; equal neighbours would be merged into one reduction."""
    size: Any = ops.constant(np.float32(1))
    shape = ops.shape_of(values)
    mean = values
    for turn, axis in enumerate(range(values.get_partial_shape().rank.get_length() - 1, 1, -1)):
        if turn % 2:
            mean = ops.reduce_sum(mean, ops.constant(np.array([axis])), True)
            cells = ops.gather(shape, ops.constant(np.int64(axis)), ops.constant(np.int64(0)))
            size = ops.multiply(size, ops.convert(cells, "f32"))
        else:
            mean = ops.reduce_mean(mean, ops.constant(np.array([axis])), True)
    return ops.divide(mean, size)


def _keep(model: Any, folder: Path) -> None:
    """Whole or not at all; where it cannot be kept, it is converted anew next time."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=folder.parent))
        try:
            openvino.save_model(model, draft / "model.xml", compress_to_fp16=False)
            draft.rename(folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        networks_there = sorted(folder.parent.iterdir(), key=lambda path: path.stat().st_mtime)
        for oldest in networks_there[:-KEPT_NETWORKS]:
            shutil.rmtree(oldest, ignore_errors=True)
    except (OSError, RuntimeError):
        return


def choose(
    card: Card,
    device: Device,
    around: Callable[[nn.Module, Card], nn.Module] | None = None,
    exact: bool = False,
) -> Runtime:
    """The runtime for a device; kept, since loading and compiling take longer than a window.

    Args:
        around: puts the network into a larger one, e.g. with what comes before and after it; a
            function of a module, so that its name and the card tell what came out.
        exact: f32 on any CPU, for a network that loses more by bf16 than it gains.

    Raises:
        Refused: ``cuda`` was asked for and there is none (SV-RUN-005); the weights cannot be used.
    """
    cuda = torch.cuda.is_available()
    if device == "cuda" and not cuda:
        raise Refused(
            "SV-RUN-005",
            "This machine has no CUDA device that torch can use; run on the CPU instead.",
        )
    chosen = settings.load()
    return _loaded(
        _Key(card),
        "cuda" if cuda and device != "cpu" else "cpu",
        around,
        "f32" if exact else chosen.precision,
        chosen.home / "cache",
    )


class _Key:
    """A card that equals another one with the same weights and the same description."""

    def __init__(self, card: Card) -> None:
        self.card = card
        said = {name: card.metadata.get(name) for name in ("network_def", "scene_input", "sha256")}
        text = json.dumps([said, str(card.weights)], sort_keys=True)
        self.digest = hashlib.sha256(text.encode()).hexdigest()[:16]

    def __hash__(self) -> int:
        return hash(self.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.digest == other.digest


@lru_cache(maxsize=4)
def _loaded(
    key: _Key,
    device: str,
    around: Callable[[nn.Module, Card], nn.Module] | None,
    precision: Precision,
    cache_folder: Path,
) -> Runtime:
    make = partial(_network, key.card, around)
    if key.card.is_onnx:
        return TorchRuntime(make())
    if device == "cuda":
        return TorchRuntime(make(), device)
    said = f"{key.digest} {around and around.__qualname__} {openvino.__version__} {_code_digest()}"
    name = hashlib.sha256(said.encode()).hexdigest()[:24]
    return OpenVinoRuntime(make, cache_folder / name, precision)


@cache
def _code_digest() -> str:
    """Of the program text that makes networks: a network kept by another version is not taken."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _network(card: Card, around: Callable[[nn.Module, Card], nn.Module] | None) -> nn.Module:
    network = OnnxNetwork(card.weights) if card.is_onnx else networks.load(card)
    return around(network, card) if around else network


def _half_precision() -> torch.dtype:
    return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16


def _array(answer: torch.Tensor) -> NDArray[Any]:
    answer = answer.float() if answer.is_floating_point() else answer
    array: NDArray[Any] = answer.cpu().numpy()
    return array


def require_numbers(logits: NDArray[Any], card: Card) -> None:
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
