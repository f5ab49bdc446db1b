import numpy as np
import pytest

from segviz.grid import VolumeGrid
from segviz.mask import PALETTE, Label, Legend, Mask


def test_a_legend_survives_json() -> None:
    legend = Legend((Label(1, "lesion", "#E69F00", thing=True), Label(7, "water", "#0072B2")))
    assert Legend.from_json(legend.to_json()) == legend


def test_values_without_a_label_get_a_name_and_a_colour() -> None:
    legend = Legend.named("lesion").covering(np.array([0, 1, 5], np.uint8))
    assert [(label.value, label.name) for label in legend] == [(1, "lesion"), (5, "label 5")]


def test_labels_are_bytes_on_their_grid() -> None:
    grid = VolumeGrid((2, 2, 2), np.eye(4))
    with pytest.raises(ValueError, match="uint8"):
        Mask(grid, np.zeros((2, 2, 2), np.int16), Legend(()))  # type: ignore[arg-type]


def test_a_free_color_is_one_that_no_label_has() -> None:
    legend = Legend(())
    for value in range(1, 41):
        legend = Legend((*legend, Label(value, str(value), legend.free_color)))
    assert [label.color for label in legend][: len(PALETTE)] == list(PALETTE)
    assert len({label.color for label in legend}) == 40
