"""Tumours that never were."""

from dataclasses import replace

import numpy as np
import pytest

from segviz.training import tumours


def points(size=61):
    line = np.arange(size, dtype=np.float32) - size // 2
    return np.stack(np.meshgrid(line, line, line, indexing="ij"))


def tumour(seed=0, radius=12.0, **changes):
    drawn = tumours.draw_tumour(np.random.default_rng(seed), np.zeros(3, np.float32), radius)
    return replace(drawn, **changes)


@pytest.mark.parametrize("radius", [5.0, 10.0, 20.0])
def test_it_has_the_volume_that_was_asked_for(radius):
    sizes = []
    for seed in range(8):
        rim, core = tumours.rim_and_core(tumour(seed, radius), points())
        assert not (rim & core).any()
        sizes.append((rim | core).sum())
    assert np.mean(sizes) == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.15)


def test_a_solid_one_has_no_core():
    rim, core = tumours.rim_and_core(tumour(rim=1.0), points())
    assert rim.any()
    assert not core.any()


def test_the_rim_is_brighter_and_the_core_darker_than_the_brain():
    drawn = tumour(rim=0.4, gaps=0.0, height=0.0, bright=1.5, core=0.5, oedema=0.8, reach=0.4)
    image = np.ones((61, 61, 61), np.float32)
    painted, share = tumours.paint(image, drawn, points()[None], 1.0, np.zeros_like(image))
    rim, core = tumours.rim_and_core(drawn, points())
    assert painted[rim] == pytest.approx(1.5)
    assert painted[core] == pytest.approx(0.5)
    assert (share == rim).all()
    place = tumours.depth(drawn, points())
    assert painted[(place > 1) & (place < 1.1)].max() < 0.85
    assert painted[place > 4] == pytest.approx(1)


def test_several_looks_at_a_cell_make_soft_edges():
    drawn = tumour(rim=1.0)
    image = np.ones((61, 61, 61), np.float32)
    looks = points()[None] + np.array([-0.3, 0.3])[:, None, None, None, None]
    _, share = tumours.paint(image, drawn, looks.astype(np.float32), 1.0, np.zeros_like(image))
    assert set(np.unique(share)) == {0, 0.5, 1}


def test_tissue_is_moved_outwards_and_far_away_not_at_all():
    drawn = tumour(push=3.0)
    line = np.zeros((3, 3), np.float32)
    line[0] = 6, 12, 90
    before = tumours.pushed(drawn, line)[0]
    assert (before[:2] < line[0, :2]).all()
    assert (before > 0).all()
    assert before[2] == pytest.approx(90, abs=1e-3)
    assert (np.diff(before) > 0).all()


def test_no_push_moves_nothing():
    assert (tumours.pushed(tumour(push=0.0), points(5)) == points(5)).all()
