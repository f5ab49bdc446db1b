"""A MONAI bundle: its config is read as JSON, and only names of our own lists become something."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from segviz.adding.cards import cannot, overlap_of, read_json, volume_card
from segviz.errors import Refused
from segviz.inference import catalog, networks

INFERENCE, METADATA = "configs/inference.json", "configs/metadata.json"
WEIGHTS = ("models/model.pt", "models/model.safetensors")
NETWORKS = ("UNet", "BasicUNet", "SegResNet")
PASSED_OVER = (
    "LoadImage",
    "EnsureChannelFirst",
    "AddChannel",
    "EnsureType",
    "ToTensor",
    "CastToType",
)
"""Transforms that our own way of reading stands for."""

Config = Mapping[str, Any]


def is_bundle(folder: Path) -> bool:
    return (folder / METADATA).is_file() or (folder / INFERENCE).is_file()


def add(folder: Path, draft: Path) -> dict[str, Any]:
    """Write the weights of a bundle into a new model's folder; gives its card.

    Raises:
        Refused: a file is missing (SV-MDL-028), the config holds program text (SV-MDL-029), asks
            for what cannot be done the same way here (SV-MDL-030), or the weights are no plain
            numbers (SV-MDL-031).
    """
    config, metadata = read_json(folder / INFERENCE), read_json(folder / METADATA)
    definition = network_def(config)
    steps, spacing = preprocessing(config)
    window, share = inferer(config, metadata)
    labels = label_names(metadata, int(definition["kwargs"].get("out_channels", 0)))
    _write_weights(folder, draft)
    modality = str(_image(metadata).get("modality", "")).upper()
    return volume_card(
        title=str(metadata.get("name") or metadata.get("task") or folder.name),
        version=str(metadata.get("version", "0")),
        description=str(metadata.get("description") or "A MONAI bundle."),
        intended_use=str(
            metadata.get("intended_use")
            or "Its makers do not say. Demonstration and research only: never for diagnosis."
        ),
        licence=str(metadata.get("license") or metadata.get("copyright") or "not stated"),
        data_source=str(metadata.get("data_source") or "not stated"),
        modality="MR" if modality.startswith("MR") else modality,
        labels=labels,
        limitations=(
            "Steps that the bundle takes after the network are not taken, but for the largest "
            "class.",
        ),
        network_def=definition,
        volume_input={
            "spacing_mm": spacing,
            "window": window,
            "overlap": overlap_of(window, share),
            "intensity": steps,
            "crop": False,
        },
    )


def network_def(config: Config) -> dict[str, Any]:
    """The network, if it is one of our list and described by numbers alone."""
    for key in ("network_def", "network"):
        if key in config:
            definition = literal(config[key], config, key)
            break
    else:
        raise cannot("its config describes no network_def")
    if not isinstance(definition, Mapping) or "_target_" not in definition:
        raise cannot("its network_def names no network")
    name = _class_name(str(definition["_target_"]), "monai.networks.nets")
    if name not in NETWORKS:
        raise Refused(
            "SV-MDL-005",
            f"The model names a network '{definition['_target_']}' that is not among "
            f"{', '.join(NETWORKS)}; program text of others is not run.",
        )
    kwargs = {key: value for key, value in definition.items() if not key.startswith("_")}
    channels = kwargs.get("in_channels", 1)
    if channels != 1:
        raise cannot(f"it takes {channels} images of a patient at once, and a scan here is one")
    if kwargs.get("spatial_dims") != 3:
        raise cannot("it is no network for volumes (spatial_dims is not 3)")
    return {"name": name, "kwargs": kwargs}


def preprocessing(config: Config) -> tuple[list[dict[str, Any]], list[float] | None]:
    """Steps of intensity, and the spacing; both from the transforms before the network."""
    steps: list[dict[str, Any]] = []
    spacing = None
    for place, raw in enumerate(_transforms(config)):
        where = f"preprocessing#transforms#{place}"
        target = literal(raw.get("_target_"), config, f"{where}#_target_")
        name = _class_name(str(target), "monai.transforms").removesuffix("d")
        if name in PASSED_OVER:
            continue
        transform = literal(raw, config, where)
        if transform.get("_disabled_"):
            continue
        if name == "Orientation":
            if transform.get("axcodes", "RAS") != "RAS":
                raise cannot(f"it turns images to {transform['axcodes']}; only RAS is known")
        elif name == "Spacing":
            spacing = _spacing(transform.get("pixdim"))
        else:
            steps.append(_step(name, transform, place))
    return steps, spacing


def _transforms(config: Config) -> list[Config]:
    """The transforms before the network, as they are written."""
    found = config.get("preprocessing", [])
    for key in (None, "transforms"):
        if key is not None and isinstance(found, Mapping):
            found = found.get(key, [])
        while isinstance(found, str):
            found = literal(found, config, "preprocessing")
    if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
        raise cannot("its preprocessing is no list of transforms")
    return found


def _step(name: str, transform: Config, place: int) -> dict[str, Any]:
    """One change of intensity."""
    if name == "ScaleIntensityRange":
        ends = [transform.get("b_min"), transform.get("b_max")]
        open_ended = None in ends
        return {
            "step": "ranged",
            "low": transform["a_min"],
            "high": transform["a_max"],
            "to": [0.0, 1.0] if open_ended else ends,
            "clip": bool(transform.get("clip", False)) and not open_ended,
        }
    if name == "NormalizeIntensity" and not {"subtrahend", "divisor"} & transform.keys():
        return {"step": "zscore", "masked": bool(transform.get("nonzero", False))}
    if name == "ScaleIntensity" and transform.get("factor") is None:
        return {"step": "spread", "to": [transform.get("minv", 0.0), transform.get("maxv", 1.0)]}
    raise cannot(f"step {place + 1} before its network, {name}, is not known")


def _spacing(pixdim: Any) -> list[float]:
    edges = [pixdim] * 3 if isinstance(pixdim, int | float) else list(pixdim or ())
    if len(edges) != 3 or not all(isinstance(edge, int | float) and edge > 0 for edge in edges):
        raise cannot("its spacing is not three lengths above 0")
    return [float(edge) for edge in edges]


def inferer(config: Config, metadata: Config) -> tuple[list[int], float]:
    """Size of the windows, and the share of them that neighbours overlap."""
    given = config.get("inferer", {})
    wanted = {key: given[key] for key in ("_target_", "roi_size", "overlap") if key in given}
    found = literal(wanted, config, "inferer")
    size = found.get("roi_size") or _image(metadata).get("spatial_shape")
    size = [size] * 3 if isinstance(size, int) else size
    if (
        not isinstance(size, Sequence)
        or len(size) != 3
        or not all(isinstance(edge, int) and 0 < edge <= 512 for edge in size)
    ):
        raise cannot("it does not say the size of its windows (roi_size)")
    share = found.get("overlap", 0.25)
    if not isinstance(share, int | float) or not 0 <= share < 1:
        raise cannot("the overlap of its windows is no share from 0 to 1")
    return list(size), float(share)


def label_names(metadata: Config, channels: int) -> list[str]:
    """Names of labels 1, 2, ..., by the card's channels of the output."""
    outputs = metadata.get("network_data_format", {}).get("outputs", {})
    named = outputs.get("pred", {}).get("channel_def", {})
    if channels < 2:
        raise cannot("its output is one channel, not background and labels")
    names = [
        str(named.get(str(n), "background" if n == 0 else f"label {n}")) for n in range(channels)
    ]
    if "back" not in names[0].lower():
        raise cannot(f"its first channel is '{names[0]}', not background, so labels may overlap")
    return names[1:]


