import numpy as np

from segviz.edit.spans import cells, expand


def test_expand_lists_every_index():
    assert expand(np.array([3, 10, 7]), np.array([2, 0, 1])).tolist() == [3, 4, 7]
    assert expand(np.array([], int), np.array([], int)).tolist() == []


def test_overlapping_spans_are_joined_and_clipped():
    rows = np.array([1, 0, 1, 5, -1])
    low = np.array([2.0, -3.0, 0.2, 0.0, 0.0])
    high = np.array([9.0, 1.4, 2.0, 3.0, 3.0])
    row, column = cells(rows, low, high, (3, 5))
    assert list(zip(row.tolist(), column.tolist(), strict=True)) == [
        (0, 0), (0, 1), (1, 1), (1, 2), (1, 3), (1, 4),
    ]  # fmt: skip
