import numpy as np

from segviz.edit.paint import relabel

DATA = np.array([[0, 1, 2], [1, 0, 2]], np.uint8)
ROWS, COLUMNS = np.array([0, 0, 1, 1, 1]), np.array([1, 2, 0, 2, 2])


def test_paints_over_everything():
    delta = relabel(DATA, ROWS, COLUMNS, 2)
    assert delta.cells.tolist() == [1, 3]
    assert delta.before.tolist() == [1, 1]
    assert delta.after.tolist() == [2, 2]


def test_paints_over_one_label_alone():
    assert relabel(DATA, ROWS, COLUMNS, 5, only=2).cells.tolist() == [2, 5]
    assert len(relabel(DATA, ROWS, COLUMNS, 5, only=9)) == 0


def test_background_is_a_label_that_can_be_painted_over():
    everywhere = np.divmod(np.arange(6), 3)
    assert relabel(DATA, *everywhere, 3, only=0).cells.tolist() == [0, 4]


def test_the_data_is_left_alone():
    relabel(DATA, ROWS, COLUMNS, 0)
    assert DATA.tolist() == [[0, 1, 2], [1, 0, 2]]


def test_works_on_a_file(tmp_path):
    path = tmp_path / "mask.u8"
    path.write_bytes(DATA.tobytes())
    on_disk = np.memmap(path, np.uint8, "r+", shape=DATA.shape)
    relabel(on_disk, ROWS, COLUMNS, 7).apply(on_disk.reshape(-1))
    on_disk.flush()
    assert list(path.read_bytes()) == [0, 7, 7, 7, 0, 7]
