"""Cases to try everything on: a simulated tumour, a forest seen by Sentinel-2, and real data.

>>> demo.make(store)                                                    # doctest: +SKIP
"""

from segviz.demo.make import make

__all__ = ["make"]
