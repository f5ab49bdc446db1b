"""A model folder of nnU-Net v2: plans.json, dataset.json and a checkpoint for each fold."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from segviz.adding.cards import cannot, overlap_of, read_json, volume_card
from segviz.inference import catalog, networks

PLANS, DATASET = "plans.json", "dataset.json"
CHECKPOINTS = ("checkpoint_final.pth", "checkpoint_best.pth")
ENCODERS = {"PlainConvUNet": "plain", "ResidualEncoderUNet": "residual"}
OVERLAP = 0.5

Config = Mapping[str, Any]


def is_nnunet(folder: Path) -> bool:
    return (folder / PLANS).is_file() and (folder / DATASET).is_file()


def add(folder: Path, draft: Path) -> dict[str, Any]:
    """Write the weights of all folds into a new model's folder; gives its card.

    Raises:
        Refused: a file is missing (SV-MDL-028), the plans ask for what is not known here
            (SV-MDL-030), or a checkpoint is more than numbers (SV-MDL-031).
    """
    plans, dataset = read_json(folder / PLANS), read_json(folder / DATASET)
    configuration = chosen_configuration(plans, folder.name)
    names = dataset.get("channel_names") or dataset.get("modality") or {}
    if len(names) != 1:
        raise cannot(f"it takes {len(names)} images of a patient at once, and a scan here is one")
    labels = label_names(dataset)
    order = axes_order(plans)
    network = network_def(configuration, len(labels) + 1, order)
    there = [order.index(axis) for axis in range(3)]
    window = [int(configuration["patch_size"][axis]) for axis in there]
    folds = sorted(folder.glob("fold_*"))
    members = [_weights(fold) for fold in folds if _checkpoint(fold)]
    if not members:
        raise cannot("it holds no fold with a checkpoint_final.pth")
    if len(members) > 1:
        members = [
            {f"members.{n}.{key}": value for key, value in state.items()}
            for n, state in enumerate(members)
        ]
        network = {
            "name": "Ensemble", "kwargs": {"members": len(members), "network": network}
        }  # fmt: skip
    joined = {key: value for state in members for key, value in state.items()}
    networks.write_state(joined, draft / catalog.WEIGHTS)
    channel = str(next(iter(names.values())))
    title = str(dataset.get("name") or plans.get("dataset_name") or folder.name)
    return volume_card(
        title=f"{title} (nnU-Net)",
        version=str(dataset.get("release", "0")),
        description=str(dataset.get("description") or "A model of nnU-Net v2."),
        intended_use=(
            "Its makers do not say more than its name. Demonstration and research only: never "
            "for diagnosis."
        ),
        licence=str(dataset.get("licence") or dataset.get("license") or "not stated"),
        data_source=str(dataset.get("reference") or "not stated"),
        modality="CT" if channel.upper() == "CT" else "",
        labels=labels,
        limitations=(
            "Images and shares are resampled linearly here, where nnU-Net takes cubic splines: "
            "edges may differ by a part of a voxel.",
            "Voxels are taken in RAS+ order; a network that learnt from images in another order "
            "without mirrored ones may confuse sides.",
        ),
        network_def=network,
        volume_input={
            "spacing_mm": [float(configuration["spacing"][axis]) for axis in there],
            "window": window,
            "overlap": overlap_of(window, OVERLAP),
            "intensity": intensity(configuration, plans),
            "crop": True,
        },
    )


def chosen_configuration(plans: Config, folder_name: str) -> dict[str, Any]:
    """That of the folder's name (``...__3d_fullres``), else 3d_fullres; what it inherits put in."""
    configurations = plans.get("configurations", {})
    name = folder_name.rsplit("__", 1)[-1]
    name = name if name in configurations else "3d_fullres"
    if name not in configurations:
        raise cannot("its plans hold no 3d_fullres configuration")
    found: dict[str, Any] = {}
    following: Any = name
    for _ in range(len(configurations)):
        found = {**configurations[following], **found}
        following = configurations[following].get("inherits_from")
        if following not in configurations:
            break
    if len(found.get("patch_size", ())) != 3 or len(found.get("spacing", ())) != 3:
        raise cannot("it runs on slices (2d), which is not known for models of others")
    if found.get("previous_stage"):
        raise cannot("it is the second network of a cascade")
    return found


def label_names(dataset: Config) -> list[str]:
    """Names of labels 1, 2, ...; they have to follow each other."""
    labels = dataset.get("labels", {})
    if not all(isinstance(value, int) for value in labels.values()):
        raise cannot("its labels are regions that overlap")
    by_value = {value: str(name) for name, value in labels.items()}
    if sorted(by_value) != list(range(len(by_value))) or len(by_value) < 2:
        raise cannot("its labels are not 0, 1, 2, ... in a row")
    return [by_value[value] for value in range(1, len(by_value))]


