"""Numbers of a case from what the workspace holds, and nothing else.

A *spec* is JSON that names all that a finding depends on: its kind, visits, layers at revisions,
records by their numbers, options. The same spec gives the same numbers on any day, so that pages
keep them and a report can be computed again:

>>> spec = {"kind": "lesions", "layer": layer.id, "revision": 7}      # doctest: +SKIP
>>> numbers = findings.find(store, spec)                              # doctest: +SKIP
>>> findings.tell(spec, numbers)               # blocks for people    # doctest: +SKIP
"""

from segviz.findings.kinds import Numbers, Spec, find, tell

__all__ = ["Numbers", "Spec", "find", "tell"]
