"""Links to the files of a report."""

from __future__ import annotations

import re

from segviz.report import FORMS, Options
from segviz.ui import report


def test_every_form_has_a_link_that_says_what_was_chosen() -> None:
    html = report.file_list("/sv/cases/a/b", Options(("amounts", "lesions"), True, 50.0))
    links = re.findall(r'href="([^"]+)"', html)
    said = "sections=amounts%2Clesions&amp;smallest=50&amp;named=1"
    assert links == [f"/sv/cases/a/b/report.{form}?{said}" for form in FORMS]


def test_the_name_is_asked_for_only_when_it_was_ticked() -> None:
    assert "named" not in report.file_list("/sv", Options(("amounts",)))
