"""What the numbers of a scene mean."""

from datetime import date

import numpy as np
import pytest
from fake_scenes import ArrayScene

from segviz.errors import Refused
from segviz.inference.reflectance import Evidence, Scale, decide_offset, evidence_of, judge
from segviz.inference.run import Run

AFTER, BEFORE = date(2022, 6, 1), date(2018, 6, 1)


def forest(offset=0, dtype=np.uint16):
    """Red 300 and near infrared 3500 with some spread, as dense forest has."""
    rng = np.random.default_rng(0)
    values = np.stack([rng.normal(mean, 30, (40, 40)) for mean in (300, 3500)])
    return (values + offset).astype(dtype)


def judged(values, when=None, tags=(), **options):
    scene = ArrayScene(values, channels=("B4", "B8"), tags=tags)
    scene.when = when
    run = Run(options=options)
    return judge(scene, [0, 1], run), run.notes[0]


@pytest.mark.parametrize("offset", [0, 1000])
def test_reflectance_is_the_same_with_and_without_the_added_1000(offset):
    scale, said = judged(forest(offset))
    assert scale == Scale(1.0, offset)
    assert scale.reflectance(forest(offset)) == pytest.approx(forest(), abs=1)
    assert ("1000 of every value were taken off" in said) == bool(offset)


def test_fractions_are_put_on_the_same_scale():
    scale, said = judged(forest(1000).astype(np.float32) / 10_000)
    assert scale == Scale(10_000.0, 1000.0)
    assert scale.reflectance(np.array([0.13])) == pytest.approx([300])
    assert "from 0 to 1" in said


@pytest.mark.parametrize(
    ("tags", "when", "darkest", "offset", "said"),
    [
        ({"BOA_ADD_OFFSET_B4": "-1000"}, None, 1200, 1000, "BOA_ADD_OFFSET_B4 is -1000"),
        ({"RADIO_ADD_OFFSET": "-1000"}, BEFORE, 1200, 1000, "RADIO_ADD_OFFSET is -1000"),
        ({"BOA_ADD_OFFSET": "0"}, AFTER, 1200, 0, "BOA_ADD_OFFSET is 0"),
        ({"BOA_ADD_OFFSET": "-1000"}, None, 250, 0, "taken off before"),
        ({"PROCESSING_BASELINE": "05.10"}, BEFORE, 1200, 1000, "baseline 05.10"),
        ({"PROCESSING_BASELINE": "05.10"}, AFTER, 250, 0, "taken off before"),
        ({"PROCESSING_BASELINE": "02.12"}, AFTER, 1900, 0, "baseline 02.12"),
        ({"PROCESSING_BASELINE": "02.12"}, BEFORE, 1200, 0, "set offset=1000"),
        ({}, AFTER, 250, 0, "below what an offset leaves"),
        ({}, AFTER, 1200, 1000, "after baseline 04.00 came"),
        ({}, BEFORE, 1200, 1000, "set offset=0"),
        ({}, AFTER, 2500, 1000, "set offset=0 if the file was harmonised"),
        ({}, None, 2500, 0, "could not be decided"),
    ],
)
def test_the_evidence_for_an_offset(tags, when, darkest, offset, said):
    found, why = decide_offset(tags, when, Evidence(darkest))
    assert found == offset
    assert said in why


@pytest.mark.parametrize(
    ("offset", "suggested"), [(0, False), (1000, True)], ids=["as it is", "with 1000"]
)
def test_dense_vegetation_tells_an_offset_where_nothing_is_dark(offset, suggested):
    """Forest seen through the air: red 480, near infrared 3000; no water, no shadow."""
    cells = np.array([[480, 520, 500, 490] * 50, [3000, 3300, 3100, 2900] * 50]) + offset
    evidence = evidence_of(cells.astype(float), ("red", "nir"))
    assert evidence.vegetation == pytest.approx(480 + offset, abs=10)
    assert evidence.suggests_offset is suggested
    assert decide_offset({}, None, evidence)[0] == offset


def test_bare_ground_says_nothing_of_an_offset():
    cells = np.array([[2300.0] * 100, [3100.0] * 100])
    evidence = evidence_of(cells, ("red", "nir"))
    assert evidence.vegetation is None
    assert not evidence.suggests_offset
    assert not evidence.excludes_offset


def test_the_option_overrules_all_evidence():
    scale, said = judged(forest(), tags={"BOA_ADD_OFFSET": "0"}, offset="1000")
    assert scale.offset == 1000
    assert "as chosen" in said
    with pytest.raises(Refused, match="auto, 0, 1000") as error:
        judged(forest(), offset="500")
    assert error.value.code == "SV-RUN-009"


@pytest.mark.parametrize(
    "values",
    [
        (forest() / 20).astype(np.uint8),
        (forest() / 20).astype(np.uint16),
        (forest() / 100).astype(np.float32),
    ],
    ids=["8 bit", "8 bit in 16", "per cent"],
)
def test_a_picture_is_no_reflectance(values):
    with pytest.raises(Refused, match="picture rather than reflectance") as error:
        judged(values)
    assert error.value.code == "SV-RUN-008"


def test_no_data_is_no_evidence():
    values = forest(1000)
    values[:, :20] = 0
    scene = ArrayScene(values, channels=("B4", "B8"))
    scene.valid[:20] = False
    assert judge(scene, [0, 1], Run()).offset == 1000
    scene.valid[:] = False
    assert judge(scene, [0, 1], Run()) == Scale(1.0, 0.0)


def test_a_glint_hides_no_fractions_and_a_dark_corner_makes_none():
    fractions = np.full((3, 20, 20), 0.2, np.float32)
    fractions[:, 3, 3] = 7
    assert judge(ArrayScene(fractions), [0, 1, 2], Run()).gain == 10_000
    thousands = fractions * 10_000
    thousands[:, :8, :8] = 1
    assert judge(ArrayScene(thousands), [0, 1, 2], Run()).gain == 1
