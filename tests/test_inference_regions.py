"""Networks that look into boxes around one structure."""

import nibabel.orientations as orientations
import numpy as np
import pytest
import tiny_models

from segviz.errors import Refused
from segviz.grid import VolumeGrid
from segviz.image import Volume
from segviz.inference import predict, regions
from segviz.inference.regions import Lattice, Region

RADIUS_MM = 5.0
BALL_ML = 4 / 3 * np.pi * RADIUS_MM**3 / 1000


@pytest.fixture
def card(tmp_path, monkeypatch):
    monkeypatch.setattr(regions.runtime, "choose", lambda *_: Bright())
    return tiny_models.region_card(tmp_path / "two-parts")


class Bright:
    """Needs no training: what is bright is label 1 in the front half of a box, 2 in the back."""

    name = "bright"
    batch = 1

    def __call__(self, batch):
        bright, front = np.clip(batch[:, 0] / 3.4, 1e-3, 1 - 1e-3), batch[:, 2] > 0
        return np.log(np.stack([1 - bright, bright * front, bright * ~front], axis=1) + 1e-6)


def scan(shape, affine, *centers_mm):
    """Waves from -0.3 to 0.3 with balls of 1 at places in mm."""
    index = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
    place = index @ affine[:3, :3].T + affine[:3, 3]
    data = 0.3 * np.cos(place[..., 0] / 3)
    for center in centers_mm:
        data[np.linalg.norm(place - center, axis=-1) < RADIUS_MM] = 1
    return Volume(VolumeGrid(shape, affine), data.astype(np.float32), channel="MR")


def middle_mm(mask):
    cells = np.argwhere(mask.data > 0).mean(axis=0)
    return mask.grid.affine[:3, :3] @ cells + mask.grid.affine[:3, 3]


@pytest.mark.parametrize(
    ("shape", "affine"),
    [
        ((40, 40, 40), np.eye(4)),
        ((80, 80, 80), np.diag([0.5, 0.5, 0.5, 1])),
        ((40, 27, 20), np.diag([1.0, 1.5, 2.0, 1])),
        ((40, 40, 40), np.array([[-1.0, 0, 0, 39], [0, 0, 1, 0], [0, -1, 0, 39], [0, 0, 0, 1]])),
    ],
    ids=["1 mm", "0.5 mm", "uneven", "PSR-like"],
)
def test_a_ball_in_a_crop_comes_back_where_it_was(card, shape, affine):
    result = predict.segment_volume(scan(shape, affine, (22, 18, 20)), card)
    ml = (result.mask.data > 0).sum() * result.mask.grid.voxel_volume_ml
    assert ml == pytest.approx(BALL_ML, rel=0.15)
    assert middle_mm(result.mask) == pytest.approx((22, 18, 20), abs=0.5)
    front, back = (np.argwhere(result.mask.data == label) for label in (1, 2))
    assert min(len(front), len(back)) > 0.3 * (len(front) + len(back))
    assert (front.mean(axis=0) - back.mean(axis=0)) @ affine[1, :3] > 0


def test_what_lies_at_the_end_of_a_large_crop_is_found(card):
    result = predict.segment_volume(scan((56, 40, 40), np.eye(4), (8, 20, 20)), card)
    assert middle_mm(result.mask) == pytest.approx((8, 20, 20), abs=0.5)


def test_the_mask_does_not_depend_on_the_order_of_the_axes(card):
    volume = scan((30, 34, 32), np.eye(4), (14, 17, 15))
    expected = predict.segment_volume(volume, card).mask.data
    for order in ((1, 2, 0), (2, 1, 0)):
        for flips in ((1, 1, 1), (-1, 1, -1)):
            ornt = np.array(list(zip(order, flips, strict=True)))
            affine = volume.grid.affine @ orientations.inv_ornt_aff(ornt, volume.grid.shape)
            data = orientations.apply_orientation(volume.data, ornt)
            turned = Volume(VolumeGrid(data.shape, affine), data, channel="MR")
            found = predict.segment_volume(turned, card).mask.data
            assert (found == orientations.apply_orientation(expected, ornt)).all()


def test_a_crop_without_the_structure_gives_none_found(card):
    result = predict.segment_volume(scan((30, 30, 30), np.eye(4)), card)
    assert not result.mask.data.any()
    assert result.report["notes"] == [
        "None found: no front part or back part in this scan, so the volume is 0.0 ml."
    ]


def finder(volume, boxes):
    """Labels of the finder on the native grid: label -> where."""

    def label_volume(seen, card, run):
        assert card.name == "brain-anatomy-mr"
        names = {label.name: label.value for label in card.legend}
        labels = np.zeros(volume.grid.shape, np.uint8)
        for side, box in boxes.items():
            labels[box] = names[f"hippocampus and amygdala, {side}"]
        return labels

    return label_volume


