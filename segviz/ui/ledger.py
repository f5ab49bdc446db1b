"""The lesion ledger on the Change page: alignment, lesions over visits, sums, and decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape
from typing import Any

import streamlit as st

from segviz import jobs, opening, workbench
from segviz.case import Case, Layer, Visit
from segviz.change.response import CRITERIA
from segviz.findings import ledger
from segviz.mask import Label
from segviz.registration import REGISTRATION
from segviz.store import Store
from segviz.ui import charts, frame, layers, links, plots, reader, segment, words
from segviz.ui.found import found

Numbers = dict[str, Any]

KEPT = "Somebody decided otherwise while it was aligned automatically; that was kept."


def section(store: Store, case: Case) -> None:
    """Everything about lesions; nothing where no visit is marked."""
    labels = known_labels(store, case)
    if not labels:
        return
    asked = {visit.id: asked_of(store, visit) for visit in case.segmented[1:]}
    with st.container(key="ledger"):
        spec = choose(store, case, labels)
        if len(spec["visits"]) < 2:
            st.html('<p class="sv-soft">Lesions are followed once two visits are marked.</p>')
            return
        with st.spinner("Following the lesions …"):
            numbers = found(store, spec)
        with frame.part():
            alignment(store, case, numbers, asked)
        left, right = st.columns([3, 2], gap="medium")
        with left:
            st.html(lesion_table(numbers, layer_titles(store, case, spec)))
            with frame.part():
                decide(store, case, spec, numbers)
            definition(spec, numbers)
        with right:
            volumes(case, spec, numbers)
            st.html(response_table(numbers))
            st.html(response_notes(numbers))


def known_labels(store: Store, case: Case) -> list[Label]:
    """Labels that some layer has cells of."""
    rows = [
        row
        for visit in case.segmented
        for layer in store.layers(visit.id)
        for row in workbench.get(store, layer.id).state()["labels"]
        if row["count"]
    ]
    by_value = {row["value"]: Label(row["value"], row["name"], row["color"]) for row in rows}
    return [by_value[value] for value in sorted(by_value)]


def choose(store: Store, case: Case, labels: Sequence[Label]) -> dict[str, Any]:
    """The spec: which label, criterion, baseline, and what is too small, as kept."""
    columns = st.columns([2, 2, 3, 2, 2], vertical_alignment="bottom")
    with columns[0]:
        st.html('<h3 class="sv-title">Lesion ledger</h3>')
    with columns[1]:
        label = st.selectbox(
            "Label", labels, format_func=lambda one: one.name, key=f"ledger-label-{case.id}"
        )
    chosen = choices(store, case, label.value)
    with columns[2]:
        st.selectbox(
            "Criterion",
            list(CRITERIA),
            format_func=lambda name: CRITERIA[name].title,
            **kept(store, case, label.value, "criterion", chosen.criterion),
        )
    with columns[3]:
        titles = {visit.id: words.visit_title(visit) for visit in case.segmented[:-1]}
        baseline = chosen.baseline if chosen.baseline in titles else next(iter(titles))
        st.selectbox(
            "Baseline",
            list(titles),
            format_func=titles.__getitem__,
            **kept(store, case, label.value, "baseline", baseline),
        )
    with columns[4]:
        st.number_input(
            "Smallest lesion, mm³",
            0.0,
            step=10.0,
            help="Smaller pieces are left out of the table and counted below it.",
            **kept(store, case, label.value, "smallest_mm3", float(chosen.smallest_mm3)),
        )
    return ledger.now(store, case, label.value, chosen)


def choices(store: Store, case: Case, label: int) -> ledger.Choices:
    return ledger.kept(store, case, label) or ledger.Choices()


def kept(store: Store, case: Case, label: int, name: str, value: Any) -> dict[str, Any]:
    """Arguments of a widget that shows a choice as it was kept, and keeps what it becomes."""
    key = f"ledger-{name}-{case.id}-{label}"
    if st.session_state.get(key) != value:
        st.session_state[key] = value

    def keep() -> None:
        with frame.told():
            changed = replace(choices(store, case, label), **{name: st.session_state[key]})
            ledger.keep(store, case, label, changed, reader.signature())

    return {"key": key, "on_change": keep}


def alignment(
    store: Store, case: Case, numbers: Numbers, asked: Mapping[str, jobs.Job | None]
) -> None:
    """How each visit lies on the first one, and the ways to change that.

    Args:
        asked: the newest alignment of each visit, as it was before the numbers were found.
    """
    running = [job for job in asked.values() if job and job.is_open]
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if st.button("Align the visits", icon=":material/align_center:", disabled=bool(running)):
            opening.align(store, case, reader.signature())
            st.rerun()
        for visit in case.segmented[1:]:
            by_hand(store, case, visit, numbers)
        st.html(alignment_note(numbers))
    if running:
        watch(store, case, running)
    for visit in case.segmented[1:]:
        said = outcome(asked[visit.id], store.last_seq(case.id, REGISTRATION, visit.id))
        if said:
            st.html(
                f'<p class="sv-note" role="alert"><b>{escape(words.visit_title(visit))}</b>: '
                f"{escape(said)}</p>"
            )


def asked_of(store: Store, visit: Visit) -> jobs.Job | None:
    """The newest alignment of a visit that the worker was asked for."""
    return next((job for job in jobs.of_visit(store, visit.id) if job.kind == "align"), None)


def watch(store: Store, case: Case, running: Sequence[jobs.Job]) -> None:
    """Progress of each visit, looked at twice a second; the page follows when one ends."""

    def tick() -> None:
        now = [jobs.status(store, job.id) for job in running]
        if not all(job.is_open for job in now):
            st.rerun()
        for job in now:
            share = min(1.0, job.done / job.total) if job.total else 0.0
            title = words.plain(words.visit_title(case.visit(job.visit_id)))
            st.progress(share, text=f"{title}: {segment.progress_text(job)}")
        if st.button("Cancel", key=f"cancel-align-{case.id}"):
            for job in now:
                jobs.cancel(store, job.id)

    frame.fragment(tick, run_every=0.5)()


def outcome(job: jobs.Job | None, last_seq: int) -> str:
    """What is to be said of an alignment that is over, until somebody decides anew.

    Args:
        last_seq: number of the newest record of how the visit lies.
    """
    if job is None or job.is_open:
        return ""
    if job.result:
        found = job.result["by"] == "automatic" or job.result["record"] != last_seq
        return "" if found else KEPT
    failed = job.state in ("failed", "interrupted") and job.params["after"] == last_seq
    return job.message if failed else ""


def by_hand(store: Store, case: Case, visit: Visit, numbers: Numbers) -> None:
    """Six numbers for one visit."""
    now = next((row for row in numbers["visits"] if row["visit"] == visit.id), None)
    turns, shift = (now and now[name] for name in ("rotation_deg", "translation_mm"))
    with st.popover(
        f"Adjust {words.plain(words.shown_date(visit) or visit.name)}", type="tertiary"
    ):
        st.html(
            '<p class="sv-note">Turns about the middle of this scan, then shifts, until it lies on '
            "the first visit. The pictures above show the result.</p>"
        )
        with st.form(f"align-{visit.id}-{turns}-{shift}", border=False):
            columns = st.columns(3)
            typed = []
            for name, unit, values, step in (
                ("Turn", "°", turns, 0.5), ("Shift", "mm", shift, 0.5),
            ):  # fmt: skip
                for axis, column, value in zip("RAS", columns, values or (0.0,) * 3, strict=True):
                    field = f"{name} {axis}, {unit}"
                    typed.append(column.number_input(field, value=float(value), step=step))
            if st.form_submit_button("Keep", type="primary"):
                opening.align_by_hand(store, case, visit, typed[:3], typed[3:], reader.signature())
                st.rerun()
        if turns is not None and st.button("Take the alignment back", key=f"unalign-{visit.id}"):
            store.add_record(case.id, REGISTRATION, visit.id, None, reader.signature())
            st.rerun()


def alignment_note(numbers: Numbers) -> str:
    """One line a visit: turned, shifted, by whom, and whether it is directly comparable."""
    lines = []
    for visit in numbers["visits"][1:]:
        name = escape(str(visit["date"] or visit["name"]))
        lines.append(f"<b>{name}</b>: {escape(aligned(visit))}")
        if visit["differs"]:
            lines.append(
                f'<span class="sv-warned">Not directly comparable.</span> '
                f"{escape(' '.join(visit['differs']))}"
            )
    return "".join(f'<p class="sv-note">{line}</p>' for line in lines)


def aligned(visit: Numbers) -> str:
    """
    >>> aligned({"aligned": None})
    'not aligned, linked by positions in the files; align before you trust new and gone.'
    """
    if not visit["aligned"]:
        return "not aligned, linked by positions in the files; align before you trust new and gone."
    turns = " ".join(
        f"{axis} {value:+.1f}" for axis, value in zip("RAS", visit["rotation_deg"], strict=True)
    )
    shift = " ".join(
        f"{axis} {value:+.1f}" for axis, value in zip("RAS", visit["translation_mm"], strict=True)
    )
    said = f"turned {turns}°, shifted {shift} mm"
    if visit["aligned"] == "hand":
        return f"{said}, by hand."
    before, after = visit["metric"]["before"], visit["metric"]["after"]
    was = "–" if before is None else f"{before:.2f}"
    return f"{said}; mutual information {was} → {after:.2f}."


def volumes(case: Case, spec: dict[str, Any], numbers: Numbers) -> None:
    """ml over time; a click opens the layer at that slice."""
    figure = charts.lesions_over_time(numbers)
    name = f"{numbers['label']['name']}, ml by visit"
    clicked = plots.show(figure, f"ledger-{case.id}", name=name, on_select="rerun")
    st.html(
        '<p class="sv-note">Bars: half a voxel more or less all around the outline. Ring: the '
        "smallest volume so far. Click a point to open that visit at that slice.</p>"
    )
    place = place_of(clicked.selection.points, numbers)
    if place is not None:
        visit_id, at = place
        layer = next(row["layer"] for row in spec["visits"] if row["visit"] == visit_id)
        query = links.query(case, case.visit(visit_id), layer)
        st.switch_page("review.py", query_params=query | {"at": at})


def place_of(points: Sequence[Mapping[str, Any]], numbers: Numbers) -> tuple[str, str] | None:
    """The visit, and the voxel as an address says it, of a point that was clicked."""
    if not points:
        return None
    visit = points[0]["point_index"]
    at = numbers["lesions"][points[0]["curve_number"]]["visits"][visit]
    if at is None or at["voxel"] is None:
        return None
    return numbers["visits"][visit]["visit"], ",".join(map(str, at["voxel"]))


def lesion_table(numbers: Numbers, layers: Mapping[str, str]) -> str:
    """Rows are lesions, columns visits: ml, diameters, what became of it, changes.

    Args:
        layers: visit -> title of the layer that was read, where it has several.
    """
    head = "".join(
        f"<th>{escape(str(visit['date'] or visit['name']))}{interval(visit)}"
        f"{small(layers.get(visit['visit'], ''))}</th>"
        for visit in numbers["visits"]
    )
    rows = "".join(
        f"<tr><td>{escape(row['title'])}{target_mark(row['name'], numbers)}</td>"
        + "".join(f"<td>{cell(at, n == row['nadir'])}</td>" for n, at in enumerate(row["visits"]))
        + "</tr>"
        for row in numbers["lesions"]
    )
    sums = "".join(
        f"<td>{words.quantity(visit['volume_ml'], 'ml')}"
        f"<small>± {words.quantity(visit['outline_ml'], 'ml')}</small></td>"
        for visit in numbers["visits"]
    )
    return (
        f'<div class="sv-scroll"><table class="sv-table sv-ledger"><thead><tr><th>Lesion</th>{head}'
        f'</tr></thead><tbody>{rows}<tr class="sum"><td>All</td>{sums}</tr></tbody></table></div>'
    )


def interval(visit: Numbers) -> str:
    days = visit["interval_days"]
    return "" if days is None else small(f"{words.plural(days, 'day')} later")


def small(text: str) -> str:
    return f"<small>{escape(text)}</small>" if text else ""


def several(store: Store, case: Case) -> dict[str, list[Layer]]:
    """The layers of each visit that has more than one."""
    there = {visit.id: store.layers(visit.id) for visit in case.segmented}
    return {visit: found for visit, found in there.items() if len(found) > 1}


def layer_titles(store: Store, case: Case, spec: dict[str, Any]) -> dict[str, str]:
    """Visit -> title of the layer that is read, where it has several."""
    read = {row["layer"] for row in spec["visits"]}
    return {
        visit: layers.title(layer)
        for visit, found in several(store, case).items()
        for layer in found
        if layer.id in read
    }


def target_mark(name: str, numbers: Numbers) -> str:
    if name in numbers["response"]["targets"]:
        return "<small>target</small>"
    if name in numbers["response"]["parts"]:
        return "<small>part of a target</small>"
    why = numbers["response"]["not_measurable"].get(name)
    return f'<small title="{escape(why)}">not measurable</small>' if why else ""


def cell(at: Numbers | None, nadir: bool) -> str:
    if at is None:
        return "–"
    state = f'<span class="sv-state {at["state"]}">{escape(state_of(at))}</span>'
    if not at["pieces"]:
        return state
    changes = [
        f"{percent(at[key])} vs {name}"
        for key, name in (("from_baseline", "baseline"), ("from_nadir", "nadir"))
        if at[key] is not None
    ]
    lines = [
        f"{at['longest_mm']:.1f} × {at['perpendicular_mm']:.1f} mm",
        ", ".join(changes),
        f"{state}{', nadir' if nadir else ''}",
    ]
    small = "".join(f"<small>{line}</small>" for line in lines if line)
    half = f'<span class="sv-soft">± {at["outline_ml"]:.2f}</span>'
    return f"{words.quantity(at['volume_ml'], 'ml')} {half}{small}"


def state_of(at: Numbers) -> str:
    """
    >>> state_of({"state": "merged", "pieces": [], "of": ["L1"]})
    'merged into L1'
    >>> state_of({"state": "split", "pieces": [2], "of": ["L1"]})
    'split from L1'
    """
    link = {"split": "from", "merged": "of" if at["pieces"] else "into"}.get(at["state"])
    return f"{at['state']} {link} {', '.join(at['of'])}" if link else str(at["state"])


def percent(change: float | None) -> str:
    """
    >>> percent(0.25), percent(None)
    ('+25.0 %', '–')
    """
    return "–" if change is None else f"{100 * change:+.1f} %"


def response_table(numbers: Numbers) -> str:
    """Sums over the targets, and the range they alone fall in."""
    answer = numbers["response"]
    body = ""
    for n, reading in enumerate(answer["readings"]):
        visit = numbers["visits"][answer["first"] + n]
        body += (
            f"<tr><td>{escape(str(visit['date'] or visit['name']))}</td>"
            f"<td>{number(reading['sld_mm'], 1)}</td><td>{number(reading['spd_mm2'], 0)}</td>"
            f"<td>{percent(reading['from_baseline'])}<small>{percent(reading['from_nadir'])}"
            f"</small></td><td><b>{reading['range'] or '–'}</b></td></tr>"
            f'<tr class="why"><td colspan="5"><small>{escape(reading["why"])}</small></td></tr>'
        )
    head = (
        "<th>Visit</th><th>Sum of diameters, mm</th><th>Sum of products, mm²</th>"
        f"<th>{answer['total'].upper()} vs baseline<small>vs nadir</small></th>"
        "<th>Range by diameters alone</th>"
    )
    return (
        f'<table class="sv-table sv-response"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )


def number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"


def response_notes(numbers: Numbers) -> str:
    answer = numbers["response"]
    equal = "; ".join(
        f"{percent(row['change'])} = volume {percent(row['volume'])}"
        for row in answer["geometric_equivalents"]
    )
    titles = {row["name"]: row["title"] for row in numbers["lesions"]}
    targets, parts = (
        ", ".join(escape(titles[name]) for name in answer[key]) for key in ("targets", "parts")
    )
    lines = [
        f"Targets: {targets or 'none is measurable'}."
        + (f" Parts of them are added: {parts}." if parts else ""),
        f"<b>{escape(answer['aid'])}</b> {escape(answer['asks'])}",
        f"Thresholds: {escape(answer['title'])}, {escape(answer['source'])}. Progression counts "
        "from the nadir, the smallest sum before; response from the baseline.",
        f"Geometric equivalent of a sphere, {answer['total'].upper()}: {equal}.",
    ]
    return "".join(f'<p class="sv-note">{line}</p>' for line in lines)


def decide(store: Store, case: Case, spec: dict[str, Any], numbers: Numbers) -> None:
    """Rename, join, separate, link; which lesions are targets."""
    with st.container(horizontal=True, gap="small"):
        targets(store, case, spec, numbers)
        choose_layers(store, case, spec["label"])
        rename(store, case, spec, numbers)
        assign(store, case, spec, numbers)
    if numbers["lost_decisions"]:
        names = ", ".join(map(escape, numbers["lost_decisions"]))
        st.html(
            f'<p class="sv-note">A decision about {names} no longer finds its lesion, since the '
            "mask was edited there; decide again.</p>"
        )


def targets(store: Store, case: Case, spec: dict[str, Any], numbers: Numbers) -> None:
    """Targets are those chosen here; with none chosen the largest measurable ones."""
    first = numbers["response"]["first"]
    there = [row["name"] for row in numbers["lesions"] if row["visits"][first]]
    chosen = choices(store, case, spec["label"])

    def those(name: str, lesions: Sequence[str]) -> dict[str, Any]:
        still = [lesion for lesion in lesions if lesion in there]
        return kept(store, case, spec["label"], name, still)

    with st.popover("Targets", type="tertiary", icon=":material/target:"):
        st.html(
            '<p class="sv-note">None chosen: the up to five largest that are measurable at the '
            "baseline.</p>"
        )
        st.multiselect(
            "Target lesions", there, max_selections=5, **those("targets", chosen.targets)
        )
        if CRITERIA[spec["criterion"]].node_mm is not None:
            st.multiselect("of them lymph nodes", there, **those("nodes", chosen.nodes))


def choose_layers(store: Store, case: Case, label: int) -> None:
    """Which layer of a visit is read, where it has several."""
    if not (offered := several(store, case)):
        return
    chosen = choices(store, case, label)
    with st.popover("Layers", type="tertiary", icon=":material/layers:"):
        st.html('<p class="sv-note">The mask that is read at each visit.</p>')
        for visit_id, found in offered.items():
            key = f"ledger-layer-{visit_id}-{label}"
            st.session_state[key] = chosen.layers.get(visit_id, visit_id)
            st.selectbox(
                words.visit_title(case.visit(visit_id)),
                [layer.id for layer in found],
                format_func={layer.id: layers.title(layer) for layer in found}.__getitem__,
                key=key,
                on_change=read_layer,
                args=(store, case, label, visit_id, key),
            )


def read_layer(store: Store, case: Case, label: int, visit_id: str, key: str) -> None:
    with frame.told():
        chosen = choices(store, case, label)
        read = {**chosen.layers, visit_id: st.session_state[key]}
        ledger.keep(store, case, label, replace(chosen, layers=read), reader.signature())


def rename(store: Store, case: Case, spec: dict[str, Any], numbers: Numbers) -> None:
    with (
        st.popover("Rename", type="tertiary", icon=":material/edit:"),
        st.form(f"rename-{case.id}", border=False, clear_on_submit=True),
    ):
        rows = numbers["lesions"]
        row = st.selectbox("Lesion", rows, format_func=lambda one: one["title"])
        title = st.text_input("Name", placeholder="Left frontal", max_chars=40)
        if st.form_submit_button("Keep") and row and title.strip():
            body = {"label": spec["label"], "lesion": row["name"], "title": title.strip()}
            record(store, case, f"{spec['label']}:{row['name']}", body)


def assign(store: Store, case: Case, spec: dict[str, Any], numbers: Numbers) -> None:
    """Say of one lesion at one visit that it is another one, or one of its own."""
    with (
        st.popover("Join, separate, link", type="tertiary", icon=":material/link:"),
        st.form(f"assign-{case.id}", border=False, clear_on_submit=True),
    ):
        st.html(
            '<p class="sv-note">What a lesion is at one visit; later visits follow from it. Two '
            "with one name are joined, and one with the name of an earlier visit is linked.</p>"
        )
        there = [
            (row, n)
            for row in numbers["lesions"]
            for n, at in enumerate(row["visits"])
            if at and at["pieces"]
        ]
        chosen = st.selectbox(
            "This lesion",
            there,
            format_func=lambda pair: (
                f"{pair[0]['title']}, {numbers['visits'][pair[1]]['date'] or pair[1] + 1}"
            ),
        )
        own = "a lesion of its own"
        names = [*(row["name"] for row in numbers["lesions"]), own]
        name = st.selectbox("is", names)
        if st.form_submit_button("Keep") and chosen:
            row, n = chosen
            at, visit = row["visits"][n], numbers["visits"][n]["visit"]
            body = {
                "label": spec["label"],
                "visit": visit,
                "voxel": at["voxel"],
                "lesion": own_name(row["name"], names) if name == own else name,
            }
            record(store, case, f"{spec['label']}:{visit}:{at['voxel']}", body)


def own_name(name: str, taken: Sequence[str]) -> str:
    """
    >>> own_name("L1", ["L1", "L1b", "L2"])
    'L1c'
    """
    letters = "bcdefghijklmnopqrstuvwxyz"
    return next(new for letter in letters if (new := f"{name}{letter}") not in taken)


def record(store: Store, case: Case, name: str, body: dict[str, Any]) -> None:
    store.add_record(case.id, ledger.DECISION, name, body, reader.signature())
    st.rerun()


def definition(spec: dict[str, Any], numbers: Numbers) -> None:
    small = [
        f"{words.plural(visit['too_small']['pieces'], 'piece')} on {visit['date'] or visit['name']}"
        for visit in numbers["visits"]
        if visit["too_small"]["pieces"]
    ]
    left_out = (
        f"Below {spec['smallest_mm3']:g} mm³ and left out: {', '.join(small)}." if small else ""
    )
    with st.popover("How computed", type="tertiary"):
        st.html(f'<p class="sv-note">{escape(ledger.DEFINITION)}</p>')
        for visit in numbers["visits"]:
            if visit["expected"]:
                st.html(f'<p class="sv-note">{escape(by_probability(visit))}</p>')
    if left_out:
        st.html(f'<p class="sv-note">{escape(left_out)}</p>')


def by_probability(visit: Numbers) -> str:
    least, most = visit["expected"]["sd_least_ml"], visit["expected"]["sd_most_ml"]
    return (
        f"{visit['date'] or visit['name']}: by the model's probabilities "
        f"{words.quantity(visit['expected']['volume_ml'], 'ml')}, standard deviation from "
        f"{words.quantity(least, 'ml')} (each voxel wrong by itself) to "
        f"{words.quantity(most, 'ml')} (all wrong together), if the probabilities are right."
    )
