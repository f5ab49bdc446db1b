"""Pictures of a scene on its own pixel grid (see ``opening.tiling``).

Nothing is warped and labels are never mixed: thinning takes every n-th cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from segviz import opening, workbench
from segviz.case import Case, Visit
from segviz.change import align, map
from segviz.errors import NotFound, Refused
from segviz.findings import objects
from segviz.grid import RasterGrid, Window
from segviz.mask import Legend
from segviz.opening.tiling import SIZE, thinned_grid, tile_window
from segviz.render import tiles as draw
from segviz.store import Store
from segviz.web import answers, query
from segviz.web.access import CASE, LAYER, VISIT, bench_in, bench_of, get, visit_of

PLACE = "/{z:int}/{x:int}/{y:int}"
CHANGE = CASE + "/between/{visit_a}/{visit_b}"


def routes(store: Store) -> list[Route]:
    return [
        get(store, VISIT + "/tiles" + PLACE + ".jpg", image_tile),
        get(store, LAYER + "/mask" + PLACE + ".png", mask_tile),
        get(store, LAYER + "/objects/{revision:int}/{label:int}" + PLACE + ".png", objects_tile),
        get(store, VISIT + "/values", values),
        get(store, CHANGE + "/change" + PLACE + ".png", change_tile),
        get(store, CHANGE + "/flow" + PLACE + ".png", flow_tile),
        get(store, CHANGE + "/losses" + PLACE + ".png", losses_tile),
    ]


def thinned(labels: NDArray[np.uint8], window: Window, step: int) -> NDArray[np.uint8]:
    """Every ``step``-th cell of a window, from the middle of its block; reads no others."""
    r0, r1, c0, c1 = window
    rows, columns = sampled(window, step)
    return labels[np.ix_(rows, columns)] if step > 1 else np.array(labels[r0:r1, c0:c1])


def sampled(window: Window, step: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The rows and columns that ``thinned`` takes."""
    r0, r1, c0, c1 = window
    rows = np.minimum(np.arange(r0, r1, step) + step // 2, r1 - 1)
    columns = np.minimum(np.arange(c0, c1, step) + step // 2, c1 - 1)
    return rows, columns


def padded(array: NDArray[Any], fill: int = 0) -> NDArray[Any]:
    """The last two axes filled up to a whole tile."""
    rows, columns = array.shape[-2:]
    if (rows, columns) == (SIZE, SIZE):
        return array
    whole = np.full((*array.shape[:-2], SIZE, SIZE), fill, dtype=array.dtype)
    whole[..., :rows, :columns] = array
    return whole


def image_tile(store: Store, case: Case, request: Request) -> Response:
    visit = visit_of(case, request)
    window, step = tile_window(raster(visit).shape, *place(request))
    bands = query.bands(request, len(visit.channels))
    stretch = query.stretch(request, len(bands)) or default_stretch(store, visit, bands)
    shape = -(-(window[1] - window[0]) // step), -(-(window[3] - window[2]) // step)
    pixels, valid = opening.scene(store, visit).read(window, bands, shape)
    body = draw.rgb_tile(padded(pixels), padded(valid), stretch)
    return answers.picture(
        body, answers.FOREVER if opening.is_sharp(store, visit) else answers.NEVER
    )


def mask_tile(store: Store, case: Case, request: Request) -> Response:
    visit = visit_of(case, request)
    window, step = tile_window(raster(visit).shape, *place(request))
    bench = bench_of(store, case, request)
    fresh = bench.revision == query.whole(request, "rev", -1)
    mask = bench.mask()
    body = draw.mask_tile(padded(thinned(mask.data, window, step)), mask.legend)
    return answers.picture(body, answers.FOREVER if fresh else answers.NEVER)


def objects_tile(store: Store, case: Case, request: Request) -> Response:
    """The objects of a label, neighbours mostly in different colours (``findings.objects``)."""
    visit, path = visit_of(case, request), request.path_params
    window, step = tile_window(raster(visit).shape, *place(request))
    spec = {
        "layer": bench_of(store, case, request).layer.id,
        "revision": path["revision"],
        "smallest": query.number(request, "smallest", 0.0),
        "split": query.number(request, "split", 0.0) or None,
    }
    found = objects.counted(store, spec, path["label"])
    rows, columns = sampled(window, step)
    colors = objects.colored(found.runs.lines(rows)[:, columns])
    return answers.picture(draw.mask_tile(padded(colors), objects.COLORS), answers.FOREVER)


def change_tile(store: Store, case: Case, request: Request) -> Response:
    """Loss and gain of one label from visit a to visit b, on the grid of a."""
    before, after = labels_at(store, ends(case, request), request)
    codes = map.loss_gain(before, after, query.whole(request, "label"))
    return drawn(codes, draw.LOSS_GAIN)


def flow_tile(store: Store, case: Case, request: Request) -> Response:
    """Where the label ``from`` at visit a is ``to`` at visit b, on the grid of a."""
    before, after = labels_at(store, ends(case, request), request)
    codes = map.flow(before, after, query.whole(request, "from"), query.whole(request, "to"))
    return drawn(codes, draw.flow_legend(""))


def losses_tile(store: Store, case: Case, request: Request) -> Response:
    """When a label was first lost, over all dates from visit a to visit b, on the grid of a."""
    visits = case.between(*ends(case, request))
    if not visits:
        raise query.malformed("visits")
    codes = map.loss_dates(labels_at(store, visits, request), query.whole(request, "label"))
    ramp = query.text(request, "ramp", "heat")
    if ramp not in draw.RAMPS:
        raise query.malformed("ramp")
    return drawn(codes, draw.loss_legend([visit.name for visit in visits], ramp))


def ends(case: Case, request: Request) -> tuple[Visit, Visit]:
    return visit_of(case, request, "visit_a"), visit_of(case, request, "visit_b")


def labels_at(store: Store, visits: Sequence[Visit], request: Request) -> list[NDArray[np.uint8]]:
    """Labels of visits at the cells of a tile of the first one."""
    grid = raster(visits[0])
    window, step = tile_window(grid.shape, *place(request))
    found = []
    for visit in visits:
        mask = workbench.get(store, visit.id).mask()
        found.append(
            thinned(mask.data, window, step)
            if grid.same_as(raster(visit))
            else align.nearest(mask, thinned_grid(grid, window, step)).data
        )
    return found


def drawn(codes: NDArray[np.uint8], legend: Legend) -> Response:
    return answers.picture(draw.mask_tile(padded(codes), legend), answers.NEVER)


def values(store: Store, case: Case, request: Request) -> Response:
    """What lies under the pointer: each band's value, and the label in a layer."""
    visit = visit_of(case, request)
    row, column = query.whole(request, "row"), query.whole(request, "column")
    rows, columns = raster(visit).shape
    if not (0 <= row < rows and 0 <= column < columns):
        raise NotFound("SV-TIF-405", "The scene has no pixel at this place.")
    pixel, valid = opening.scene(store, visit).read((row, row + 1, column, column + 1))
    mask = bench_in(store, case, query.text(request, "layer", visit.id)).mask()
    label = int(mask.data[row, column])
    measured = pixel[:, 0, 0].tolist() if valid[0, 0] else [None] * len(visit.channels)
    return answers.data(
        {
            "values": dict(zip(visit.channels, measured, strict=True)),
            "label": label,
            "name": mask.legend[label].name if label else "",
        }
    )


def default_stretch(store: Store, visit: Visit, bands: list[int]) -> list[tuple[float, float]]:
    known = opening.display(store, visit).stretch
    return [known[visit.channels[band]] for band in bands]


def place(request: Request) -> tuple[int, int, int]:
    where = request.path_params
    return where["z"], where["x"], where["y"]


def raster(visit: Visit) -> RasterGrid:
    """The grid of a scene.

    Raises:
        Refused: the visit is a volume (SV-CASE-006).
    """
    if not isinstance(visit.grid, RasterGrid):
        raise Refused("SV-CASE-006", "A scan has no map; look at it in its slices.")
    return visit.grid
