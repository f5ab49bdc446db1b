"""Review: look at an image, segment it, correct the mask."""

from segviz.ui import cases, frame, review

with frame.page("Review") as store:
    case = frame.chosen_case(store)
    if case is None:
        cases.choose(store, "review.py", "Choose a case to review")
    else:
        review.bench(store, case.id)
