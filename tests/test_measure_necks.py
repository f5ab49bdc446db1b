"""That a split depends on its piece alone; what it splits is told with the objects."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from segviz.measure import necks
from segviz.measure.runs import Runs


@pytest.mark.parametrize("shape", [(60, 80), (40, 36, 30)])
def test_a_piece_is_split_alike_alone_and_among_others(
    shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    noise = ndimage.gaussian_filter(np.random.default_rng(5).normal(size=shape), 2.0)
    pieces = Runs.of((noise > 0.4 * noise.std()).astype(np.uint8), 1).pieces()
    spacing = (1.0, 1.5, 2.0)[: len(shape)]
    together = necks.split(pieces, 1.2, spacing).drawn()
    assert together.max() > pieces.count > 5
    monkeypatch.setattr(necks, "SHEET_CELLS", 1)
    np.testing.assert_array_equal(necks.split(pieces, 1.2, spacing).drawn(), together)
    numbers = pieces.drawn()
    for piece in range(1, pieces.count + 1):
        only = numbers == piece
        alone = necks.split(Runs.of(only.astype(np.uint8), 1).pieces(), 1.2, spacing).drawn()
        assert not alone[~only].any()
        pairs = np.unique(np.stack([alone[only], together[only]]), axis=1)
        assert pairs.shape[1] == len(np.unique(pairs[0])) == len(np.unique(pairs[1]))
