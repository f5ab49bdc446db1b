"""A mask being edited: cells, history that survives anything, running numbers.

>>> bench = workbench.get(store, visit_id)                              # doctest: +SKIP
>>> bench.edit_cells(cells, labels, base_revision=0, uuid="...")       # doctest: +SKIP
"""

from segviz.workbench.answers import State
from segviz.workbench.bench import EditOf, Workbench
from segviz.workbench.comparison import At, compare, difference
from segviz.workbench.departures import Answer, departed
from segviz.workbench.origins import Owners, operations, owner_map, owners, provenance
from segviz.workbench.registry import adopt, close_all, get, new_layer

__all__ = [
    "Answer",
    "At",
    "EditOf",
    "Owners",
    "State",
    "Workbench",
    "adopt",
    "close_all",
    "compare",
    "departed",
    "difference",
    "get",
    "new_layer",
    "operations",
    "owner_map",
    "owners",
    "provenance",
]
