"""The command line: what it prints, what it writes and how it says no."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import phantoms
import pytest
import rasterio
import tiny_models
from click.testing import CliRunner, Result

from segviz import measure, workbench
from segviz.cli import main, options, tables, workspace
from segviz.io import open_image, polygons, read_mask, write_mask
from segviz.mask import Mask

Segviz = Callable[..., Result]


@pytest.fixture
def segviz() -> Segviz:
    def run(*arguments: object) -> Result:
        return CliRunner().invoke(main, [str(argument) for argument in arguments])

    return run


@pytest.fixture
def answer(segviz: Segviz) -> Callable[..., Any]:
    """Run a command that must succeed and read its JSON."""

    def run(*arguments: object) -> Any:
        result = segviz(*arguments, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    return run


@pytest.fixture
def spheres(tmp_path: Path) -> phantoms.Spheres:
    return phantoms.spheres(tmp_path)


def test_help_lists_every_command(segviz: Segviz) -> None:
    listed = [
        line.split()[0]
        for line in segviz("--help").stdout.partition("Commands:")[2].splitlines()
        if line
    ]
    assert listed == sorted(
        [
            "serve",
            "demo",
            "open",
            "check",
            "models",
            "segment",
            "learn",
            "evaluate",
            "measure",
            "change",
            "train",
            "export",
            "replay",
        ]
    )


def test_help_imports_nothing_heavy() -> None:
    heavy = {"numpy", "torch", "streamlit", "rasterio"}
    code = f"import sys, segviz.cli; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_measure_volume(answer: Callable[..., Any], spheres: phantoms.Spheres) -> None:
    found = answer("measure", spheres.mask)
    assert found["grid"] == {
        "shape": [40, 36, 20],
        "spacing_mm": [1.0, 1.0, 2.0],
        "voxel_volume_mm3": 2.0,
    }
    assert [label["name"] for label in found["labels"]] == ["large", "small"]
    for label in found["labels"]:
        assert label["volume_ml"] == pytest.approx(spheres.volume_ml[label["label"]], rel=1e-12)
        assert label["components"] == 1
    assert found["labels"][0]["longest_diameter_mm"] == 18.0


def test_measure_prints_a_table_with_units(segviz: Segviz, spheres: phantoms.Spheres) -> None:
    heading, large, small, *lesions = segviz("measure", spheres.mask).stdout.splitlines()
    assert heading.split("  ")[0] == "label"
    assert "volume (ml)" in heading
    assert f"{spheres.volume_ml[1]:.3f}" in large
    assert f"{spheres.volume_ml[2]:.3f}" in small
    assert lesions[1] == "large: 1 lesion of any size, 26 neighbours"
    assert lesions[2].split()[:4] == ["lesion", "voxels", "volume", "(ml)"]
    assert f"{spheres.volume_ml[1]:.3f}" in lesions[3]


def test_measure_gives_the_lesions_of_each_label(
    answer: Callable[..., Any], spheres: phantoms.Spheres
) -> None:
    found = answer("measure", spheres.mask, "--image", spheres.image, "--smallest-mm3", "1000")
    large, small = (row["lesions"] for row in found["labels"])
    (lesion,) = large["lesions"]
    assert lesion["volume_ml"] == pytest.approx(spheres.volume_ml[1], rel=1e-12)
    assert lesion["diameter_3d_mm"] == pytest.approx(18.0, abs=0.5)
    assert lesion["intensity"]["mean"] == pytest.approx(300, abs=1)
    assert (small["count"], small["below"]["count"], small["smallest_voxels"]) == (0, 1, 500)


def test_measure_with_the_spacing_that_the_header_lacks(
    answer: Callable[..., Any], spheres: phantoms.Spheres
) -> None:
    found = answer("measure", spheres.mask, "--spacing", "0.5,0.5,2")
    assert found["labels"][0]["volume_ml"] == pytest.approx(spheres.volume_ml[1] / 4, rel=1e-12)


def test_measure_scene(answer: Callable[..., Any], tmp_path: Path) -> None:
    masks, scenes = phantoms.mask_series(tmp_path), phantoms.scene_series(tmp_path)
    found = answer("measure", masks[2020], "--image", scenes[2020])
    assert found["grid"]["crs"] == "EPSG:32718"
    assert found["valid_pixels"] == 59 * 80
    assert [(label["name"], label["pixels"]) for label in found["labels"]] == [
        ("forest", 59 * 40),
        ("other", 59 * 40),
    ]
    assert found["labels"][0]["area_ha"] == pytest.approx(23.6, rel=2e-3)
    assert found["labels"][0]["share"] == pytest.approx(0.5, abs=1e-6)


def test_measure_against_a_reference(answer: Callable[..., Any], spheres: phantoms.Spheres) -> None:
    (large, small) = answer("measure", spheres.mask, "--reference", spheres.mask)["agreement"]
    assert set(large) >= {"label", "dice", "iou", "hd95_mm", "assd_mm", "nsd_1mm"}
    assert (large["dice"], small["hd95_mm"]) == (1.0, 0.0)
    assert (large["nsd"], large["tolerance_mm"]) == (1.0, 1.0)
    assert large["lesions"]["one_to_one"]["f1"] == 1.0


def test_measure_objects_and_match_them(
    answer: Callable[..., Any], segviz: Segviz, spheres: phantoms.Spheres
) -> None:
    asked = ("measure", spheres.mask, "--objects", "--reference", spheres.mask)
    found = answer(*asked, "--split-mm", "3")
    assert [(row["name"], row["count"], row["unit"]) for row in found["objects"]] == [
        ("large", 1, "ml"),
        ("small", 1, "ml"),
    ]
    assert found["objects"][0]["median"] == pytest.approx(spheres.volume_ml[1])
    assert found["panoptic"]["mean"] == {"pq": 1.0, "sq": 1.0, "rq": 1.0, "classes": 2}
    assert "mean of 2" in segviz(*asked).stdout
    assert "[SV-NUM-113]" in segviz(*asked, "--split-mm", "-1").stderr


def test_the_tolerance_of_the_surface_dice(
    answer: Callable[..., Any], segviz: Segviz, spheres: phantoms.Spheres
) -> None:
    asked = ("measure", spheres.mask, "--reference", spheres.mask, "--tolerance-mm")
    assert answer(*asked, "2.5")["agreement"][0]["tolerance_mm"] == 2.5
    assert "Lesions (26 neighbours, any overlap)" in segviz(*asked, "2.5").stdout
    refused = segviz(*asked, "-1")
    assert refused.exit_code == 2 and "[SV-NUM-022]" in refused.stderr


def test_change(answer: Callable[..., Any], segviz: Segviz, tmp_path: Path) -> None:
    masks = phantoms.mask_series(tmp_path).values()
    found = answer("change", *masks, "--dates", "2018,2019,2020")
    assert found["dates"] == ["2018", "2019", "2020"]
    assert found["common_valid_pixels"] == 59 * 80
    assert set(found) >= {"labels", "areas_ha", "transitions", "gain", "loss", "net"}
    assert found["loss"][0] == pytest.approx([5.9, 5.9], rel=2e-3)
    assert found["gain"][0] == [0.0, 0.0]
    assert np.sum(found["transitions"][0]) == pytest.approx(np.sum(found["areas_ha"], axis=0)[0])
    assert found["one_date_only"][0] == {"first": [0.0, 0.0], "second": [0.0, 0.0]}
    assert found["rates"][0][0]["years"] == 1.0
    assert found["rates"][0][0]["compound_percent"] == pytest.approx(-100 / 6)
    outcomes = {check["name"]: check["outcome"] for check in found["checks"][0]}
    assert outcomes == {
        "Grid": "passed",
        "Two files": "passed",
        "Model": "warned",
        "Map version": "passed",
        "Data": "warned",
        "Season": "passed",
    }
    assert "label (ha)" in segviz("change", *masks).stdout
    assert "warned: Model." in segviz("change", *masks).stdout


def test_change_follows_lesions(
    answer: Callable[..., Any], spheres: phantoms.Spheres, tmp_path: Path
) -> None:
    labels = phantoms.sphere_labels()
    labels[labels == 2] = 0
    later = tmp_path / "later.nii.gz"
    write_mask(Mask(phantoms.VOLUME_GRID, labels, phantoms.SPHERES, "phantom"), later)
    found = answer("change", spheres.mask, later)
    states = {(r["label"], r["name"]): [v["state"] for v in r["visits"]] for r in found["lesions"]}
    assert states == {(1, "L1"): ["first", "persistent"], (2, "L1"): ["first", "vanished"]}
    volumes = [visit["volume_ml"] for visit in found["lesions"][0]["visits"]]
    assert volumes == pytest.approx([spheres.volume_ml[1]] * 2)
    none = answer("change", spheres.mask, later, "--smallest-mm3", "100000")
    assert (none["smallest_lesion_mm3"], none["lesions"]) == (100_000, [])


def test_change_refuses_one_mask_and_missing_dates(segviz: Segviz, tmp_path: Path) -> None:
    masks = list(phantoms.mask_series(tmp_path).values())
    assert segviz("change", masks[0]).exit_code == 2
    assert segviz("change", *masks, "--dates", "2018").exit_code == 2


def test_check(segviz: Segviz, spheres: phantoms.Spheres, tmp_path: Path) -> None:
    assert segviz("check", spheres.image).exit_code == 0
    broken = tmp_path / "broken.nii"
    broken.write_bytes(b"no image at all")
    result = segviz("check", broken, "--json")
    assert result.exit_code == 2
    (finding,) = json.loads(result.stdout)
    assert (finding["level"], finding["path"]) == ("REFUSE", str(broken))


def test_a_refusal_is_one_sentence_on_stderr(segviz: Segviz, tmp_path: Path) -> None:
    broken = tmp_path / "broken.nii"
    broken.write_bytes(b"no image at all")
    result = segviz("measure", broken)
    assert (result.exit_code, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 1
    assert "[SV-MSK-" in result.stderr


def test_a_question_is_asked_with_the_options_that_answer_it(
    segviz: Segviz, tmp_path: Path
) -> None:
    scan = tmp_path / "scan.nii.gz"
    data = np.ones(phantoms.VOLUME_GRID.shape, np.float32)
    data[0, 0, 0] = np.nan
    phantoms.write_volume(scan, data)
    asked = segviz("open", scan)
    assert asked.exit_code == 2
    assert "  --answer fill=0" in asked.stderr
    assert segviz("open", scan, "--fill", "0").exit_code == 0
    assert segviz("open", scan, "--answer", "fill=0").exit_code == 0
    assert segviz("open", scan, "--answer", "fill").exit_code == 2


def test_a_fault_of_ours(
    segviz: Segviz, spheres: phantoms.Spheres, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(mask: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(measure.volumes, "measure_volume", fail)
    result = segviz("measure", spheres.mask)
    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
    assert "a bug" in result.stderr
    monkeypatch.setenv("SEGVIZ_DEBUG", "1")
    assert "Traceback" in segviz("measure", spheres.mask).stderr


def test_segment_a_volume(
    answer: Callable[..., Any], spheres: phantoms.Spheres, tmp_path: Path
) -> None:
    output, report = tmp_path / "out" / "found.nii.gz", tmp_path / "report.json"
    shown = answer(
        "segment", spheres.image, "--model", "otsu", "--output", output, "--report", report
    )
    assert shown == json.loads(report.read_text())
    assert set(shown) >= {
        "input", "model", "versions", "device", "seconds", "peak_memory_bytes", "windows", "labels",
    }  # fmt: skip
    assert len(shown["input"]["sha256"]) == 64
    mask = read_mask(output)
    assert mask.grid.same_as(phantoms.VOLUME_GRID)
    assert mask.source.startswith("otsu ")
    assert np.mean((mask.data > 0) == (phantoms.sphere_labels() > 0)) > 0.99


def test_segment_writes_the_probabilities_too(
    answer: Callable[..., Any],
    segviz: Segviz,
    spheres: phantoms.Spheres,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tiny_models.threshold_card(tmp_path / "models" / "one-lesion")
    monkeypatch.setenv("SEGVIZ_MODELS", str(tmp_path / "models"))
    output, probability = tmp_path / "mask.nii.gz", tmp_path / "probability.nii.gz"
    arguments = ("segment", spheres.image, "--model", "one-lesion", "--output", output)
    report = answer(*arguments, "--probability", probability, "--option", "threshold=0.45")
    shares = open_image([probability])
    assert shares.grid.same_as(phantoms.VOLUME_GRID)
    least = report["threshold"]["least_byte"] / 255
    assert np.array_equal(read_mask(output).data == 1, shares.data > least - 0.001)
    refused = segviz(*arguments, "--probability", tmp_path / "probability.tif")
    assert (refused.exit_code, "--probability" in refused.stderr) == (2, True)


def test_a_model_without_threshold_has_no_probabilities(
    segviz: Segviz, spheres: phantoms.Spheres, tmp_path: Path
) -> None:
    output = ("--output", tmp_path / "a.nii", "--probability", tmp_path / "b.nii")
    result = segviz("segment", spheres.image, "--model", "otsu", *output)
    assert (result.exit_code, "no threshold" in result.stderr) == (2, True)


def test_segment_a_window_of_a_scene(answer: Callable[..., Any], tmp_path: Path) -> None:
    scene, output = phantoms.scene_series(tmp_path)[2020], tmp_path / "found.tif"
    report = answer(
        "segment", scene, "--model", "otsu", "--output", output, "--window", "10,30,20,60"
    )
    assert len(report["input"]["sha256"]) == 64
    with rasterio.open(output) as written:
        assert written.shape == (20, 40)
        assert written.transform.c == phantoms.SCENE_GRID.transform.c + 20 * 10
        assert written.transform.f == phantoms.SCENE_GRID.transform.f - 10 * 10
        assert (
            np.unique(written.read(1)[:, :20]).tolist()
            != np.unique(written.read(1)[:, 20:]).tolist()
        )
    assert sorted(path.name for path in tmp_path.glob(".segviz-*")) == []


def test_segment_refuses_what_it_cannot_write_or_find(
    segviz: Segviz, spheres: phantoms.Spheres, tmp_path: Path
) -> None:
    scene = phantoms.scene_series(tmp_path)[2020]
    common = ("--model", "otsu", "--output")
    assert segviz("segment", spheres.image, *common, tmp_path / "a.tif").exit_code == 2
    assert (
        segviz("segment", scene, *common, tmp_path / "a.tif", "--window", "0,99,0,9").exit_code == 2
    )
    unknown = segviz("segment", scene, "--model", "none", "--output", tmp_path / "a.tif")
    assert (unknown.exit_code, "[SV-MDL-001]" in unknown.stderr) == (2, True)


def test_models(answer: Callable[..., Any], segviz: Segviz) -> None:
    names = {card["model"] for card in answer("models", "list")}
    assert {"k-means", "otsu"} <= names
    assert answer("models", "show", "otsu")["intended_use"]
    verified = answer("models", "verify")
    assert verified["not_fetched"] == ["land-cover-sentinel2"]
    assert {*verified["verified"], *verified["not_fetched"]} == names
    assert "segviz models add dynamic-world" in segviz("models", "list").stdout
    assert "Licence" in segviz("models", "show", "otsu").stdout


def test_models_can_be_added_and_removed(
    answer: Callable[..., Any], segviz: Segviz, tmp_path: Path
) -> None:
    made = tiny_models.scene_card(tmp_path / "made" / "two-covers")
    added = answer("models", "add", str(made.folder), "--name", "mine")
    assert added["model"] == "mine"
    assert "mine" in {card["model"] for card in answer("models", "list")}
    assert answer("models", "remove", "mine") == {"removed": "mine"}
    unknown = segviz("models", "add", "static-world")
    assert unknown.exit_code == 2
    assert "dynamic-world" in unknown.stderr


def test_open_and_export(
    answer: Callable[..., Any], segviz: Segviz, spheres: phantoms.Spheres, tmp_path: Path
) -> None:
    (case,) = answer("open", spheres.image, "--case", "Spheres", "--date", "2021-05-02")
    (case,) = answer("open", spheres.image, "--case", "Spheres", "--date", "2021-09-20")
    assert [visit["date"] for visit in case["visits"]] == ["2021-05-02", "2021-09-20"]
    bench = workbench.get(workspace.open_store(), case["visits"][1]["id"])
    bench.replace_by(read_mask(spheres.mask), title="Import", uuid="1")

    output = tmp_path / "export"
    (written,) = answer("export", "Spheres", "--output", output)
    assert np.array_equal(read_mask(Path(written)).data, phantoms.sphere_labels())
    for table in answer("export", "Spheres", "--output", output, "--format", "csv"):
        assert f"{spheres.volume_ml[1]}"[:6] in Path(table).read_text()
    layer = workbench.new_layer(
        workspace.open_store(), bench.visit.id, "Mine", "Dr A", bench.layer.id
    )
    mine = workbench.get(workspace.open_store(), layer.id)
    mine.edit_cells(np.array([0]), np.array([1]), base_revision=0, uuid="2", author="Dr A")
    tables = answer("export", "Spheres", "--output", output, "--format", "provenance")
    told = [json.loads(Path(path).read_text()) for path in tables]
    assert [(t["layer"]["name"], len(t["operations"])) for t in told] == [("Mask", 1), ("Mine", 2)]
    assert segviz("export", "Spheres", "--output", output, "--format", "geotiff").exit_code == 2
    assert segviz("export", "Cubes", "--output", output).exit_code == 2
    dashed = segviz("export", "-a_case-id-that-begins-so", "--output", output)
    assert "[SV-CASE-103]" in dashed.stderr
    workbench.close_all()


def test_a_report_is_written_and_computed_again(
    answer: Callable[..., Any], segviz: Segviz, spheres: phantoms.Spheres, tmp_path: Path
) -> None:
    (case,) = answer("open", spheres.image, "--case", "Spheres", "--date", "2021-05-02")
    bench = workbench.get(workspace.open_store(), case["visits"][0]["id"])
    bench.replace_by(read_mask(spheres.mask), title="Import", uuid="1")
    files = {
        form: Path(*answer("export", "Spheres", "--output", tmp_path, "--format", form))
        for form in ("pdf", "html", "json")
    }
    assert files["pdf"].read_bytes().startswith(b"%PDF-")
    assert "Spheres" not in files["html"].read_text()
    (named,) = answer("export", "Spheres", "--output", tmp_path, "--format", "html", "--named")
    assert "<h1>Spheres</h1>" in Path(named).read_text()
    assert answer("replay", files["json"])["agree"]

    told = json.loads(files["json"].read_text())
    (amounts,) = (one for one in told["findings"] if one["spec"]["kind"] == "amounts")
    amounts["numbers"]["masks"][0]["labels"][0]["voxels"] += 1
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps(told))
    result = segviz("replay", wrong)
    assert result.exit_code == 2
    assert "[SV-NUM-135]" in result.stderr
    assert "masks[0].labels[0].voxels" in result.stdout
    workbench.close_all()


def test_serve_runs_streamlit_on_the_workspace(
    segviz: Segviz, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def record(command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        calls.append((command, options["env"]["SEGVIZ_HOME"]))
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(workspace.subprocess, "run", record)
    assert segviz("serve", "--port", "8600", "--home", tmp_path / "w").exit_code == 0
    ((command, home),) = calls
    assert command[1:] == ["-m", "streamlit", "run", "app.py", "--server.port", "8600"]
    assert home == str(tmp_path / "w")


def test_train_names_its_recipes(segviz: Segviz) -> None:
    result = segviz("train", "nothing")
    assert result.exit_code == 2
    assert "brain-anatomy-mr" in result.stderr


@pytest.mark.parametrize(
    ("key", "choices", "lines"),
    [
        ("spacing_mm", {}, ["  --spacing X,Y,Z"]),
        ("series", {}, ["  --answer series=VALUE"]),
        ("fill", {"0": "zero", "keep": "as it is"},
         ["  --answer fill=0     zero", "  --answer fill=keep  as it is"]),
    ],
)  # fmt: skip
def test_ways_to_answer(key: str, choices: dict[str, str], lines: list[str]) -> None:
    assert options.ways_to_answer(key, choices) == lines


def test_table(capsys: pytest.CaptureFixture[str]) -> None:
    tables.print_table(["name", "volume (ml)"], [["a", 1234.5], ["longer", None]])
    assert capsys.readouterr().out.splitlines() == [
        "name    volume (ml)",
        "a         1,234.500",
        "longer            -",
    ]


def test_measure_within_areas(answer: Callable[..., Any], segviz: Segviz, tmp_path: Path) -> None:
    masks, scenes = phantoms.mask_series(tmp_path), phantoms.scene_series(tmp_path)
    file = tmp_path / "areas.geojson"
    mask = read_mask(masks[2020])
    shape = polygons.from_cells("Here", [[1, 1], [9, 1], [9, 5], [1, 5]], mask.grid)
    feature = {"type": "Feature", "properties": {"name": "Here"},
               "geometry": polygons.to_geojson(shape)}  # fmt: skip
    file.write_text(json.dumps(feature))
    found = answer("measure", masks[2020], "--image", scenes[2020], "--areas", file)
    (row,) = found["areas"]
    assert row["name"] == "Here"
    assert row["pixels"] == pytest.approx(32, abs=1e-4)
    assert sum(label["share"] for label in row["labels"]) == pytest.approx(1, abs=0.2)
    heading = segviz("measure", masks[2020], "--areas", file).stdout
    assert "Here" in heading and "polygon (ha)" in heading


def test_measure_by_a_definition_of_forest(answer: Callable[..., Any], tmp_path: Path) -> None:
    masks = phantoms.mask_series(tmp_path)
    told = answer("measure", masks[2020], "--forest", "fao")["forest"]
    assert told["mmu_ha"] == 0.5
    assert told["sieved"]["before_ha"] >= told["sieved"]["after_ha"]


def test_areas_of_a_scan_are_refused(
    segviz: Segviz, spheres: phantoms.Spheres, tmp_path: Path
) -> None:
    file = tmp_path / "areas.geojson"
    file.write_text('{"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}')
    result = segviz("measure", spheres.mask, "--areas", file)
    assert result.exit_code == 2
    assert "SV-NUM-063" in result.output + result.stderr
