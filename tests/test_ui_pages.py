"""Each page as Streamlit runs it, without a browser."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from tiny_models import scene_card
from web_case import LPS, Server, write_volume
from workspace import draw, finish_run, finished_run

from segviz import jobs, opening, viewers, workbench
from segviz.findings import areas as finding_areas
from segviz.inference import catalog, pictures
from segviz.inference.pictures import Picture
from segviz.settings import Settings
from segviz.ui import frame, review, since
from segviz.web import downloads

PAGES = Path(__file__).parent.parent / "pages"


@pytest.fixture(autouse=True)
def environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages see the test's workspace; no worker is started and no viewer need be built."""
    given = server.store.settings
    monkeypatch.setattr(frame.settings, "load", lambda: given)
    monkeypatch.setattr(jobs, "ensure_worker", lambda settings: None)
    monkeypatch.setattr(viewers, "inline", lambda name: f"// {name}\nexport default () => {{}}")


def run(page: str, **query: str) -> AppTest:
    """A page inside its frame, as a link straight to it opens it."""
    test = AppTest.from_file(PAGES / "navigation.py", default_timeout=30)
    if page != "cases":
        test = test.switch_page(f"{page}.py")
    for name, value in query.items():
        test.query_params[name] = value
    return test.run()


def text(test: AppTest) -> str:
    """All HTML and Markdown of a page."""
    parts = [element.proto.body for element in test.get("html")]
    return " ".join([*parts, *(element.value for element in test.markdown)])


def components(test: AppTest) -> list[str]:
    return [element.proto.component_name for element in test.get("bidi_component")]


def places(test: AppTest) -> dict[tuple[str, str], tuple[int, ...]]:
    """Where the first popover, button, choice and component of each name stands on a page."""
    found: dict[tuple[str, str], tuple[int, ...]] = {}

    def walk(node: Any, above: tuple[int, ...]) -> None:
        for index, child in node.children.items():
            path = (*above, index)
            if child.type in ("button", "selectbox", "expander"):
                found.setdefault((child.type, child.label), path)
            elif child.type == "popover":
                found.setdefault((child.type, child.proto.popover.label), path)
            elif child.type == "bidi_component":
                found.setdefault((child.type, child.proto.component_name), path)
            if hasattr(child, "children"):
                walk(child, path)

    walk(test.main, ())
    return found


def paint(server: Server, number: int, label: int, radius: float = 5.0) -> None:
    bench = workbench.get(server.store, server.scene.visits[number].id)
    draw(
        bench,
        "brush",
        label,
        [[50, 50]],
        radius,
        base_revision=bench.revision,
        uuid=f"{number}-{label}",
    )


@pytest.mark.parametrize("page", ["cases", "review", "change", "accuracy", "models"])
def test_each_page_stands_in_its_frame(page: str):
    test = run(page)
    assert not test.exception
    assert frame.NOTICE in text(test)


def test_the_worklist_shows_all_cases_and_finds_one():
    test = run("cases")
    labels = [element.proto.label for element in test.get("page_link")]
    assert "**Patient A**" in labels and "**Place B**" in labels
    test.text_input[0].set_value("place").run()
    labels = [element.proto.label for element in test.get("page_link")]
    assert "**Place B**" in labels and "**Patient A**" not in labels
    assert components(test) == ["segviz_upload"]


def test_no_picture_goes_through_streamlits_media_files(server: Server):
    test = run("cases")
    assert f"/sv/cases/{server.volume.id}/" in text(test)
    assert not test.get("imgs")


def pick(server: Server, name: str) -> AppTest:
    """The first file of the server's folder, chosen and named."""
    test = run("cases")
    test.multiselect[0].set_value([test.multiselect[0].options[0]])
    press(test, "Continue")
    field(test, "Name of the new case").set_value(name)
    return press(test, "Open")


def press(test: AppTest, label: str) -> AppTest:
    return next(button for button in test.button if button.label == label).click().run()


def field(test: AppTest, label: str):
    return next(found for found in test.text_input if found.label == label)


