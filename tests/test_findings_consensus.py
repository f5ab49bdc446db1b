"""A consensus of the layers of a visit as a finding."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from test_findings_agreement import readers
from workspace import scene_grid, store_at, volume_grid

from segviz import findings
from segviz.errors import Refused
from segviz.findings import consensus
from segviz.findings.blocks import Table, Text
from segviz.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return store_at(tmp_path)


def marked(*cells: int) -> np.ndarray:
    labels = np.zeros(120)
    labels[list(cells)] = 1
    return labels.reshape(4, 5, 6)


def test_a_majority_and_its_raters(store: Store) -> None:
    layers = readers(store, volume_grid(), marked(0, 1), marked(0, 1, 2), marked(0, 3))
    spec = consensus.now(store, layers, "majority")
    mask, numbers = consensus.made(store, spec)
    assert np.flatnonzero(mask.data).tolist() == [0, 1]
    assert mask.source == "Majority of Reader 1, Reader 2, Reader 3"
    (row,) = numbers["labels"]
    assert (row["volume_ml"], numbers["ties"]) == (pytest.approx(0.002), 0)
    raters = [(r["name"], r["sensitivity"], r["specificity"]) for r in row["raters"]]
    assert raters == [
        ("Reader 1", 1.0, 1.0),
        ("Reader 2", 1.0, 117 / 118),
        ("Reader 3", 0.5, 117 / 118),
    ]
    assert findings.find(store, spec) == numbers


def test_staple_tells_its_prior_and_steps(store: Store) -> None:
    layers = readers(store, volume_grid(), marked(0, 1), marked(0, 1, 2), marked(0, 3))
    spec = consensus.now(store, layers, "staple")
    found = findings.find(store, spec)
    json.dumps([spec, found], allow_nan=False)
    (row,) = found["labels"]
    assert row["prior"] == pytest.approx(7 / 360)
    assert row["converged"] and row["iterations"] > 0
    table, steps, _ = findings.tell(spec, found)
    assert isinstance(table, Table) and len(table.rows) == 3
    assert isinstance(steps, Text) and "Iterations: tumour" in steps.text


@pytest.mark.parametrize("method", consensus.METHODS)
def test_empty_masks_have_an_empty_consensus(store: Store, method: str) -> None:
    layers = readers(store, volume_grid(), marked(), marked(), marked())
    mask, numbers = consensus.made(store, consensus.now(store, layers, method))
    assert not mask.data.any()
    assert numbers["labels"] == []


def test_two_readers_have_none(store: Store) -> None:
    layers = readers(store, volume_grid(), marked(0), marked(1))
    with pytest.raises(Refused) as refused:
        consensus.now(store, layers, "majority")
    assert refused.value.code == "SV-NUM-021"


def test_scenes_have_none(store: Store) -> None:
    layers = readers(store, scene_grid(), *[np.ones((20, 30))] * 3)
    with pytest.raises(Refused) as refused:
        findings.find(store, consensus.now(store, layers, "majority"))
    assert refused.value.code == "SV-NUM-023"
