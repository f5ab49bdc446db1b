"""Accuracy: how right a map is and how much there truly is of each class, by a random sample."""

from segviz.ui import accuracy, cases, frame

with frame.page("Accuracy") as store:
    case = frame.chosen_case(store)
    if case is None:
        cases.choose(store, "accuracy.py", "Choose a place whose map is to be checked")
    else:
        accuracy.of_map(store, case.id)