def test_a_file_of_the_servers_folder_is_opened_once_its_question_is_answered(server: Server):
    folder = server.store.settings.data
    folder.mkdir()
    nib.save(nib.Nifti1Image(np.zeros((4, 5, 6, 3), np.int16), LPS), folder / "stack.nii.gz")
    test = pick(server, "Stack")
    test.radio[0].set_value(test.radio[0].options[1])
    press(test, "Use this and open")
    newest = server.store.cases()[0]
    assert newest.name == "Stack" and newest.visits[0].answers


def test_a_file_that_is_refused_leaves_the_worklist_as_it_is(server: Server):
    folder = server.store.settings.data
    folder.mkdir()
    (folder / "broken.nii.gz").write_bytes(b"not a scan")
    test = pick(server, "Broken")
    assert "SV-NII-001" in text(test) and not test.exception
    assert len(server.store.cases()) == 2
    labels = [element.proto.label for element in test.get("page_link")]
    assert "**Patient A**" in labels


@pytest.mark.parametrize("page", ["review", "change"])
def test_a_page_without_a_case_lets_one_be_chosen(page: str):
    labels = [element.proto.label for element in run(page).get("page_link")]
    assert any("Patient A" in label for label in labels)


def test_a_link_to_a_case_that_is_gone_is_told_in_a_sentence():
    test = run("review", case="gone-gone-gone-gone")
    assert not test.exception
    assert "SV-CASE-025" in text(test)


def test_review_of_a_volume(server: Server):
    test = run("review", case=server.volume.id)
    assert not test.exception
    assert components(test)[0] == "segviz_volume"
    assert "Lesion" in text(test) and "0.00 ml" in text(test)
    for file in downloads.FOR_WORLD["volume"]:
        assert f"download/{file}" in text(test)


def test_review_says_what_people_did_to_what_the_model_said(
    server: Server, monkeypatch: pytest.MonkeyPatch
):
    visit = server.volume.visits[0]
    job, result = finished_run(server.store, visit.id, np.full((5, 6, 7), 255, np.uint8), 0.5)
    workbench.adopt(server.store, visit.id, job, result)
    bench = workbench.get(server.store, visit.id)
    assert "by people" not in text(run("review", case=server.volume.id))
    cells = np.arange(10)
    bench.edit_cells(cells, np.zeros(10, np.uint8), base_revision=1, uuid="e", tool="eraser")
    line = "Since lesions 1.0: −0.24 ml by people; Dice to its answer 0.98"
    assert line in text(run("review", case=server.volume.id))

    monkeypatch.setattr(since, "QUICK_CELLS", 100)
    large = run("review", case=server.volume.id)
    assert "by people" not in text(large)
    press(large, "Compare with the model's answer")
    assert line in text(large)
    assert line in text(large.run())
    bench.undo(2, "u")
    assert "by people" not in text(large.run())


def test_review_of_a_scene_follows_the_visit_in_its_address(server: Server):
    first = server.scene.visits[0].id
    paint(server, 0, 1)
    test = run("review", case=server.scene.id, visit=first)
    assert not test.exception
    assert components(test)[0] == "segviz_map"
    assert first in test.get("bidi_component")[0].proto.json
    assert "forest" in text(test) and "0.81 ha" in text(test)


def test_areas_of_a_scene_and_a_definition_of_forest(server: Server):
    paint(server, 0, 1)
    first = {"case": server.scene.id, "visit": server.scene.visits[0].id}
    test = run("review", **first)
    assert "Area to measure in" in text(test)
    corners = [[0, 0], [300, 0], [300, 300], [0, 300]]
    grid = server.scene.visits[0].grid
    finding_areas.keep_drawn(server.store, server.scene.id, grid, corners, "Dr A")
    test = run("review", **first)
    assert not test.exception
    assert "Area 1" in text(test) and "900.7" in text(test) and "no data 0 %" in text(test)
    assert "areas.csv" in text(test)
    assert "/areas?of=1" in test.get("bidi_component")[0].proto.json
    choose = next(box for box in test.selectbox if box.label == "Definition of forest")
    choose.set_value("fao").run()
    assert "Harvest with regrowth is not deforestation." in text(test)
    press(test, "Remove")
    assert "Area to measure in" in text(test)


