"""What jobs do. Imports torch; only the worker imports this."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from segviz.case import Visit
from segviz.errors import Cancelled, Damaged
from segviz.grid import same_grid
from segviz.image import Image, Scene, Volume
from segviz.inference import catalog, predict
from segviz.inference.catalog import Card
from segviz.io import GeoTiffScene, build_pyramid, open_image
from segviz.jobs.pulse import Pulse
from segviz.mask import Legend
from segviz.registration import REGISTRATION, rigid
from segviz.store import Store, files
from segviz.store.queue import Job
from segviz.store.strokes import Strokes, collect
from segviz.training import learnt, strokes

PYRAMID = "pyramid.tif"
PROBABILITY = ".p8"

_last: dict[str, Image] = {}
"""The image that was worked on last, by visit; its files are checked each time."""

Work = Callable[[Store, Job, Pulse], dict[str, Any]]


def segment(store: Store, job: Job, pulse: Pulse) -> dict[str, Any]:
    """Run a model over a visit's image.

    Returns:
        path of the mask (raw uint8, native C order) relative to the workspace, its legend, source
        ``"<model> <version>"`` and the run's report; ``window`` where only this part of a scene was
        asked for; of a model with a threshold also ``probability``, the path of its bytes
        (``segviz.inference.probability``) beside the mask.
    """
    visit = store.visit(job.visit_id)
    image = _image(store, visit)
    card = catalog.card(store.settings, job.params["model"])
    target = _result_path(store, job)
    shares = target.with_suffix(PROBABILITY)
    if isinstance(image, Volume):
        report = _segment_volume(image, card, job, pulse, target)
    else:
        report = _segment_scene(image, card, job, pulse, target)
    return {
        "path": str(target.relative_to(store.home)),
        "legend": report["legend"],
        "source": f"{card.name} {card.version}",
        "report": report,
        **({"window": job.params["window"]} if "window" in job.params else {}),
        **({"probability": str(shares.relative_to(store.home))} if shares.exists() else {}),
    }


def get_ready(store: Store, visit_id: str, model: str) -> None:
    """Read the image, load and compile the model, and run its first window, whose result is lost.

    The image is kept for the run that will follow.
    """
    image = _image(store, store.visit(visit_id))
    card = catalog.card(store.settings, model)
    with suppress(Cancelled):
        if isinstance(image, Volume):
            predict.segment_volume(image, card, cancelled=_at_once)
        else:
            predict.segment_scene(
                image, card, np.empty(image.grid.shape, np.uint8), cancelled=_at_once
            )


def _at_once() -> bool:
    return True


def pyramid(store: Store, job: Job, pulse: Pulse) -> dict[str, Any]:
    """Thinned copies of a large scene, for the map."""
    scene = _image(store, store.visit(job.visit_id))
    if not isinstance(scene, GeoTiffScene):
        raise TypeError("only scenes have a pyramid")
    target = store.folder(job.visit_id) / PYRAMID

    def progress(done: int, total: int) -> None:
        pulse.progress(done, total)
        if pulse.cancelled():
            raise Cancelled

    build_pyramid(scene, target, progress)
    return {"path": str(target.relative_to(store.home))}


def learn(store: Store, job: Job, pulse: Pulse) -> dict[str, Any]:
    """Teach a pixel classifier the strokes of a case, then ask for its masks.

    The part of a scene that is in view is asked for first, the whole image after it.

    Returns:
        name and version of the model, and its card's ``eval_metrics`` and ``limitations``.
    """
    visit = store.visit(job.visit_id)
    case = store.case(visit.case_id)
    painted = [
        strokes.Painted(_image(store, store.visit(one.visit_id)), collect(store.journal, one))
        for one in map(Strokes.from_json, job.params["strokes"])
    ]
    image = _image(store, visit)

    def progress(done: int, total: int) -> None:
        pulse.progress(done, total)
        if pulse.cancelled():
            raise Cancelled

    channels = learnt.channels_of(image)
    lesson = strokes.learn(painted, channels, progress)
    legend = Legend.from_json(job.params["legend"])
    naming = learnt.Naming(f"Learnt in {case.name}", channels, legend, case.id)
    name = job.params["model"]
    card = learnt.write(lesson, image, naming, store.home / catalog.ADDED / name)
    asked = {"model": name, "layer": job.params.get("layer", visit.id)}
    if view := job.params.get("view"):
        store.queue.submit("segment", visit.id, asked | {"window": view})
    store.queue.submit("segment", visit.id, asked)
    return {
        "model": card.name,
        "version": card.version,
        "metrics": card.metrics,
        "limitations": list(card.examples),
    }


def align(store: Store, job: Job, pulse: Pulse) -> dict[str, Any]:
    """Lay a scan on another one and keep how, unless somebody said how meanwhile.

    Returns:
        record, the number of what counts now, and by whom it is: ``automatic``, ``hand``, or None
        where somebody took the alignment back.

    Raises:
        Refused: they cannot be aligned (SV-NUM-030, SV-NUM-031).
    """
    visit, reference = (store.visit(one) for one in (job.visit_id, job.params["reference"]))
    fixed, moving = _image(store, reference), _image(store, visit)
    if not isinstance(fixed, Volume) or not isinstance(moving, Volume):
        raise TypeError("only scans are aligned")
    found = rigid.register(moving, fixed, progress=pulse.progress, cancelled=pulse.cancelled)
    body = {
        "matrix": found.matrix.tolist(),
        "to": reference.id,
        "metric": {"before": found.before, "after": found.after},
        "by": "automatic",
    }
    kept = store.add_record(
        visit.case_id, REGISTRATION, visit.id, body, job.params["author"], job.params["after"]
    )
    return {"record": kept.seq, "by": kept.body and kept.body["by"]}


WORK: dict[str, Work] = {
    "segment": segment,
    "pyramid": pyramid,
    "learn": learn,
    "align": align,
}


def _segment_volume(
    volume: Volume, card: Card, job: Job, pulse: Pulse, target: Path
) -> dict[str, Any]:
    result = predict.segment_volume(
        volume,
        card,
        progress=pulse.progress,
        cancelled=pulse.cancelled,
        device=job.params.get("device", "auto"),
        options=job.params.get("options", {}),
    )
    if (probability := result.probability) is not None:
        shares = target.with_suffix(PROBABILITY)
        files.atomic_write(shares, lambda file: file.write(probability.tobytes()))
    files.atomic_write(target, lambda file: file.write(result.mask.data.tobytes()))
    return result.report


def _segment_scene(
    scene: Scene, card: Card, job: Job, pulse: Pulse, target: Path
) -> dict[str, Any]:
    """Window by window into the mapped result: memory does not grow with the scene."""
    rows, columns = scene.grid.shape
    window = job.params.get("window")
    with files.drafted(target) as part:
        with part.open("xb") as file:
            files.allocate(file, rows * columns)
        out = np.memmap(part, np.uint8, "r+", shape=(rows, columns))
        report = predict.segment_scene(
            scene,
            card,
            out,
            window=window and tuple(window),
            progress=pulse.progress,
            cancelled=pulse.cancelled,
            device=job.params.get("device", "auto"),
            options=job.params.get("options", {}),
        )
        out.flush()
    return report


def _image(store: Store, visit: Visit) -> Image:
    """The image of a visit, on the grid its mask has.

    Raises:
        Damaged: its files changed.
    """
    files_now = store.files(visit.id)
    image = _last.get(visit.id) or open_image(files_now, visit.answers)
    if not same_grid(image.grid, visit.grid):
        raise Damaged(
            "SV-JOB-002",
            "The image no longer lies where it lay when it was opened, so a mask of it would be "
            "measured wrong; open it as a new case.",
        )
    _last.clear()
    _last[visit.id] = image
    return image


def _result_path(store: Store, job: Job) -> Path:
    """Where the mask goes; what an interrupted run left there is removed."""
    path = store.folder(job.visit_id) / f"{job.id}.u8"
    for left in path.parent.glob(f"{job.id}.*{files.PART}"):
        left.unlink(missing_ok=True)
    return path
