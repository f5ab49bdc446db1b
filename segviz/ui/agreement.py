"""Two masks of a visit beside each other: numbers, lesions, the worst slice, and the picture."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import streamlit as st

from segviz import findings
from segviz.case import Case, Visit
from segviz.findings import agreement
from segviz.findings.blocks import Check
from segviz.grid import VolumeGrid
from segviz.measure import distance_map
from segviz.store import Store
from segviz.ui import frame, links, picture, words
from segviz.ui.found import found
from segviz.workbench import comparison

if TYPE_CHECKING:
    from segviz.ui.versions import State

OVERLAP, DISTANCE = "Overlap", "Distance of A from B"
CONVENTIONS = {
    "hd95_mm": "greater direction (MONAI)",
    "hd95_pooled_mm": "both directions pooled (MedPy)",
    "hd95_area_mm": "greater direction by area (DeepMind)",
}
SHORT = {
    "hd95_mm": "HD95",
    "hd95_pooled_mm": "HD95, pooled",
    "hd95_area_mm": "HD95, by area",
}

Row = dict[str, Any]


def compared(visit: Visit) -> tuple[State, State] | None:
    """What the picture shows in place of the mask; None while it shows the mask."""
    pair: tuple[State, State] | None = _kept().get(visit.id)
    return pair


def compare(visit: Visit, a: State, b: State) -> None:
    """Show two masks in place of the mask from now on."""
    _kept()[visit.id] = a, b


def leave(visit: Visit) -> None:
    """Show the mask again."""
    _kept().pop(visit.id, None)


def _kept() -> dict[str, tuple[State, State]]:
    kept: dict[str, tuple[State, State]] = st.session_state.setdefault("comparison", {})
    return kept


def shown(store: Store, case: Case, visit: Visit) -> Row | None:
    """Where the picture finds the comparison, and what its labels mean."""
    pair = compared(visit)
    if pair is None:
        return None
    a, b = pair
    base, query = links.visit(store, case, visit), f"a={a.key}&b={b.key}"
    label = st.session_state.get(_key("label", visit))
    if st.session_state.get(_key("view", visit)) == DISTANCE and label is not None:
        return {
            "url": f"{base}/surface-distance?{query}&label={label}",
            "legend": distance_map.legend().to_json(),
            "name": f"surface of {a.name}, mm from that of {b.name}",
            "surface": True,
        }
    address = (
        {"url": f"{base}/difference?{query}"}
        if isinstance(visit.grid, VolumeGrid)
        else {"tiles": f"{base}/difference/{{z}}/{{x}}/{{y}}.png?{query}"}
    )
    legend = comparison.legend(a.name, b.name).to_json()
    return {"legend": legend, "name": f"{a.name} and {b.name}", **address}


def section(store: Store, visit: Visit) -> None:
    """Everything about the two masks that the picture shows."""
    pair = compared(visit)
    if pair is None:
        return
    frame.heading("Agreement")
    st.html(sides(*pair))
    st.button("Show the mask again", on_click=leave, args=(visit,), width="stretch")
    if isinstance(visit.grid, VolumeGrid):
        volume(store, visit, *pair)
    else:
        scene(store, *pair)


def sides(a: State, b: State) -> str:
    """Which is A and which B, in the colours of the picture."""
    colors = comparison.legend("", "")
    rows = ((comparison.ONLY_A, f"A: {a.signed}"), (comparison.ONLY_B, f"B: {b.signed}"))
    return "".join(
        f'<div class="sv-cell">{words.swatch(colors[label].color)}{escape(text)}</div>'
        for label, text in rows
    )


def scene(store: Store, a: State, b: State) -> None:
    spec = agreement.spec_of(_side(a), _side(b))
    with st.spinner("Comparing"):
        rows = found(store, spec)["labels"]
    st.html(scene_table(rows))
    computed(agreement.SCENE)


def scene_table(rows: list[Row]) -> str:
    body = "".join(
        f'<tr title="{escape(row.get("why", ""))}"><td>{escape(row["name"])}</td>'
        + "".join(f"<td>{share(row[key])}</td>" for key in ("iou", "precision", "recall", "f1"))
        + "</tr>"
        for row in rows
    )
    return (
        '<div class="sv-scroll"><table class="sv-table"><thead><tr><th></th><th>IoU</th>'
        "<th>Precision</th><th>Recall</th><th>F1</th></tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


def volume(store: Store, visit: Visit, a: State, b: State) -> None:
    st.radio("Picture", [OVERLAP, DISTANCE], horizontal=True, key=_key("view", visit))
    with st.container(horizontal=True, gap="small"):
        tolerance, least, convention = options(visit)
        computed(f"{agreement.DEFINITIONS} {agreement.LESIONS}")
    spec = agreement.spec_of(_side(a), _side(b), tolerance, least)
    with st.spinner("Measuring distances"):
        numbers = found(store, spec)
    rows = {row["label"]: row for row in numbers["labels"]}
    if not rows:
        st.html('<p class="sv-soft">Neither mask has a label: paint or run a model first.</p>')
        return
    label = st.selectbox(
        "Label",
        list(rows),
        index=list(rows).index(most_of(numbers["labels"])),
        format_func=lambda value: rows[value]["name"],
        key=_key("label", visit),
    )
    row = rows[label]
    with st.container():
        worst(visit, row)
    st.html(row_table(row, convention))
    with st.container():
        lesions(visit, row)
    all_labels(spec, numbers, convention)
    for block in findings.tell(spec, numbers):
        if isinstance(block, Check) and block.outcome != "passed":
            st.html(f'<p class="sv-note">{escape(block.why)}</p>')


def most_of(rows: list[Row]) -> int:
    """The label of which both masks together have most."""
    return int(max(rows, key=lambda row: row["volume_ml"] + row["reference_ml"])["label"])


def options(visit: Visit) -> tuple[float, int, str]:
    """Tolerance in mm, voxels of the smallest lesion, and the convention of HD95."""
    with st.popover("Options", icon=":material/tune:", type="tertiary"):
        tolerance = st.number_input(
            "Tolerance of the surface Dice, mm",
            min_value=0.0,
            value=1.0,
            step=0.5,
            key=_key("tolerance", visit),
            help="How far apart two outlines of experts may lie and still count as one.",
        )
        least = st.number_input(
            "Smallest lesion, voxels", min_value=1, value=1, step=1, key=_key("least", visit)
        )
        convention = st.selectbox(
            "HD95", list(CONVENTIONS), format_func=CONVENTIONS.__getitem__, key=_key("hd95", visit)
        )
    return float(tolerance), int(least), str(convention)


def computed(text: str) -> None:
    """A door to how the numbers beside it are computed."""
    with st.popover("How computed", icon=":material/info:", type="tertiary"):
        st.html(f'<p class="sv-note">{escape(text)}</p>')


def row_table(row: Row, convention: str) -> str:
    """The numbers of one label, a line for each."""
    lines = [
        ("Dice", dice(row)),
        ("IoU", share(row["iou"])),
        (SHORT[convention], millimetres(row, convention)),
        ("Greatest distance (HD)", millimetres(row, "hd_mm")),
        ("Average distance (ASSD)", millimetres(row, "assd_mm")),
        (f"Surface Dice at {row['tolerance_mm']:g} mm", share(row["nsd"])),
        ("A", words.quantity(row["volume_ml"], "ml")),
        ("B", words.quantity(row["reference_ml"], "ml")),
        ("A − B", difference(row)),
    ]
    body = "".join(f"<tr><td>{name}</td><td>{escape(text)}</td></tr>" for name, text in lines)
    why = f'<p class="sv-note">{escape(row["why"])}</p>' if "why" in row else ""
    return f'<table class="sv-table"><tbody>{body}</tbody></table>{why}'


def share(value: float | None) -> str:
    """
    >>> share(0.98765), share(None)
    ('0.988', '–')
    """
    return "–" if value is None else f"{value:.3f}"


def dice(row: Row) -> str:
    told = agreement.dice(row)
    return told if isinstance(told, str) else share(told)


def millimetres(row: Row, key: str) -> str:
    told = agreement.distance(row, key)
    return told if isinstance(told, str) else words.quantity(told, "mm")


def difference(row: Row) -> str:
    """
    >>> difference({"difference_ml": -1.5, "difference_percent": -12.34})
    '−1.50 ml (−12.3 %)'
    """
    percent = row["difference_percent"]
    share = "" if percent is None else f" ({percent:+,.1f} %)".replace("-", "−")
    return words.signed(row["difference_ml"], "ml") + share


def worst(visit: Visit, row: Row) -> None:
    """Doors to the slices in which a label differs most."""
    by_distance, by_area = (row["worst"][key] for key in ("distance", "area"))
    if by_area is None:
        st.html('<p class="sv-note">Both masks are equal: there is no worst slice.</p>')
        return
    if by_distance is not None and by_distance["mm"] > 0:
        st.button(
            f"Go to the worst slice: {words.quantity(by_distance['mm'], 'mm')} apart",
            on_click=picture.go,
            args=(visit, by_distance["at"]),
            help="The axial slice with the surface voxel farthest from the other surface.",
            width="stretch",
        )
    st.button(
        f"Go to the most differing slice: {by_area['mm2'] / 100:,.2f} cm²",
        on_click=picture.go,
        args=(visit, by_area["at"]),
        help="The axial slice with most area that only one of the masks has.",
        width="stretch",
    )


def lesions(visit: Visit, row: Row) -> None:
    """Which lesions were found, and which of A is which of B; a row is a door to its slice."""
    told, groups = row["lesions"], row["lesions"]["groups"]
    frame.heading("Lesions", f"{told['mask']:,} in A, {told['reference']:,} in B")
    if not groups:
        return
    st.html(detection_table(told))
    key = _key("lesion", visit)

    def follow() -> None:
        rows = st.session_state[key].selection.rows
        if rows:
            picture.go(visit, groups[rows[0]]["at"])

    st.dataframe(
        lesion_rows(groups),
        hide_index=True,
        height=min(36 * (len(groups) + 1), 290),
        column_config={
            name: st.column_config.NumberColumn(format="%.3f", width=62)
            for name in ("A, ml", "B, ml", "Dice")
        },
        selection_mode="single-row",
        on_select=follow,
        key=key,
    )
    least = told["min_voxels"]
    smaller = f" Under {words.plural(least, 'voxel')} left out." if least > 1 else ""
    st.html(f'<p class="sv-note">Numbered by size. Choose a row to go there.{smaller}</p>')


def detection_table(told: Row) -> str:
    """Counts and shares under both rules."""
    names = {
        "of B found": "tp",
        "of B missed": "fn",
        "of A false": "fp",
        "Sensitivity": "sensitivity",
        "Precision": "precision",
        "F1": "f1",
    }
    body = ""
    for name, key in names.items():
        cells = (told[rule][key] for rule in ("any_overlap", "one_to_one"))
        texts = (f"{cell:,}" if isinstance(cell, int) else share(cell) for cell in cells)
        body += f"<tr><td>{name}</td>" + "".join(f"<td>{text}</td>" for text in texts) + "</tr>"
    brats = share(told["dice_2023"])
    body += f"<tr><td>Lesion-wise Dice (BraTS 2023)</td><td>{brats}</td><td></td></tr>"
    return (
        '<table class="sv-table"><thead><tr><th></th><th>any overlap</th><th>one to one</th></tr>'
        f"</thead><tbody>{body}</tbody></table>"
    )


def lesion_rows(groups: list[Row]) -> list[Row]:
    return [
        {
            "A": ", ".join(map(str, group["mask"])) or "–",
            "B": ", ".join(map(str, group["reference"])) or "–",
            "A, ml": group["mask_ml"],
            "B, ml": group["reference_ml"],
            "Dice": group["dice"],
        }
        for group in groups
    ]


def all_labels(spec: Row, numbers: Row, convention: str) -> None:
    """One row for each label, to read across and to take along."""
    rows = numbers["labels"]
    if len(rows) == 1:
        return
    with st.expander(f"All {len(rows)} labels"):
        st.dataframe([wide(row, convention) for row in rows], hide_index=True)
        st.html(f'<p class="sv-note">{escape(agreement.means_told(numbers["means"]))}</p>')


def wide(row: Row, convention: str) -> Row:
    """Numbers of a label as text, since an infinite distance is none."""
    return {
        "Label": row["name"],
        "Dice": dice(row),
        "IoU": share(row["iou"]),
        SHORT[convention]: millimetres(row, convention),
        "ASSD": millimetres(row, "assd_mm"),
        f"Surface Dice at {row['tolerance_mm']:g} mm": share(row["nsd"]),
        "A − B": difference(row),
    }


def _side(state: State) -> Row:
    return agreement.side(state.layer, state.revision, state.signed)


def _key(name: str, visit: Visit) -> str:
    return f"agreement-{name}-{visit.id}"