def test_the_viewers_data_stay_the_same_while_a_mask_is_edited(server: Server):
    test = run("review", case=server.scene.id)
    before = test.get("bidi_component")[0].proto.json
    paint(server, 1, 1)
    test.run()
    assert test.get("bidi_component")[0].proto.json == before
    assert "0.81 ha" in text(test)


def test_what_stands_below_keeps_its_place_as_the_panel_grows(server: Server):
    before = places(run("review", case=server.scene.id))
    paint(server, 1, 1)
    test = run("review", case=server.scene.id)
    after = places(test)
    assert {("popover", "Upload areas"), ("bidi_component", "segviz_history")} <= before.keys()
    assert {name: after[name] for name in before} == before
    cards = catalog.models(server.store.settings)
    choose = next(box for box in test.selectbox if box.label == "Model")
    choose.set_value(next(card for card in cards if card.name == "k-means")).run()
    assert test.slider
    assert {name: places(test)[name] for name in before} == before

    corners = [[0, 0], [300, 0], [300, 300], [0, 300]]
    grid = server.scene.visits[1].grid
    finding_areas.keep_drawn(server.store, server.scene.id, grid, corners, "Dr A")
    test = run("review", case=server.scene.id)
    assert "Area 1" in text(test)
    assert {name: places(test)[name] for name in before} == before


def test_running_a_model_puts_a_job_in_the_queue(server: Server):
    test = run("review", case=server.scene.id)
    next(button for button in test.button if button.label == "Run").click().run()
    (job,) = jobs.of_visit(server.store, server.scene.visits[-1].id)
    assert job.kind == "segment" and job.is_open
    next(button for button in test.button if button.label == "Cancel").click().run()
    assert jobs.status(server.store, job.id).state == "cancelled"


def test_a_run_that_ends_while_the_page_is_drawn_is_not_missed(
    server: Server, monkeypatch: pytest.MonkeyPatch
):
    visit = server.volume.visits[0]
    test = run("review", case=server.volume.id)
    job = jobs.submit(server.store, "segment", visit.id, {"model": "lesions", "threshold": 0.5})
    assert "Nothing is marked yet" in text(test.run())
    show_picture = review.show_picture

    def show_and_end(*args: Any) -> None:
        show_picture(*args)
        if jobs.status(server.store, job).is_open:
            finish_run(server.store, visit.id, job, np.full((5, 6, 7), 255, np.uint8), 0.5)

    monkeypatch.setattr(review, "show_picture", show_and_end)
    shown = text(test.run())
    assert "Mask: lesions 1.0" in shown and "Nothing is marked yet" not in shown


def test_strokes_are_counted_and_learnt_from(server: Server):
    visit = server.scene.visits[-1]
    assert "Paint a few strokes of each label" in text(run("review", case=server.scene.id))
    paint(server, 1, 1)
    bench = workbench.get(server.store, visit.id)
    test = run("review", case=server.scene.id)
    learn = next(button for button in test.button if button.label == "Learn")
    assert learn.disabled and "samples of one alone" in text(test)
    draw(bench, "brush", 2, [[200, 300]], 2, base_revision=bench.revision, uuid="other")
    test = run("review", case=server.scene.id)
    assert "Only one stroke of forest, other" in text(test)
    next(button for button in test.button if button.label == "Learn").click().run()
    (job,) = jobs.of_visit(server.store, visit.id)
    assert job.kind == "learn" and job.is_open
    assert job.params["model"] == f"learnt-{server.scene.id[:8]}"
    assert len(job.params["strokes"][0]["entries"]) == 2


def test_a_lesson_says_how_well_it_went(server: Server):
    visit = server.scene.visits[-1]
    paint(server, 1, 1)
    job = jobs.submit(server.store, "learn", visit.id, {"model": "learnt"})
    values = {"all labels": 0.914, "forest": 0.87}
    server.store.queue.finish(job, "done", result={"metrics": [{"values": values}]})
    paint(server, 1, 2, radius=1.0)
    shown = text(run("review", case=server.scene.id))
    assert "91 % of the cells in strokes held back" in shown
    assert "87 %" in shown


