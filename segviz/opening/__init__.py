"""From files to a case, and from a case back to its images.

Shared by the pages, the routes and the command line.
"""

from segviz.opening.aligning import align, align_by_hand
from segviz.opening.files import open_files
from segviz.opening.finished import take_finished
from segviz.opening.images import is_sharp, scene, volume
from segviz.opening.pictures import Display, display, packed_volume, thumbnail
from segviz.opening.values import values

__all__ = [
    "Display",
    "align",
    "align_by_hand",
    "display",
    "is_sharp",
    "open_files",
    "packed_volume",
    "scene",
    "take_finished",
    "thumbnail",
    "values",
    "volume",
]
