"""Legend and provenance inside a NIfTI file: a header extension with a comment in JSON.

Code 6 is "comment" in nifti1.h: other programs keep or skip it.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from typing import Any

from segviz.mask import Legend, Mask

COMMENT = 6
KEY = "segviz"


def encode(mask: Mask, provenance: Mapping[str, Any] | None) -> bytes:
    """Legend, source and provenance as the text of a comment."""
    told = {"provenance": provenance} if provenance else {}
    return comment({"legend": mask.legend.to_json(), "source": mask.source, **told})


def comment(told: Mapping[str, Any]) -> bytes:
    """The text of a comment of ours."""
    return json.dumps({KEY: told}).encode()


def legend_in(content: bytes, offset: int) -> tuple[Legend, str]:
    """Legend and source of a file of ours, empty for any other.

    Args:
        content: the unpacked little-endian file.
        offset: where its voxels begin.
    """
    for comment in _comments(content, offset):
        try:
            ours = json.loads(comment.rstrip(b"\0"))[KEY]
            return Legend.from_json(ours["legend"]), str(ours["source"])
        except (ValueError, KeyError, TypeError):
            continue
    return Legend(()), ""


def _comments(content: bytes, offset: int) -> Iterator[bytes]:
    (size,) = struct.unpack("<i", content[:4])
    position = size + 4
    while position + 8 <= offset and content[size]:
        length, code = struct.unpack("<ii", content[position : position + 8])
        if not 8 <= length <= offset - position:
            return
        if code == COMMENT:
            yield content[position + 8 : position + length]
        position += length