def test_a_scan_can_be_given_a_label_for_its_background(server: Server):
    test = run("review", case=server.volume.id)
    assert "What you erase counts as background" in text(test)
    next(b for b in test.button if b.label == "Add the label background").click().run()
    legend = workbench.get(server.store, server.volume.visits[0].id).legend
    assert [label.name for label in legend] == ["Lesion", "background"]


def test_a_model_of_another_case_is_not_offered(server: Server, workspace_settings: Settings):
    for name, case in (("learnt-here", server.scene.id), ("learnt-there", server.volume.id)):
        file = scene_card(workspace_settings.home / "models" / name, case=case).folder
        file /= catalog.METADATA
        file.write_text(file.read_text().replace("Two covers", name))
    test = run("review", case=server.scene.id)
    models = next(box for box in test.selectbox if box.label == "Model")
    assert "learnt-here" in models.options and "learnt-there" not in models.options


def test_a_status_is_kept(server: Server):
    test = run("review", case=server.volume.id)
    status = next(box for box in test.selectbox if box.label == "Status")
    status.set_value("reviewed").run()
    assert server.store.case(server.volume.id).status == "reviewed"


def test_a_new_label_can_be_painted(server: Server):
    test = run("review", case=server.volume.id)
    next(field for field in test.text_input if field.label == "Name").set_value("Oedema")
    next(button for button in test.button if button.label == "Add").click().run()
    legend = workbench.get(server.store, server.volume.visits[0].id).legend
    assert [label.name for label in legend] == ["Lesion", "Oedema"]


def test_change_needs_two_visits(server: Server):
    assert "One visit has no change" in text(run("change", case=server.volume.id))


def test_change_of_a_scene_balances(server: Server):
    paint(server, 0, 1, radius=5.0)
    paint(server, 1, 1, radius=3.0)
    paint(server, 1, 2, radius=1.0)
    test = run("change", case=server.scene.id)
    assert not test.exception
    assert components(test) == ["segviz_map"]
    shown = text(test)
    assert "−0.050 ha" in shown and "Tree-cover loss is not deforestation" in shown
    assert "29 pixels with a class on both dates" in shown


def test_choices_of_the_ledger_are_kept(server: Server, tmp_path: Path):
    path = write_volume(tmp_path / "scan_2022-05-02.nii.gz")
    opening.open_files(server.store, [path], case_id=server.volume.id)
    case = server.store.case(server.volume.id)
    for visit in case.visits:
        workbench.get(server.store, visit.id).edit_cells(
            np.arange(8), np.ones(8, np.uint8), base_revision=0, uuid=visit.id
        )
    test = run("change", case=case.id)
    assert not test.exception
    choose = next(box for box in test.selectbox if box.label == "Criterion")
    choose.set_value("recist-1.1").run()
    next(box for box in test.number_input if "ledger" in box.key).set_value(0.0).run()
    again = run("change", case=case.id)
    assert next(box for box in again.selectbox if box.label == "Criterion").value == "recist-1.1"
    assert next(box for box in again.number_input if "ledger" in box.key).value == 0.0
    (kept,) = server.store.records(case.id, "follow-up")
    assert (kept.body["criterion"], kept.body["smallest_mm3"]) == ("recist-1.1", 0.0)


def test_change_of_volumes(server: Server, tmp_path: Path):
    path = write_volume(tmp_path / "scan_2022-05-02.nii.gz")
    opening.open_files(server.store, [path], case_id=server.volume.id)
    case = server.store.case(server.volume.id)
    for number, visit in enumerate(case.visits):
        cells = [0, 1, 2][: number + 1]
        workbench.get(server.store, visit.id).edit_cells(
            np.array(cells), np.ones(len(cells), np.uint8), base_revision=0, uuid=visit.id
        )
    test = run("change", case=case.id)
    assert not test.exception
    assert components(test) == ["segviz_compare"]
    assert "+100 %" in text(test) and "2022-05-02" in text(test)


def test_models_show_their_cards():
    shown = text(run("models"))
    assert "Otsu" in shown and "Where it fails" in shown