def axes_order(plans: Config) -> list[int]:
    """Axes x, y, z (0, 1, 2) in the order of the plans, which count from (z, y, x)."""
    forward = plans.get("transpose_forward", [0, 1, 2])
    if sorted(forward) != [0, 1, 2]:
        raise cannot("its plans turn the axes in an unknown way")
    return [(2, 1, 0)[axis] for axis in forward]


def network_def(configuration: Config, classes: int, order: list[int]) -> dict[str, Any]:
    """The network of the plans, in the words of either version of them."""
    architecture = configuration.get("architecture")
    if architecture:
        name = str(architecture["network_class_name"]).rsplit(".", 1)[-1]
        given = architecture["arch_kwargs"]
        _require_known(given)
        stages = given["n_stages"]
        features = _each(given["features_per_stage"], stages)
        kernels, strides = given["kernel_sizes"], given["strides"]
        counts = given.get("n_conv_per_stage", given.get("n_blocks_per_stage"))
        decoder, bias = given["n_conv_per_stage_decoder"], bool(given.get("conv_bias", False))
    else:
        name = str(configuration.get("UNet_class_name"))
        kernels = configuration.get("conv_kernel_sizes", ())
        strides = configuration.get("pool_op_kernel_sizes", ())
        stages = len(kernels)
        most = configuration.get("unet_max_num_features", 320)
        base = configuration.get("UNet_base_num_features", 32)
        features = [min(base * 2**n, most) for n in range(stages)]
        counts = configuration.get("n_conv_per_stage_encoder")
        decoder, bias = configuration.get("n_conv_per_stage_decoder"), True
    if name not in ENCODERS:
        raise cannot(f"its network '{name}' is not among {', '.join(ENCODERS)}")
    return {
        "name": "PlannedUNet",
        "kwargs": {
            "encoder": ENCODERS[name],
            "in_channels": 1,
            "out_channels": classes,
            "features": features,
            "kernels": [_each(kernel, 3) for kernel in kernels],
            "strides": [_each(stride, 3) for stride in strides],
            "counts": _each(counts, stages),
            "decoder_counts": _each(decoder, stages - 1),
            "order": order,
            "bias": bias,
        },
    }


def intensity(configuration: Config, plans: Config) -> list[dict[str, Any]]:
    """Steps of intensity by the plans' normalisation scheme."""
    scheme = configuration.get("normalization_schemes", ["?"])[0]
    masked = bool(configuration.get("use_mask_for_norm", [False])[0])
    if scheme == "ZScoreNormalization":
        return [{"step": "zscore", "masked": masked}]
    if scheme == "CTNormalization":
        seen = plans["foreground_intensity_properties_per_channel"]["0"]
        return [
            {
                "step": "clipped",
                "low": seen["percentile_00_5"],
                "high": seen["percentile_99_5"],
                "mean": seen["mean"],
                "std": seen["std"],
            }
        ]
    if scheme == "RescaleTo01Normalization":
        return [{"step": "spread", "to": [0.0, 1.0]}]
    if scheme == "NoNormalization":
        return []
    raise cannot(f"its normalisation '{scheme}' is not known")


def _require_known(given: Config) -> None:
    """Refuse layers that our network does not have."""
    expected = {
        "conv_op": "Conv3d",
        "norm_op": "InstanceNorm3d",
        "nonlin": "LeakyReLU",
        "dropout_op": "None",
    }
    for key, name in expected.items():
        if str(given.get(key)).rsplit(".", 1)[-1] != name:
            raise cannot(f"its plans say {key} {given.get(key)}, and only {name} is known")
    if given.get("nonlin_first") or given.get("stem_channels"):
        raise cannot("its plans change the order of layers")


def _each(value: Any, count: int) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value] * count


def _checkpoint(fold: Path) -> Path | None:
    return next((fold / name for name in CHECKPOINTS if (fold / name).is_file()), None)


def _weights(fold: Path) -> dict[str, Any]:
    """The state dict of a fold, without what is there twice and what only training needs."""
    path = _checkpoint(fold)
    assert path is not None
    content = networks.read_checkpoint(path)
    state = content.get("network_weights", content) if isinstance(content, Mapping) else content
    plain = networks.plain_state(state, path.name)
    heads = [int(key.split(".")[2]) for key in plain if key.startswith("decoder.seg_layers.")]
    last = f"decoder.seg_layers.{max(heads, default=0)}."
    return {
        key.replace(last, "decoder.head."): value
        for key, value in plain.items()
        if ".all_modules." not in key
        and not key.startswith("decoder.encoder.")
        and (not key.startswith("decoder.seg_layers.") or key.startswith(last))
    }
