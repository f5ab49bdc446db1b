import numpy as np

from segviz.measure.counts import CHUNK, counts, pair_codes, pair_counts


def test_counts_of_each_label():
    found = counts(np.array([[0, 1, 1], [255, 0, 1]], np.uint8))
    assert found.shape == (256,)
    assert (found[0], found[1], found[255], found.sum()) == (2, 3, 1, 6)


def test_more_cells_than_are_counted_at_a_time():
    labels = np.zeros((3, CHUNK, 2), np.uint8)
    labels[1] = 7
    assert counts(labels)[[0, 7]].tolist() == [4 * CHUNK, 2 * CHUNK]
    assert counts(labels[:, ::2, :][::-1])[7] == CHUNK


def test_pairs_are_rows_of_the_first_and_columns_of_the_second():
    one, two = np.array([[1, 1, 2]], np.uint8), np.array([[1, 255, 0]], np.uint8)
    table = pair_counts(one, two)
    assert table.shape == (256, 256)
    assert (table[1, 1], table[1, 255], table[2, 0], table.sum()) == (1, 1, 1, 3)
    assert pair_codes(one, two).tolist() == [[257, 511, 512]]
