"""Lists of labels as text: ITK-SNAP's label descriptions, GDAL's and QGIS's colour tables.

    ITK-SNAP   IDX R G B A VIS MSH "LABEL"; label 0 is "Clear Label"
    GDAL       value r g b [a] [name], as in a .clr file
    QGIS       value,r,g,b,a,name

Lines that begin with # are comments. Label 0 is what has no label here and is never listed.
"""

from __future__ import annotations

import re

from segviz.errors import Refused
from segviz.mask import Label, Legend

MOST_BYTES = 2**20

_BYTE = r"(\d{1,3})"
_VALUE = r"(\d{1,9})(?:\.0+)?"
_SHAPES = (
    rf'{_VALUE}\s+{_BYTE}\s+{_BYTE}\s+{_BYTE}\s+[\d.eE+-]+\s+[01]\s+[01]\s+"(.*)"',
    rf"{_VALUE}\s*,\s*{_BYTE}\s*,\s*{_BYTE}\s*,\s*{_BYTE}\s*(?:,\s*\d{{1,3}}\s*(?:,(.*))?)?",
    rf"{_VALUE}\s+{_BYTE}\s+{_BYTE}\s+{_BYTE}(?:\s+\d{{1,3}}(?!\S))?(?:\s+(.*))?",
)
_LINES = [re.compile(shape) for shape in _SHAPES]

_HEAD = """\
################################################
# ITK-SnAP Label Description File
# File format:
# IDX   -R-  -G-  -B-  -A--  VIS MSH  LABEL
# Fields:
#    IDX:   Zero-based index
#    -R-:   Red color component (0..255)
#    -G-:   Green color component (0..255)
#    -B-:   Blue color component (0..255)
#    -A-:   Label transparency (0.00 .. 1.00)
#    VIS:   Label visibility (0 or 1)
#    MSH:   Label mesh visibility (0 or 1)
#  LABEL:   Label description
################################################
"""


def read(content: bytes) -> Legend:
    """Labels of a file of one of the three kinds, by value.

    Raises:
        Refused: the file is too large (SV-MSK-040); a line is no label (SV-MSK-041); a label has no
            number from 0 to 255 (SV-MSK-042) or comes twice (SV-MSK-043); there is none
            (SV-MSK-044).
    """
    if len(content) > MOST_BYTES:
        raise Refused(
            "SV-MSK-040",
            f"The list of labels has {len(content) / 1e6:.1f} MB, more than a list of 255 labels "
            "can have; nothing was read. Choose the label file itself.",
        )
    found: dict[int, Label] = {}
    for number, line in enumerate(_text(content).splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#") or line.upper().startswith("INTERPOLATION:"):
            continue
        label = _label(line, number)
        if label.value in found:
            raise Refused(
                "SV-MSK-043",
                f"Label {label.value} comes twice in the list (again in line {number}), so its "
                "name would be doubtful; leave one of them out.",
            )
        found[label.value] = label
    found.pop(0, None)
    if not found:
        raise Refused(
            "SV-MSK-044",
            "The file lists no labels beside 0, so the legend was left as it is; choose an "
            "ITK-SNAP label file or a colour table.",
        )
    return Legend(tuple(found[value] for value in sorted(found)))


def itksnap(legend: Legend) -> str:
    """The legend as an ITK-SNAP label description; quotes in names become single ones."""
    rows = ['    0     0    0    0        0  0  0    "Clear Label"\n']
    for label in legend:
        red, green, blue = rgb(label.color)
        name = _one_line(label.name).replace('"', "'")
        rows.append(f'{label.value:5}  {red:4} {green:4} {blue:4}        1  1  1    "{name}"\n')
    return _HEAD + "".join(rows)


def colour_table(legend: Legend) -> str:
    """The legend as GDAL's text colour table: value, red, green, blue, alpha, name."""
    rows = ["0 0 0 0 0\n"]
    for label in legend:
        red, green, blue = rgb(label.color)
        rows.append(f"{label.value} {red} {green} {blue} 255 {_one_line(label.name)}\n")
    return "".join(rows)


def rgb(color: str) -> tuple[int, int, int]:
    """``"#RRGGBB"`` as three numbers from 0 to 255."""
    red, green, blue = bytes.fromhex(color.lstrip("#"))
    return red, green, blue


def _text(content: bytes) -> str:
    """UTF-8, or what older programs on Windows write."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _label(line: str, number: int) -> Label:
    found = next(filter(None, (shape.fullmatch(line) for shape in _LINES)), None)
    if found is None or max(int(part) for part in found.groups()[1:4]) > 255:
        raise Refused(
            "SV-MSK-041",
            f"Line {number} of the list is no label with a number and a colour, so nothing was "
            "read; choose an ITK-SNAP label file or a colour table.",
        )
    value, red, green, blue = (int(part) for part in found.groups()[:4])
    if value > 255:
        raise Refused(
            "SV-MSK-042",
            f"Line {number} lists label {value}, and a mask holds labels up to 255; its cells "
            "would be lost. Renumber the labels in the mask and in the list.",
        )
    name = _one_line(found.group(5) or "") or f"label {value}"
    return Label(value, name, f"#{red:02X}{green:02X}{blue:02X}")


def _one_line(name: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in name).split())
