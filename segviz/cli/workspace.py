"""``segviz serve``, ``demo``, ``open``, ``check`` and ``export``: the workspace from outside."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from segviz.cli.options import EXISTING, FOLDER, Answers, Day, as_json, reading, ways_to_answer
from segviz.cli.tables import print_json, print_table
from segviz.errors import NotFound

if TYPE_CHECKING:
    from segviz.case import Case
    from segviz.io import Finding
    from segviz.report import Options
    from segviz.store import Store
    from segviz.workbench import Workbench

REFUSED = 2
FORMATS = {
    "volume": ("nifti", "dicom-seg", "rtstruct", "stl", "provenance"),
    "scene": ("geotiff", "cog", "geopackage", "geojson", "provenance"),
}
FILES = {
    "nifti": ("mask.nii.gz", ".nii.gz"),
    "dicom-seg": ("segmentation.dcm", ".seg.dcm"),
    "rtstruct": ("contours.dcm", ".rtstruct.dcm"),
    "stl": ("surface.stl", ".stl"),
    "geotiff": ("mask.tif", ".tif"),
    "cog": ("mask-cog.tif", ".cog.tif"),
    "geopackage": ("polygons.gpkg", ".gpkg"),
    "geojson": ("polygons.geojson", ".geojson"),
    "provenance": ("provenance.json", ".provenance.json"),
}
"""The download that a format is, and how the names of its files end."""

REPORT = ("pdf", "html", "json")
"""Formats of the report of a case."""


@click.command()
@click.option("--port", default=8501, show_default=True)
@click.option("--home", type=FOLDER, help="Workspace folder.")
def serve(port: int, home: Path | None) -> None:
    """Serve the app on this machine, as `streamlit run app.py` does."""
    app = Path(__file__).resolve().parents[2] / "app.py"
    environment = os.environ | ({"SEGVIZ_HOME": str(home.resolve())} if home else {})
    command = [sys.executable, "-m", "streamlit", "run", app.name, "--server.port", str(port)]
    sys.exit(subprocess.run(command, cwd=app.parent, env=environment, check=False).returncode)


@click.command()
@click.option("--real", type=EXISTING, help="Folder with the real scans and scenes to add.")
@as_json
def demo(real: Path | None, as_json: bool) -> None:
    """Make the demonstration cases in the workspace; those that are there stay as they are."""
    from segviz import demo as demonstration

    made = demonstration.make(
        open_store(), real, say=lambda sentence: click.echo(sentence, err=True)
    )
    _print_cases(made, as_json)


@click.command("open")
@click.argument("paths", nargs=-1, required=True, type=EXISTING, metavar="PATH...")
@click.option("--case", "name", help="Name of the case, a new one or one that is there.")
@click.option("--date", "when", type=Day(), help="Date of the image.")
@reading
@as_json
def open_command(
    paths: tuple[Path, ...],
    name: str | None,
    when: date | None,
    answers: Answers,
    as_json: bool,
) -> None:
    """Open scans or scenes as a case, as the Cases page does."""
    from segviz import opening

    store = open_store()
    there = next((case for case in store.cases() if case.name == name), None)
    case = opening.open_files(
        store,
        [path.resolve() for path in paths],
        name=name or paths[0].name,
        case_id=there.id if there else None,
        when=when,
        answers=answers,
    )
    _print_cases([case], as_json)


@click.command()
@click.argument("paths", nargs=-1, required=True, type=EXISTING, metavar="PATH...")
@reading
@as_json
def check(paths: tuple[Path, ...], answers: Answers, as_json: bool) -> None:
    """What would be refused, asked or noted of each PATH; nothing is opened."""
    from segviz import io

    found = [(path, finding) for path in paths for finding in io.check([path], answers)]
    if as_json:
        print_json([{"path": str(path), **asdict(finding)} for path, finding in found])
    else:
        print_findings(found)
    if any(finding.level != "NOTE" for _, finding in found):
        sys.exit(REFUSED)


def print_findings(found: list[tuple[Path, Finding]]) -> None:
    for path, finding in found:
        click.echo(f"{finding.level:6}  {path}: {finding.message} [{finding.code}]")
        if finding.level == "ASK":
            click.echo("\n".join(ways_to_answer(finding.key, finding.choices)))
    if not found:
        click.echo("Nothing speaks against opening.")


@click.command(context_settings={"ignore_unknown_options": True})  # an id may begin with a dash
@click.argument("case")
@click.option("--output", type=FOLDER, required=True, help="Folder to write to.")
@click.option(
    "--format",
    "form",
    type=click.Choice([*FILES, "csv", *REPORT]),
    help="Default: nifti for volumes, geotiff for scenes. pdf, html and json are the report.",
)
@click.option("--named", is_flag=True, help="Print the name of CASE in its report.")
@click.option(
    "--section", "sections", multiple=True, metavar="NAME", help="Of the report; default: all."
)
@click.option(
    "--smallest", type=click.FloatRange(min=0), default=50.0, show_default=True, metavar="MM3",
    help="Leave smaller lesions out of the report.",
)  # fmt: skip
@as_json
def export(
    case: str,
    output: Path,
    form: str | None,
    named: bool,
    sections: tuple[str, ...],
    smallest: float,
    as_json: bool,
) -> None:
    """Write the masks, the numbers or the report of CASE (its name or id), or who drew what."""
    from segviz.report import Options

    store = open_store()
    chosen = _case(store, case)
    form = form or FORMATS[chosen.world][0]
    options = Options(sections, named, smallest)
    written = [] if form in REPORT else exported(store, chosen, output, form)
    if form in (*REPORT, "csv"):
        written.append(reported(store, chosen, output, form, options))
    if as_json:
        print_json([str(path) for path in written])
    else:
        click.echo("\n".join(map(str, written)))


def exported(store: Store, case: Case, output: Path, form: str) -> list[Path]:
    """The files written: one for each mask (each label of it as STL), or one table of all."""
    from segviz import workbench
    from segviz.io import table
    from segviz.web import downloads

    if form != "csv" and form not in FORMATS[case.world]:
        kinds = " or ".join((*FORMATS[case.world], "csv", *REPORT))
        raise click.BadParameter(f"this case is written as {kinds}.", param_hint="--format")
    output.mkdir(parents=True, exist_ok=True)
    slug = downloads.slug
    if form == "csv":
        path = output / f"{slug(case.name)}_numbers.csv"
        table.write_csv(downloads.all_numbers(store, case), path)
        return [path]
    file, ending = FILES[form]
    written = []
    for visit in case.visits:
        for layer in store.layers(visit.id):
            bench = workbench.get(store, layer.id)
            if bench.revision:
                of = "" if layer.id == visit.id else f"_{slug(layer.name)}_{layer.id}"
                for label, name in _parts(bench, form):
                    path = output / f"{slug(case.name)}_{slug(visit.name)}{of}{name}{ending}"
                    downloads.write(store, case, bench, file, path, label)
                    written.append(path)
    return written


def _parts(bench: Workbench, form: str) -> list[tuple[int | None, str]]:
    """A mask is one file; of surfaces each label that has voxels has its own, with its number."""
    if form != "stl":
        return [(None, "")]
    return [(row["value"], f"_{row['value']}") for row in bench.state()["labels"] if row["count"]]


def reported(store: Store, case: Case, output: Path, form: str, options: Options) -> Path:
    """The file of a report, as ``form``."""
    from segviz import report
    from segviz.io.atomic import write_bytes

    path = output / report.file_name(case, form, named=options.named)
    write_bytes(path, report.written(store, report.make(store, case, options), form))
    return path


def _case(store: Store, wanted: str) -> Case:
    """The case with this name or id."""
    found = [case for case in store.cases() if wanted in (case.id, case.name)]
    if len(found) != 1:
        there = ", ".join(f"'{case.name}'" for case in store.cases()) or "none"
        many = f"There are {len(found)} cases" if found else "There is no case"
        raise NotFound("SV-CASE-103", f"{many} named '{wanted}'; there are: {there}.")
    return found[0]


def open_store() -> Store:
    from segviz import settings, store

    return store.open(settings.load())


def _print_cases(cases: list[Case], as_json: bool) -> None:
    if as_json:
        print_json([_listed(case) for case in cases])
        return
    print_table(
        ["case", "kind", "visits", "notice"],
        [[case.name, case.world, len(case.visits), case.notice] for case in cases],
    )


def _listed(case: Case) -> dict[str, Any]:
    visits = [
        {"id": visit.id, "name": visit.name, "date": visit.when, "grid": str(visit.grid)}
        for visit in case.visits
    ]
    return {"id": case.id, "name": case.name, "world": case.world, "visits": visits}
