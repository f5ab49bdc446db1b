"""Provenance: images, models and people, as a report prints them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from workspace import add_visit, finished_run, store_at, volume_grid

from segviz import findings, workbench
from segviz.errors import Damaged
from segviz.findings import provenance
from segviz.findings.blocks import Table
from segviz.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    yield store_at(tmp_path)
    workbench.close_all()


def test_model_and_people_are_told_apart(store: Store) -> None:
    visit = add_visit(store, volume_grid())
    shares = np.zeros(visit.grid.shape, np.uint8)
    shares.flat[:4] = 200
    job, result = finished_run(store, visit.id, shares, 0.5)
    bench = workbench.get(store, visit.id)
    bench.adopt(job, result)
    bench.edit_cells(
        np.array([4]), np.array([1], np.uint8), base_revision=1, uuid="1", tool="brush",
        author="Dr A",
    )  # fmt: skip
    spec = provenance.now(store, store.case(visit.case_id))
    numbers = findings.find(store, spec)
    bench.name_version("signed")
    assert findings.find(store, spec) == numbers

    (mask,) = numbers["masks"]
    assert mask["image"]["sha256"] == "0" * 64
    assert [model["name"] for model in mask["models"]] == ["lesions"]
    images, masks, changes = findings.tell(spec, numbers)
    assert isinstance(images, Table)
    assert isinstance(masks, Table)
    assert isinstance(changes, Table)
    assert images.rows[0][-1] == "0" * 12
    made, worked = masks.columns.index("Made by"), masks.columns.index("Operations by")
    assert masks.rows[0][made] == "lesions 1.0 (SHA-256 ab)"
    assert masks.rows[0][worked] == "Dr A (1)"
    assert changes.rows == [["Visit 1", "Lesion", 0.001, 0.0, 8 / 9]]
    assert list(changes.columns)[2] == "Added, ml"


def test_an_image_that_was_changed_is_told(store: Store) -> None:
    visit = add_visit(store, volume_grid())
    spec = provenance.now(store, store.case(visit.case_id))
    store.files(visit.id)[0].write_bytes(b"another image")
    with pytest.raises(Damaged, match="changed"):
        findings.find(store, spec)
