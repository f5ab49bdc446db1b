"""``segviz learn``: what it writes, what it says, and that ``segment`` runs it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from click.testing import CliRunner, Result
from pyproj import CRS

from segviz.cli import main
from segviz.grid import RasterGrid
from segviz.io import masks, write_scene
from segviz.mask import Legend, Mask

GRID = RasterGrid((40, 60), Affine(10, 0, 500_000, 0, -10, 9_000_000), CRS(32718))


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A scene with a dark and a bright half, and two samples of each."""
    values = np.full((3, 40, 60), 20, np.uint8)
    values[:, :, 30:] = 200
    values[:, ::2] += 5
    write_scene(values, GRID, tmp_path / "scene.tif", ("red", "green", "blue"))
    painted = np.zeros((40, 60), np.uint8)
    painted[5:9, 5:9] = painted[30:34, 10:14] = 1
    painted[5:9, 40:45] = painted[30:34, 50:55] = 2
    mask = Mask(GRID, painted, Legend.named("dark", "bright"))
    masks.write_mask(mask, tmp_path / "samples.tif")
    return tmp_path / "samples.tif", tmp_path / "scene.tif"


def segviz(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_what_was_learnt_can_be_run_by_its_name(
    files: tuple[Path, Path], tmp_path: Path, private_home: Path
) -> None:
    samples, scene = files
    said = segviz("learn", samples, scene, "--model", "my-halves", "--json")
    assert said.exit_code == 0, said.output
    card = json.loads(said.stdout)
    assert Path(card["folder"]) == private_home / "models" / "my-halves"
    assert card["samples"][0] == {"label": 1, "strokes": 2, "cells": 32}
    assert card["eval_metrics"][0]["values"]["all labels"] == 1.0
    out = tmp_path / "mask.tif"
    assert segviz("segment", scene, "--model", "my-halves", "--output", out).exit_code == 0
    labels = masks.read_mask(out).data
    assert (labels[:, :22] == 1).all() and (labels[:, 38:] == 2).all()


@pytest.mark.parametrize("name", ["../escape", "Big", "forest-rgb"])
def test_a_name_that_is_none_or_is_taken_is_refused(
    files: tuple[Path, Path], name: str, private_home: Path
) -> None:
    assert segviz("learn", *files, "--model", name).exit_code == 2
    assert not (private_home / "models").exists()


def test_one_label_is_refused_in_a_sentence(files: tuple[Path, Path], tmp_path: Path) -> None:
    painted = np.zeros((40, 60), np.uint8)
    painted[5:9, 5:9] = 1
    masks.write_mask(Mask(GRID, painted, Legend.named("dark")), tmp_path / "one.tif")
    said = segviz("learn", tmp_path / "one.tif", files[1], "--model", "one")
    assert said.exit_code == 2 and "SV-RUN-020" in said.stderr
