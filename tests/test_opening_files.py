"""Which files become which visits."""

from __future__ import annotations

import json
import zipfile
from datetime import date
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from web_case import LPS, write_scenes, write_volume

from segviz import jobs, opening, store
from segviz.errors import Question, Refused
from segviz.image import Volume
from segviz.opening import files
from segviz.settings import Settings
from segviz.store import Store


@pytest.fixture
def workspace(workspace_settings: Settings) -> Store:
    return store.open(workspace_settings)


def test_each_scene_is_a_date(workspace: Store, tmp_path: Path):
    case = opening.open_files(workspace, reversed(write_scenes(tmp_path)), name="Place")
    assert case.world == "scene"
    assert [visit.when for visit in case.visits] == [date(2018, 7, 1), date(2020, 7, 1)]
    assert [visit.name for visit in case.visits] == ["2018-07-01", "2020-07-01"]
    assert all(len(visit.sha256) == 64 for visit in case.visits)


def test_a_scan_takes_its_date_from_its_name_and_can_be_given_another(
    workspace: Store, tmp_path: Path
):
    path = write_volume(tmp_path / "DOE_JOHN_2021-05-02.nii.gz")
    case = opening.open_files(workspace, [path])
    assert case.name == "New study"
    assert case.visits[0].name == "2021-05-02"
    case = opening.open_files(workspace, [path], case_id=case.id, when=date(2022, 1, 3))
    assert [visit.name for visit in case.visits] == ["2021-05-02", "2022-01-03"]


def test_two_visits_of_one_day_are_told_apart(workspace: Store, tmp_path: Path):
    path = write_volume(tmp_path / "a_2021-05-02.nii.gz")
    case = opening.open_files(workspace, [path])
    case = opening.open_files(workspace, [path], case_id=case.id)
    case = opening.open_files(workspace, [path], case_id=case.id)
    names = [visit.name for visit in case.visits]
    assert names == ["2021-05-02", "2021-05-02 (2)", "2021-05-02 (3)"]


def test_a_year_alone_is_said_to_be_one(workspace: Store, tmp_path: Path):
    path = write_volume(tmp_path / "land_1985.nii.gz")
    (visit,) = opening.open_files(workspace, [path]).visits
    assert visit.name == "1985" and visit.when == date(1985, 1, 1)
    assert any(note.startswith("Only the year 1985") for note in visit.notes)


def test_an_upload_has_the_name_it_was_sent_under(workspace: Store):
    _, folder = workspace.new_upload()
    path = write_volume(folder / "00000.nii.gz")
    (folder / "names").mkdir()
    kept = folder / "names" / "00000.nii.gz.json"
    kept.write_text(json.dumps({"name": "head 2019-04-01.nii.gz"}))
    assert opening.open_files(workspace, [path]).visits[0].when == date(2019, 4, 1)


def test_a_zip_and_a_folder_are_the_files_in_them(workspace: Store, tmp_path: Path):
    inside = tmp_path / "study"
    inside.mkdir()
    path = write_volume(inside / "a.nii.gz")
    (inside / "readme.txt").write_text("nothing to see")
    with zipfile.ZipFile(tmp_path / "study.zip", "w") as packed:
        packed.write(path, "deep/a.nii.gz")
    found = files.groups(workspace, [inside, tmp_path / "study.zip"])
    assert [len(group) for group in found] == [1, 1]
    assert found[0] == [path]


def test_files_that_are_no_images_are_refused(workspace: Store, tmp_path: Path):
    (tmp_path / "a.txt").write_text("text")
    with pytest.raises(Refused):
        opening.open_files(workspace, [tmp_path / "a.txt"])
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(Refused, match="no image"):
        opening.open_files(workspace, [empty])
    assert workspace.cases() == []


def test_scans_and_scenes_are_not_mixed(workspace: Store, tmp_path: Path):
    scan = write_volume(tmp_path / "a.nii.gz")
    with pytest.raises(Refused, match="one case"):
        opening.open_files(workspace, [scan, *write_scenes(tmp_path)])
    assert workspace.cases() == []


def test_all_series_of_a_study_become_visits_but_those_that_cannot(
    workspace: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = write_volume(tmp_path / "a.nii.gz")
    whole = files.open_image([path], {})

    def open_series(paths: list[Path], answers: dict[str, str]) -> Volume:
        if "series" not in answers:
            raise Question("SV-DCM-010", "Which?", "series", {"1": "T1", "2": "scout", "3": "T2"})
        if answers["series"] == "2":
            raise Refused("SV-DCM-013", "A scout has no volume.")
        assert isinstance(whole, Volume)
        return whole

    monkeypatch.setattr(files, "open_image", open_series)
    found = list(files.read([path], {}))
    assert [image.notes[0] for image in found] == ["T1", "T2"]
    assert all(image.answers == {} for image in found)


def test_another_question_is_asked(workspace: Store, tmp_path: Path):
    path = tmp_path / "stack.nii.gz"
    nib.save(nib.Nifti1Image(np.zeros((4, 5, 6, 3), np.int16), LPS), path)
    with pytest.raises(Question) as asked:
        opening.open_files(workspace, [path])
    case = opening.open_files(workspace, [path], answers={asked.value.key: "1"})
    assert case.visits[0].answers == {asked.value.key: "1"}


def test_what_the_first_look_needs_is_there(workspace: Store, tmp_path: Path):
    case = opening.open_files(workspace, [write_volume(tmp_path / "a.nii.gz")])
    folder = workspace.folder(case.visits[0].id)
    assert {path.name for path in folder.iterdir()} >= {"display.json", "volume.nii.gz"}
    assert opening.display(workspace, case.visits[0]).window is not None
    scene = opening.open_files(workspace, write_scenes(tmp_path))
    low, high = opening.display(workspace, scene.visits[0]).stretch["red"]
    assert 1 <= low < high <= 200
    assert jobs.of_visit(workspace, scene.visits[0].id) == []
