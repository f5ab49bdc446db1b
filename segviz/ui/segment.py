"""Running a model on a visit: choose, run, watch, stop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import streamlit as st

from segviz import jobs, opening
from segviz.case import Case, Layer, Visit
from segviz.grid import VolumeGrid
from segviz.inference import catalog
from segviz.inference.catalog import Card
from segviz.store import Store
from segviz.ui import frame, words


def section(
    store: Store, case: Case, visit: Visit, layer: Layer, asked: Sequence[jobs.Job]
) -> None:
    """The run that is under way, else the models to choose from.

    Args:
        asked: the visit's jobs, the newest first, as they were before their masks were taken over.
    """
    frame.heading("Segment")
    runs = [job for job in asked if job.kind == "segment"]
    running = next((job for job in reversed(runs) if job.is_open), None)
    if running:
        watch(store, running.id)
    else:
        offer(store, case, visit, layer, runs)


def offer(store: Store, case: Case, visit: Visit, layer: Layer, runs: list[jobs.Job]) -> None:
    """The models that suit, why the others do not, and the button."""
    cards = [
        card
        for card in catalog.models(store.settings)
        if card.kind in (case.world, "both") and card.case in (None, case.id)
    ]
    reasons = {card.name: unsuited(store, visit, card) for card in cards}
    suited = [card for card in cards if reasons[card.name] is None]
    if not suited:
        st.html('<p class="sv-soft">No model suits this image; paint by hand.</p>')
        not_offered(cards, reasons)
        return
    names = [card.name for card in suited]
    last = runs[0].params.get("model") if runs else None
    card = st.selectbox(
        "Model",
        suited,
        index=names.index(last) if last in names else 0,
        format_func=lambda c: c.title,
        label_visibility="collapsed",
        key=f"model-for-{case.world}",
    )
    jobs.expect(store, visit.id, card.name)
    buttons = st.container(horizontal=True, gap="small")
    st.html(f'<p class="sv-note">{escape(card.description)}</p>')
    with st.container():
        chosen = options(card)
    with buttons:
        if st.button("Run", type="primary", icon=":material/play_arrow:"):
            start(store, [visit], card, chosen, layer)
        if len(case.segmented) > 1 and st.button(f"Run on all {len(case.segmented)}"):
            start(store, list(case.segmented), card, chosen)
    if runs:
        last_run(runs[0])
    not_offered(cards, reasons)


def options(card: Card) -> dict[str, int | str]:
    """What a model lets its user choose, as its card says."""
    offered = card.metadata.get("options", {})
    return {name: option(f"option-{card.name}-{name}", what) for name, what in offered.items()}


def option(key: str, what: Mapping[str, Any]) -> int | str:
    """A whole number of a range, or one of the choices that the card names."""
    title = what["description"].capitalize()
    if "choices" not in what:
        number: int = st.slider(title, what["lowest"], what["highest"], what["default"], key=key)
        return number
    choices = dict(what["choices"])
    default = list(choices).index(what["default"])
    chosen: str = st.selectbox(title, choices, default, format_func=choices.__getitem__, key=key)
    return chosen


def unsuited(store: Store, visit: Visit, card: Card) -> str | None:
    """Why a model cannot be run on this image; None where it can."""
    if isinstance(visit.grid, VolumeGrid):
        return catalog.suits(card, opening.volume(store, visit), "volume")
    return catalog.suits(card, visit.channels, "scene")


def not_offered(cards: list[Card], reasons: dict[str, str | None]) -> None:
    """The models that are not in the list, each with its reason; unfolds."""
    items = "".join(
        f"<li>{escape(card.title)}: {words.code(reason)}</li>"
        for card in cards
        if (reason := reasons[card.name])
    )
    count = sum(reason is not None for reason in reasons.values())
    if items:
        st.html(
            f'<details class="sv-more"><summary>{words.plural(count, "model")} not offered for '
            f'this image</summary><ul class="sv-list">{items}</ul></details>'
        )


def start(
    store: Store,
    visits: list[Visit],
    card: Card,
    options: Mapping[str, int | str],
    layer: Layer | None = None,
) -> None:
    """Segment into a layer, or into the first one of each visit."""
    for visit in visits:
        asked: dict[str, Any] = {"model": card.name, "options": dict(options)}
        if layer is not None:
            asked["layer"] = layer.id
        jobs.submit(store, "segment", visit.id, asked)
    st.rerun()


def watch(store: Store, job_id: str) -> None:
    """Progress of a job, looked at twice a second; the page follows when it ends."""

    def tick() -> None:
        job = jobs.status(store, job_id)
        if not job.is_open:
            st.rerun()
        share = min(1.0, job.done / job.total) if job.total else 0.0
        st.progress(share, text=progress_text(job))
        if st.button("Cancel", key=f"cancel-{job_id}"):
            cancel(store, job)

    frame.fragment(tick, run_every=0.5)()


def cancel(store: Store, job: jobs.Job) -> None:
    """Stop a job and those that wait to do the same to more of the image."""
    for other in jobs.of_visit(store, job.visit_id):
        if other.is_open and (other.kind, other.params.get("model")) == (
            job.kind,
            job.params.get("model"),
        ):
            jobs.cancel(store, other.id)


def preparation(store: Store, asked: Sequence[jobs.Job]) -> None:
    """How far the sharp view of a large scene is; the map follows when it is there."""
    pyramids = [job for job in asked if job.kind == "pyramid"]
    if not pyramids or not pyramids[0].is_open:
        return

    def tick() -> None:
        job = jobs.status(store, pyramids[0].id)
        if not job.is_open:
            st.rerun()
        share = min(1.0, job.done / job.total) if job.total else 0.0
        st.progress(share, text="Making the sharp overview of this large scene")

    frame.fragment(tick, run_every=1.0)()


def progress_text(job: jobs.Job) -> str:
    """``12 of 80 windows · about 20 s left``."""
    if job.state == "queued":
        return job.message or "Waiting for the run before"
    if not job.total:
        return job.message or "Preparing"
    unit = {"learn": "steps of training", "align": "steps"}.get(job.kind, "windows")
    parts = [f"{job.done} of {job.total} {unit}"]
    if job.seconds_left is not None and job.done:
        parts.append(f"{words.duration(job.seconds_left)} left")
    return " · ".join(parts)


def last_run(job: jobs.Job) -> None:
    """What the last run said: why it did not succeed, or what its reader ought to know."""
    if job.state in ("failed", "interrupted", "cancelled"):
        st.html(f'<p class="sv-note">{escape(job.message)}</p>')
        return
    result = job.result or {}
    report = result.get("report", {})
    notes = "".join(
        f'<p class="sv-said-of-run">{escape(note)}</p>' for note in report.get("notes", ())
    )
    seconds = report.get("seconds", {}).get("total")
    took = f" in {seconds:.1f} s on {escape(str(report.get('device', '')))}" if seconds else ""
    st.html(f'{notes}<p class="sv-note">Last run: {escape(result.get("source", ""))}{took}</p>')