def test_in_a_whole_head_both_sides_are_found_and_told(card, monkeypatch):
    volume = scan((80, 70, 60), np.eye(4), (20, 30, 30), (60, 34, 30))
    boxes = {"left": np.s_[15:24, 28:40, 26:34], "right": np.s_[56:66, 28:40, 26:34]}
    monkeypatch.setattr(regions.volumes, "label_volume", finder(volume, boxes))
    result = predict.segment_volume(volume, card)
    for half in (np.s_[:40], np.s_[40:]):
        ml = (result.mask.data[half] > 0).sum() / 1000
        assert ml == pytest.approx(BALL_ML, rel=0.1)
    left, right = result.report["notes"]
    assert left.startswith("Left: front part 0.")
    assert right.startswith("Right: front part 0.")


def test_a_head_in_which_the_finder_finds_nothing_gives_none_found(card, monkeypatch):
    volume = scan((80, 70, 60), np.eye(4), (20, 30, 30))
    monkeypatch.setattr(regions.volumes, "label_volume", finder(volume, {}))
    result = predict.segment_volume(volume, card)
    assert not result.mask.data.any()
    assert result.report["notes"][-1].startswith("None found")


def test_a_scan_that_says_it_is_ct_is_refused(card):
    volume = scan((30, 30, 30), np.eye(4))
    with pytest.raises(Refused, match="It is for MR"):
        predict.segment_volume(Volume(volume.grid, volume.data, channel="CT"), card)


def test_a_lattice_on_the_grid_itself_changes_nothing(card):
    grid = VolumeGrid((8, 6, 4), np.eye(4))
    lattice = Lattice.around(grid, (3.5, 2.5, 1.5), (8, 6, 4), 1.0, 2)
    values = np.random.default_rng(0).random(grid.shape, np.float32)
    assert lattice.there(values) == pytest.approx(values)
    assert lattice.inside() == (slice(0, 8), slice(0, 6), slice(0, 4))
    assert all(matrix == pytest.approx(np.eye(len(matrix))) for matrix in lattice.back())


def test_beyond_the_grid_a_lattice_holds_the_last_value(card):
    grid = VolumeGrid((4, 4, 4), np.eye(4))
    lattice = Lattice.around(grid, (1.5, 1.5, 1.5), (8, 4, 4), 1.0, 2)
    values = np.arange(64, dtype=np.float32).reshape(4, 4, 4)
    assert (lattice.there(values)[:3] == values[0]).all()
    assert (lattice.there(values)[-3:] == values[-1]).all()


def test_scans_longer_than_a_crop_are_no_crop(card):
    region = Region.of(card)
    assert len(regions.crop_places(VolumeGrid((60, 30, 30), np.eye(4)), region)[""]) == 3
    assert regions.crop_places(VolumeGrid((61, 30, 30), np.eye(4)), region) == {}


def test_the_scale_of_a_scan_does_not_matter():
    values = np.random.default_rng(0).gamma(4, 1, (9, 9, 9)).astype(np.float32)
    assert regions.scale(values * 5000 + 80) == pytest.approx(regions.scale(values), abs=1e-3)
    assert (regions.scale(np.full((3, 3, 3), 7, np.float32)) == 0).all()


def test_places_run_from_end_to_end():
    image, right, front, up = regions.with_places(np.full((3, 5, 4), 7, np.float32))
    assert (image == 7).all()
    assert right[:, 0, 0].tolist() == [-1, 0, 1]
    assert front[0, :, 0].tolist() == [-1, -0.5, 0, 0.5, 1]
    assert (up[..., 0] == -1).all()


def test_a_mirrored_box_is_shown_mirrored_and_its_labels_turned_back(card):
    """A network that sees only what lies in the left half of its box."""

    class LeftHalf(Bright):
        def __call__(self, batch):
            return super().__call__(np.where(batch[:, 1:2] < 0, batch, 0))

    volume = scan((24, 24, 24), np.eye(4), (17, 12, 12))
    lattice = Lattice.around(volume.grid, (11.5, 11.5, 11.5), (24, 24, 24), 1.0, 2)
    plain, mirrored = (
        regions.look(volume.data, lattice, LeftHalf(), card, way) for way in (False, True)
    )
    assert plain.ml(volume.grid) == 0
    assert mirrored.ml(volume.grid) == pytest.approx(BALL_ML, rel=0.1)
    assert mirrored.center() == pytest.approx((17, 12, 12), abs=0.5)
    assert mirrored.sureness > plain.sureness