def test_a_name_is_never_markup(server: Server):
    server.store.add_case("<img src=x onerror=alert(1)>", "volume")
    case = server.store.cases()[0]
    opening.open_files(
        server.store, server.store.files(server.volume.visits[0].id), case_id=case.id
    )
    for page in ("review", "change", "cases"):
        assert "<img src=x" not in text(run(page, case=case.id))


def test_review_tells_what_the_last_run_said(server: Server):
    visit = server.volume.visits[0]
    finished_run(server.store, visit.id, np.zeros((5, 6, 7), np.uint8), 0.5)
    shown = text(run("review", case=server.volume.id))
    assert "None found." in shown and "Last run: lesions 1.0" in shown


FAR_AWAY = {"source": "far-away", "bytes": 900_000}


def model(server: Server, monkeypatch: pytest.MonkeyPatch, **metadata: object) -> Path:
    """A models folder with one card, a copy of Otsu's with changes."""
    known = server.store.settings.models / "otsu" / "metadata.json"
    folder = server.store.home / "other models" / "one"
    folder.mkdir(parents=True)
    text = json.dumps(json.loads(known.read_text()) | metadata)
    (folder / "metadata.json").write_text(text)
    given = replace(server.store.settings, models=folder.parent)
    monkeypatch.setattr(frame.settings, "load", lambda: given)
    return folder


def test_models_are_filtered_by_world(server: Server, monkeypatch: pytest.MonkeyPatch):
    model(server, monkeypatch, name="Only scans", kind="volume")
    test = run("models")
    assert "Only scans" in text(test)
    test.segmented_control[0].set_value("land").run()
    assert "Only scans" not in text(test)


def test_a_model_without_its_weights_says_how_to_get_them(
    server: Server, monkeypatch: pytest.MonkeyPatch
):
    model(server, monkeypatch, method="network", kind="volume", fetched=FAR_AWAY)
    assert "<code>segviz models add far-away</code>" in text(run("models"))
    shown = text(run("review", case=server.volume.id))
    assert "1 model not offered" in shown and "segviz models add far-away" in shown


def test_rows_by_patient_unfold_and_sums_are_shown(server: Server, monkeypatch: pytest.MonkeyPatch):
    rows = [
        {"data": f"patient {n}", "measure": "Dice", "values": {"tumour": n / 10}} for n in range(5)
    ]
    mean = {"data": "mean of 5 patients", "measure": "Dice", "values": {"tumour": 0.2}}
    model(server, monkeypatch, eval_metrics=[*rows, mean])
    shown = text(run("models"))
    assert shown.index("mean of 5 patients") < shown.index("One by one: 5 rows")
    assert shown.index("One by one") < shown.index("patient 3") and "0.300" in shown


def test_a_card_shows_its_pictures_by_an_address_of_ours(
    server: Server, monkeypatch: pytest.MonkeyPatch
):
    folder = model(server, monkeypatch)
    body = b"RIFF....WEBPpicture"
    picture = Picture.of("failure", "It <fails>", "nobody", (3, 4, 3), body)
    pictures.keep(folder, "", [(picture, body)])
    shown = text(run("models"))
    assert "It &lt;fails&gt;" in shown
    address = re.search(r'src="(/sv/models/[^"]+/one/failure\.webp\?v=\w{16})"', shown)
    assert address


def test_models_of_a_case_are_left_to_their_case(server: Server, monkeypatch: pytest.MonkeyPatch):
    model(server, monkeypatch, case="some-case", name="Learnt there")
    assert "Learnt there" not in text(run("models"))


def test_many_rows_that_nothing_sums_up_are_shown_in_part(
    server: Server, monkeypatch: pytest.MonkeyPatch
):
    rows = [
        {"data": f"summer {n}", "measure": "forest", "values": {"bias %": 3.5 * n}}
        for n in range(1, 10)
    ]
    model(server, monkeypatch, eval_metrics=rows)
    shown = text(run("models"))
    assert shown.index("summer 6") < shown.index("One by one: 3 rows") < shown.index("summer 7")
    assert "<td>3.5</td>" in shown and "<td>31.5</td>" in shown