def literal(value: Any, config: Config, place: str, depth: int = 0) -> Any:
    """A value with references to other values put in; text that would be run is refused.

    Args:
        place: where it stands in the config, for the message.

    Raises:
        Refused: program text, or a reference that leads nowhere (SV-MDL-029).
    """
    if depth > 16:
        raise _not_literal(place, "it refers to itself")
    if isinstance(value, Mapping):
        return {
            key: literal(each, config, f"{place}#{key}", depth + 1) for key, each in value.items()
        }
    if isinstance(value, list):
        return [literal(each, config, f"{place}#{n}", depth + 1) for n, each in enumerate(value)]
    if not isinstance(value, str):
        return value
    if value.startswith(("$", "%")) or "$" in value:
        raise _not_literal(place, f"'{value[:40]}' is program text")
    if value.startswith("@"):
        return literal(_referred(value[1:], config, place), config, value[1:], depth + 1)
    return value


def _referred(path: str, config: Config, place: str) -> Any:
    found: Any = config
    for part in re.split("#|::", path):
        if isinstance(found, Mapping) and part in found:
            found = found[part]
        elif isinstance(found, list) and part.isdigit() and int(part) < len(found):
            found = found[int(part)]
        else:
            raise _not_literal(place, f"'@{path[:40]}' leads nowhere")
    return found


def _not_literal(place: str, why: str) -> Refused:
    return Refused(
        "SV-MDL-029",
        f"The bundle's inference.json cannot be used: at {place}, {why}. Configs are read as "
        "data and never run; write the value itself there.",
    )


def _class_name(target: str, home: str) -> str:
    """The class of ``monai.networks.nets.UNet`` or ``UNet``; the whole where it is elsewhere."""
    name = target.rsplit(".", 1)[-1]
    return name if target == name or target.startswith(f"{home}.") else target


def _image(metadata: Config) -> Config:
    image: Config = metadata.get("network_data_format", {}).get("inputs", {}).get("image", {})
    return image


def _write_weights(folder: Path, draft: Path) -> None:
    there = [folder / name for name in WEIGHTS if (folder / name).is_file()]
    if not there:
        raise Refused(
            "SV-MDL-028",
            "model.pt is missing or damaged, and nothing is known of the model without it; give "
            "the folder as its makers packed it.",
        )
    state: Any
    if there[0].suffix == ".safetensors":
        state = networks.read_weights(there[0])
    else:
        state = networks.read_checkpoint(there[0])
        for key in ("model", "state_dict", "network"):
            if isinstance(state, Mapping) and isinstance(state.get(key), Mapping):
                state = state[key]
    networks.write_state(networks.plain_state(state, there[0].name), draft / catalog.WEIGHTS)
