"""What goes into the report of a case: its sections, and the findings of each as they stand now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from segviz import workbench
from segviz.case import Case, Visit, World
from segviz.change import indices
from segviz.findings import (
    Spec,
    accuracy,
    agreement,
    amounts,
    areas,
    land_change,
    ledger,
    lesions,
    objects,
    provenance,
    samples,
    series,
)
from segviz.store import Store

BOTH: tuple[World, ...] = ("volume", "scene")


@dataclass(frozen=True)
class Options:
    """What whoever asks for a report chooses.

    Attributes:
        sections: keys of ``SECTIONS``; all that the case has when empty.
        named: True prints the name of the case, which may be a patient's.
        smallest_mm3: lesions below this volume are left out.
    """

    sections: tuple[str, ...] = ()
    named: bool = False
    smallest_mm3: float = ledger.SMALLEST_MM3


@dataclass(frozen=True)
class Asked:
    """A finding of a section, and what it is of where that is not said in it."""

    spec: Spec
    caption: str = ""


@dataclass(frozen=True)
class Part:
    """A section that a report can have.

    Attributes:
        title: its heading.
        worlds: cases that can have it.
        ask: its findings as they stand now; none where the case has nothing to say.
    """

    title: str
    worlds: Sequence[World]
    ask: Callable[[Store, Case, Options], Iterable[Asked]]


def _amounts(store: Store, case: Case, options: Options) -> Iterator[Asked]:
    yield Asked(amounts.now(store, case))


def _lesions(store: Store, case: Case, options: Options) -> Iterator[Asked]:
    """Of the first mask of each visit, without the intensities."""
    for visit in _marked(store, case):
        if labels := _things(store, [visit]):
            spec = lesions.now(store, visit.id, labels, options.smallest_mm3, intensities=False)
            yield Asked(spec, visit.name)


def _ledger(store: Store, case: Case, options: Options) -> Iterator[Asked]:
    """Of each label whose lesions are followed over the visits, as chosen in the ledger."""
    visits = _marked(store, case)
    if len(visits) > 1:
        for label in _things(store, visits):
            chosen = ledger.kept(store, case, label)
            chosen = chosen or ledger.Choices(smallest_mm3=options.smallest_mm3)
            yield Asked(ledger.now(store, case, label, chosen))


def _things(store: Store, visits: Sequence[Visit]) -> list[int]:
    """Labels of masks that count as lesions: things, else all where they are few."""
    legends = [workbench.get(store, visit.id).legend for visit in visits]
    found = {label for legend in legends for label in objects.things(legend)}
    return sorted(found) if len(found) <= LABELS_MOST else []


def _areas(store: Store, case: Case, options: Options) -> Iterator[Asked]:
    """Of each date that has a mask, where areas of interest were drawn."""
    if store.records(case.id, areas.KIND):
        for visit in _marked(store, case):
            revision = workbench.get(store, visit.id).revision
            yield Asked(areas.now(store, visit, visit.id, revision, None), visit.name)


def _agreement(store: Store, case: Case, options: Options) -> Iterator[Asked]:
    """Of the first mask of a visit with each other one that has work."""
    for visit in case.segmented:
        first, *others = store.layers(visit.id)
        for layer in others:
            if workbench.get(store, layer.id).revision:
                spec = agreement.now(store, layer, first)
                yield Asked(spec, f"{visit.name} · A is {layer.name}, B is {first.name}")


def _accuracy(store: Store, case: Case, options: Options) -> Iterator[Asked]:
    for sample in store.records(case.id, samples.SAMPLE):
        yield Asked(accuracy.now(store, sample), str(sample.body.get("title", "")))


def _change(store: Store, case: Case, options: Options) -> Iterator[Asked]:
    """From the first date that has a mask to the last one."""
    dates = _marked(store, case)
    if len(dates) > 1:
        label = land_change.label_of(workbench.get(store, dates[0].id).legend)
        yield Asked(
            land_change.now(store, [dates[0], dates[-1]], label),
            f"{dates[0].name} to {dates[-1].name}",
        )


def _series(store: Store, case: Case, options: Options) -> Iterator[Asked]:
    """Of each area of interest, the first index that the bands give (NDVI where there is one)."""
    known = indices.possible(case.segmented[0].channels)
    if len(case.segmented) > 1 and known:
        for record in store.records(case.id, areas.KIND)[:SERIES_MOST]:
            yield Asked(series.now(store, case.segmented, known[0], area=record.seq))


def _objects(store: Store, case: Case, options: Options) -> Iterator[Asked]:
    """Of labels whose objects are counted (things)."""
    for visit in _marked(store, case):
        legend = workbench.get(store, visit.id).legend
        if labels := [label.value for label in legend if label.thing]:
            yield Asked(objects.now(store, store.layer(visit.id), labels), visit.name)


def _provenance(store: Store, case: Case, options: Options) -> Iterator[Asked]:
    yield Asked(provenance.now(store, case))


def _marked(store: Store, case: Case) -> list[Visit]:
    return [visit for visit in case.segmented if workbench.get(store, visit.id).revision]


def _pictures(store: Store, case: Case, options: Options) -> Iterator[Asked]:
    """They are no finding."""
    return iter(())


PICTURES = "pictures"
LABELS_MOST = 4
"""More labels that are no things are organs or tissues, which have no lesions."""

SERIES_MOST = 4
"""Areas whose series is printed."""

SECTIONS: dict[str, Part] = {
    PICTURES: Part("Pictures", BOTH, _pictures),
    "amounts": Part("Amounts", BOTH, _amounts),
    "ledger": Part("Lesions over time", ("volume",), _ledger),
    "lesions": Part("Lesions", ("volume",), _lesions),
    "change": Part("Change", ("scene",), _change),
    "areas": Part("Areas of interest", ("scene",), _areas),
    "accuracy": Part("Accuracy", ("scene",), _accuracy),
    "series": Part("Series", ("scene",), _series),
    "objects": Part("Objects", ("scene",), _objects),
    "agreement": Part("Agreement", BOTH, _agreement),
    "provenance": Part("Provenance", BOTH, _provenance),
}


def sections(case: Case) -> dict[str, Part]:
    """The sections that a case can have, in the order in which they are printed."""
    return {key: part for key, part in SECTIONS.items() if case.world in part.worlds}
