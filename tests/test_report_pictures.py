"""Pictures of visits."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import reported
from PIL import Image
from workspace import store_at

from segviz import workbench
from segviz.report import pictures
from segviz.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    yield store_at(tmp_path)
    workbench.close_all()


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(png)).convert("RGB")).astype(int)


def near(found: np.ndarray, color: tuple[int, int, int]) -> np.ndarray:
    return np.abs(found - color).sum(axis=-1) < 60


def test_a_slice_shows_where_the_mask_is_largest_with_patient_right_on_the_left(
    store: Store, tmp_path: Path
) -> None:
    case = reported.two_visits(store, tmp_path)
    shown = pictures.of_visit(store, case.visits[0].id, 1)
    assert shown.title == "2021-01-12 · axial, S 18.0 mm"
    found = pixels(shown.png)
    assert found.shape[:2] == (720, 800)
    orange = np.argwhere(near(found, (230, 159, 0)))[:, 1]  # the large sphere, and its legend
    blue = np.argwhere(near(found[60:], (86, 180, 233)))[:, 1]
    assert len(orange) > 100
    # the large sphere lies at i = 12 of an axis that grows to the left: on the left of the screen
    assert np.median(orange) < found.shape[1] / 2
    assert len(blue) > 20


def test_a_revision_is_shown_as_it_was(store: Store, tmp_path: Path) -> None:
    case = reported.two_visits(store, tmp_path)
    visit = case.visits[0].id
    before = pictures.of_visit(store, visit, 1)
    bench = workbench.get(store, visit)
    bench.edit_cells(np.arange(5000), np.ones(5000, np.uint8), base_revision=1, uuid="z")
    assert pictures.of_visit(store, visit, 1).png == before.png
    assert pictures.of_visit(store, visit, 2).png != before.png


def test_a_map_shows_the_whole_scene_in_its_proportions(store: Store, tmp_path: Path) -> None:
    case = reported.dates(store, tmp_path)
    shown = pictures.of_visit(store, case.visits[0].id, 1)
    found = pixels(shown.png)
    assert found.shape[:2] == (686, 800)
    green = near(found, (0, 158, 115))
    rows = np.flatnonzero(green.sum(axis=1) > 700)  # the outline of the upper half runs across
    assert rows.min() < 5
    assert rows.max() == pytest.approx(343, abs=3)


@pytest.mark.parametrize(
    ("most", "length"), [(0.3, 0.2), (1.0, 1.0), (4.99, 2.0), (5.0, 5.0), (730.0, 500.0)]
)
def test_scale_bars_have_round_lengths(most: float, length: float) -> None:
    assert pictures.round_length(most) == pytest.approx(length)
