"""Models that others made become models of the workspace, or are refused with the reason."""

from segviz.adding.sources import add, remove

__all__ = ["add", "remove"]
