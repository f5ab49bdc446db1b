"""A mask being edited: cells, history that survives anything, running numbers.

>>> bench = workbench.get(store, visit_id)                              # doctest: +SKIP
>>> bench.edit_cells(cells, labels, base_revision=0, uuid="...")       # doctest: +SKIP
"""

from segviz.workbench.bench import EditOf, State, Workbench
from segviz.workbench.comparison import At, compare, difference
from segviz.workbench.origins import owners, provenance
from segviz.workbench.registry import adopt, close_all, get, new_layer

__all__ = [
    "At",
    "EditOf",
    "State",
    "Workbench",
    "adopt",
    "close_all",
    "compare",
    "difference",
    "get",
    "new_layer",
    "owners",
    "provenance",
]
