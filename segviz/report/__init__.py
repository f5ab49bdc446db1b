"""Findings as a page on paper and on the screen. The only door to matplotlib and reportlab.

>>> report = make(store, case, Options(named=True))                    # doctest: +SKIP
>>> Path("report.pdf").write_bytes(written(store, report, "pdf"))      # doctest: +SKIP
"""

from segviz.report.contents import Options, sections
from segviz.report.files import FORMS, file_name, written
from segviz.report.making import Report, make

__all__ = ["FORMS", "Options", "Report", "file_name", "make", "sections", "written"]
