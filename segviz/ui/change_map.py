"""The map of change: loss and gain, one flow, or when a class was lost; a click chooses a place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import streamlit as st

from segviz import workbench
from segviz.case import Case, Visit
from segviz.findings.series import moved
from segviz.grid import RasterGrid, same_grid
from segviz.mask import Label
from segviz.render.tiles import LOSS_GAIN, RAMPS, flow_legend, loss_legend
from segviz.store import Store
from segviz.ui import components, flows, links, picture

Mode = Literal["Loss and gain", "One flow", "Year of loss"]
RAMP_NAMES = {"heat": "yellow to red", "cividis": "yellow to blue, for any colour vision"}


@dataclass(frozen=True)
class Chosen:
    """What the row above the map says.

    Attributes:
        visits: the classified dates from the first to the last, in order.
        label: the class whose loss and gain are shown.
        preset: key of a definition of forest, if any.
    """

    visits: tuple[Visit, ...]
    label: Label
    preset: str | None
    aligned: bool

    @property
    def first(self) -> Visit:
        return self.visits[0]

    @property
    def last(self) -> Visit:
        return self.visits[-1]


def show(store: Store, case: Case, chosen: Chosen, flow: flows.Flow | None) -> None:
    """Loss and gain of a class, one flow, or when the class was lost; a click chooses a place."""
    modes: list[Mode] = [mode for mode in get_args(Mode) if flow or mode != "One flow"]
    with st.container(horizontal=True, vertical_alignment="center", key="change-modes"):
        mode = st.segmented_control(
            "Map", modes, default=modes[0], required=True, label_visibility="collapsed",
            key=mode_key(case),
        )  # fmt: skip
        ramp = "heat"
        if mode == "Year of loss":
            ramp = st.selectbox(
                "Colours", list(RAMPS), format_func=RAMP_NAMES.__getitem__,
                label_visibility="collapsed", key=f"ramp-{case.id}", width=280,
            )  # fmt: skip
    layer = flow_layer(store, flow, chosen) if mode == "One flow" and flow else None
    layer = layer or layer_of_class(case, mode, chosen, ramp)
    first = case.visit(layer["a"])
    if not isinstance(first.grid, RasterGrid):
        return
    shown = case.visit(layer["b"])
    base = links.base(store, case)
    data = picture.map_data(
        store, case, shown if same_grid(first.grid, shown.grid) else first, first.grid, shown.id
    )
    tiles = f"{base}/between/{layer['a']}/{layer['b']}/{layer['tiles']}"
    change = {
        "a": layer["a"],
        "b": layer["b"],
        "tiles": f"{tiles}&rev={revisions(store, chosen)}",
        "legend": layer["legend"].to_json(),
        "place": place_on(case, first),
    }
    clicked = components.show(
        "map", data | {"mode": "change", "change": change}, f"change-{case.id}", "place"
    )
    take_place(case, first, clicked)


def layer_of_class(case: Case, mode: Mode, chosen: Chosen, ramp: str) -> dict[str, Any]:
    """What the map shows of the chosen class from the first date to the last."""
    ends = {"a": chosen.first.id, "b": chosen.last.id}
    label = chosen.label.value
    if mode == "Year of loss":
        dates = [visit.name for visit in case.between(chosen.first, chosen.last)]
        return ends | {
            "tiles": f"losses/{{z}}/{{x}}/{{y}}.png?label={label}&ramp={ramp}",
            "legend": loss_legend(flows.short_names(dates), ramp),
        }
    return ends | {"tiles": f"change/{{z}}/{{x}}/{{y}}.png?label={label}", "legend": LOSS_GAIN}


def flow_layer(store: Store, flow: flows.Flow, chosen: Chosen) -> dict[str, Any]:
    names = {label.value: label.name for label in label_rows(store, chosen)}
    went = " → ".join(names.get(flow[end], f"label {flow[end]}") for end in ("from", "to"))
    return {
        "a": flow["a"],
        "b": flow["b"],
        "tiles": f"flow/{{z}}/{{x}}/{{y}}.png?from={flow['from']}&to={flow['to']}",
        "legend": flow_legend(went),
    }


def mode_key(case: Case) -> str:
    return f"map-of-{case.id}"


def shown_flow(case: Case, chosen: Chosen) -> flows.Flow | None:
    """The flow that was chosen, if its dates still are."""
    flow: flows.Flow | None = st.session_state.get(f"flow-{case.id}")
    dates = {visit.id for visit in chosen.visits}
    return flow if flow and {flow["a"], flow["b"]} <= dates else None


def show_flow(case: Case, flow: flows.Flow | None) -> None:
    """The map is to show a flow; it is set up after the numbers, so that it already follows."""
    if flow:
        st.session_state[f"flow-{case.id}"] = flow
        st.session_state[mode_key(case)] = "One flow"


def revisions(store: Store, chosen: Chosen) -> str:
    """Changes with any of the masks, so that their tiles are asked for anew."""
    return ".".join(str(workbench.get(store, visit.id).revision) for visit in chosen.visits)


def take_place(case: Case, visit: Visit, clicked: dict[str, int] | None) -> None:
    if clicked:
        st.session_state[f"place-{case.id}"] = {"visit": visit.id, **clicked}
        st.session_state[f"open-{case.id}"] = "Series"
        st.rerun()


def place_on(case: Case, visit: Visit) -> list[int] | None:
    """Column and row of the chosen place on the grid of a visit."""
    place = st.session_state.get(f"place-{case.id}")
    if not place:
        return None
    of = case.visit(place["visit"])
    if not isinstance(of.grid, RasterGrid) or not isinstance(visit.grid, RasterGrid):
        return None
    cell = moved(of.grid, visit.grid, (place["row"], place["column"]))
    return [cell[1], cell[0]] if cell else None


def label_rows(store: Store, chosen: Chosen) -> list[Label]:
    """The labels of all dates, each once."""
    known: dict[int, Label] = {}
    for visit in chosen.visits:
        for label in workbench.get(store, visit.id).legend:
            known.setdefault(label.value, label)
    return list(known.values())
