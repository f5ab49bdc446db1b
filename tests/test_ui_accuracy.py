"""The Accuracy page without a browser: draw, read, results; and its pure parts."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from web_case import Server

from segviz import jobs, viewers, workbench
from segviz.case import Record
from segviz.findings import accuracy as finding
from segviz.findings import samples
from segviz.io import table
from segviz.mask import Legend, Mask
from segviz.ui import accuracy, blocks, frame, interpretation

PAGES = Path(__file__).parent.parent / "pages"
LEGEND = Legend.named("forest", "cleared")
FOREST, CLEARED = 1, 2


@pytest.fixture(autouse=True)
def environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    given = server.store.settings
    monkeypatch.setattr(frame.settings, "load", lambda: given)
    monkeypatch.setattr(jobs, "ensure_worker", lambda settings: None)
    monkeypatch.setattr(viewers, "inline", lambda name: f"// {name}\nexport default () => {{}}")


def map_of(server: Server, number: int = -1, edge: int = 350) -> None:
    """Forest left of a column and cleared land right of it, as the mask of a visit."""
    visit = server.scene.visits[number]
    labels = np.full((600, 700), CLEARED, np.uint8)
    labels[:, :edge] = FOREST
    bench = workbench.get(server.store, visit.id)
    mask = Mask(visit.grid, labels, LEGEND, "a rule")
    bench.replace_by(mask, title="Import", uuid=f"{visit.id}-{bench.revision}")


def run(server: Server, case: str = "") -> AppTest:
    test = AppTest.from_file(PAGES / "navigation.py", default_timeout=30)
    test = test.switch_page("accuracy.py")
    test.query_params["case"] = case or server.scene.id
    return test.run()


def text(test: AppTest) -> str:
    return " ".join(element.proto.body for element in test.get("html"))


def press(test: AppTest, label: str) -> AppTest:
    return next(button for button in test.button if button.label == label).click().run()


def drawn(server: Server, points: int = 3) -> Record:
    map_of(server)
    visit = server.scene.visits[-1]
    of = {"layer": visit.id, "revision": workbench.get(server.store, visit.id).revision}
    wanted = {FOREST: points, CLEARED: points}
    return samples.draw(server.store, server.scene.id, of, wanted, 1, {}, "Dr A")


def test_a_scan_has_no_sample(server: Server) -> None:
    assert "A sample of points is for maps" in text(run(server, server.volume.id))


def test_a_place_without_a_map_says_what_to_do(server: Server) -> None:
    assert "No date has a map yet" in text(run(server))


def test_a_sample_is_designed_and_drawn(server: Server) -> None:
    map_of(server)
    test = run(server)
    assert not test.exception
    points = [box for box in test.number_input if box.label.startswith("Points in ")]
    assert [box.label for box in points] == ["Points in forest", "Points in cleared"]
    assert sum(box.value for box in points) == 225
    points[0].set_value(4).run()
    points = [box for box in test.number_input if box.label.startswith("Points in ")]
    points[1].set_value(3).run()
    press(test, "Draw the sample")
    (sample,) = server.store.records(server.scene.id, samples.SAMPLE)
    assert [row["points"] for row in sample.body["strata"]] == [4, 3]
    assert sample.body["design"]["rule"] == "at least 50"
    assert "0 of 7 read" in text(test)


def test_fewer_than_two_points_are_refused_in_a_sentence(server: Server) -> None:
    map_of(server)
    test = run(server)
    box = next(box for box in test.number_input if box.label == "Points in forest")
    box.set_value(1).run()
    assert "SV-NUM-072" in text(test)
    assert not any(button.label == "Draw the sample" for button in test.button)


def test_points_are_read_one_after_another(server: Server) -> None:
    sample = drawn(server)
    test = run(server)
    assert "0 of 6 read" in text(test) and "Point 1<" in text(test)
    press(test, "forest")
    assert "1 of 6 read" in text(test) and "Point 2<" in text(test)
    kept = samples.readings(server.store, sample)
    assert [(p, r[0].body["label"], r[0].body["confidence"]) for p, r in kept.items()] == [
        (0, FOREST, "high")
    ]
    press(test, "Confidence: high")
    press(test, "Cannot tell")
    body = samples.readings(server.store, sample)[1][0].body
    assert (body["label"], body["why"], body["confidence"]) == (None, "cannot tell", "medium")
    assert "Confidence: high" in [button.label for button in test.button]
    press(test, "Back")
    assert "Point 2<" in text(test)
    press(test, "cleared")
    assert samples.readings(server.store, sample)[1][0].body["label"] == CLEARED
    assert "Point 3<" in text(test)


def test_a_press_belongs_to_the_point_on_the_screen(server: Server) -> None:
    """Buttons of two points are not the same widget, so a late press reads nothing unseen."""
    drawn(server)
    test = run(server)
    before = {button.key for button in test.button if button.label in ("forest", "cleared")}
    press(test, "forest")
    after = {button.key for button in test.button if button.label in ("forest", "cleared")}
    assert len(before) == len(after) == 2 and not before & after


def test_every_action_of_reading_has_a_key(server: Server) -> None:
    drawn(server)
    keys = {button.label: button.proto.shortcut for button in run(server).button}
    assert {name: keys[name].lower() for name in ("forest", "cleared", "Cannot tell", "Back")} == {
        "forest": "1",
        "cleared": "2",
        "Cannot tell": "0",
        "Back": "b",
    }


def test_a_reader_is_not_told_what_the_map_says(server: Server) -> None:
    """The page of a point is the same whatever stratum it was drawn from, but for its place."""
    sample = drawn(server)
    body = json.loads(json.dumps(sample.body))
    for point in body["points"]:
        point["stratum"] = 3 - point["stratum"]
    twin = server.store.add_record(server.scene.id, samples.SAMPLE, "twin", body, sample.author)
    one, two = (
        interpretation.pictures(server.store, server.store.case(server.scene.id), each, 0)
        for each in (sample, twin)
    )
    assert one == two
    assert "mask" not in one and "layers" not in one
    assert interpretation.question(server.store, sample) == "What is in the frame on 2020-07-01?"


def read_all(server: Server, sample: Record) -> None:
    for number, point in enumerate(sample.body["points"]):
        samples.keep_reading(server.store, sample, number, point["stratum"], author="Dr A")


def test_results_stand_beside_the_map(server: Server) -> None:
    sample = drawn(server)
    read_all(server, sample)
    shown = text(run(server))
    assert "Mapped, ha" in shown and "Estimated, ha" in shown
    assert "No point was found to be mapped wrongly" in shown
    assert "✓ All points are read" in shown and "6 of 6" in shown
    assert "Points that agree, not weighted by area: 100.0 %." in shown


def test_a_second_reader_reads_all_points_alone(server: Server) -> None:
    sample = drawn(server)
    read_all(server, sample)
    test = run(server)
    test.segmented_control[0].set_value("Interpret").run()
    assert "All 6 points are read" in text(test)
    test.toggle[0].set_value(True).run()
    assert "0 of 6 read" in text(test) and "Point 1<" in text(test)
    press(test, "cleared")
    assert "1 of 6 read" in text(test)
    assert len(samples.readings(server.store, sample)[0]) == 2


def test_the_points_can_be_taken_along(server: Server) -> None:
    sample = drawn(server)
    samples.keep_reading(server.store, sample, 0, FOREST, "low", note="edge", author="Dr A")
    samples.keep_reading(server.store, sample, 1, None, why="no data", author="Dr A")
    rows = list(
        csv.DictReader(io.StringIO(table.csv_text(accuracy.point_rows(server.store, sample))))
    )
    assert len(rows) == 6
    assert (rows[0]["read"], rows[0]["confidence"], rows[0]["note"]) == ("forest", "low", "edge")
    assert (rows[1]["read"], rows[1]["why_not"]) == ("", "no data")
    assert rows[2]["reader"] == ""


def test_the_plot_shows_both_areas_with_the_interval(server: Server) -> None:
    sample = drawn(server)
    read_all(server, sample)
    samples.keep_reading(server.store, sample, 0, 3 - sample.body["points"][0]["stratum"])
    numbers = finding.find(server.store, finding.now(server.store, sample))
    mapped, estimated = accuracy.area_figure(numbers).data
    assert list(mapped.y) == [row["mapped"] for row in numbers["classes"]]
    assert list(estimated.error_y.array) == pytest.approx(
        [row["estimated"]["margin"] for row in numbers["classes"]]
    )
    (forest, _) = accuracy.result_rows(numbers)
    assert forest["estimated_ha"] == numbers["classes"][0]["estimated"]["value"]
    assert forest["points_read_as_forest"] + forest["points_read_as_cleared"] == 3


def test_ndvi_of_a_point_over_the_dates(server: Server) -> None:
    visits = server.scene.visits
    seen = [
        interpretation.Seen(visits[0].id, True, 0.8),
        interpretation.Seen(visits[1].id, False, None),
    ]
    (trace,) = interpretation.series(visits, seen, [visits[1].id]).data
    assert list(trace.x) == [date(2018, 7, 1).isoformat(), date(2020, 7, 1).isoformat()]
    assert list(trace.y) == [0.8, None]
    assert list(trace.marker.size) == [7, 13]


def test_blocks_are_escaped() -> None:
    told = blocks.table(finding.Table("T", ("<b>",), [("<i>",), ("Sum",)], "<u>"))
    assert "<b>" not in told and "&lt;i&gt;" in told and "class=sum" in told and "<u>" not in told
