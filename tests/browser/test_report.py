"""A report from the demonstration case: chosen on Review, computed again on the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from conftest import ROOT, Server
from playwright.sync_api import Page, expect

from segviz.findings.amounts import VOLUME_NOTE

pytestmark = pytest.mark.browser
NAME = "MNI152, simulated lesion"
SEGVIZ = (sys.executable, "-c", "from segviz.cli import main; main()")


def segviz(server: Server, *arguments: str | Path) -> str:
    done = subprocess.run(
        [*SEGVIZ, *map(str, arguments)], cwd=ROOT, env=server.environment, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def fetched(page: Page, form: str, folder: Path) -> Path:
    with page.expect_download() as started:
        page.locator(f'.sv-files a[href*="report.{form}"]').click()
    path = folder / started.value.suggested_filename
    started.value.save_as(path)
    return path


def test_a_report_is_taken_along_and_computed_again(
    page: Page, server: Server, tmp_path: Path
) -> None:
    segviz(server, "demo")
    page.goto(server.url)
    page.get_by_role("link", name=NAME).first.click()
    page.get_by_role("button", name="Report").click()
    pdf, data = (fetched(page, form, tmp_path) for form in ("pdf", "json"))
    assert NAME.split(",")[0] not in pdf.name
    with pdfium.PdfDocument(pdf) as file:
        (text,) = (one.get_textpage().get_text_range() for one in file)
    assert "17,500" in text
    assert VOLUME_NOTE.split(".")[0] in text.replace("\r\n", " ")
    assert NAME not in text + data.read_text()
    assert "values agree" in segviz(server, "replay", data)

    page.get_by_text("Include the name of the case").click()
    expect(page.locator('.sv-files a[href*="named=1"]')).to_have_count(4)
    named = json.loads(fetched(page, "json", tmp_path).read_text())
    assert named["case"]["name"] == NAME
