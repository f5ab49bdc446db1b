"""``segviz replay``: the numbers of a report, computed again."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from segviz.cli.options import FILE, as_json
from segviz.cli.tables import print_json, print_table
from segviz.cli.workspace import open_store
from segviz.errors import Refused

if TYPE_CHECKING:
    from segviz.report.replay import Replayed

SHOWN = 40
"""Differences that are listed; JSON has all."""


@click.command()
@click.argument("report", type=FILE)
@as_json
def replay(report: Path, as_json: bool) -> None:
    """Compute every number of REPORT, a report.json, again from the workspace."""
    from segviz.report import replay as again

    told = again.read(report)
    found = again.replay(open_store(), told)
    differences = [difference for one in found for difference in one.differences]
    if as_json:
        print_json({"agree": not differences, "findings": [asdict(one) for one in found]})
    else:
        print_found(found)
    if differences:
        raise Refused(
            "SV-NUM-135",
            f"{len(differences):,} of {sum(one.compared for one in found):,} values of the report "
            "are not what its images, masks and decisions give, so it cannot be signed; make the "
            "report again.",
        )
    if not as_json:
        click.echo(f"All {sum(one.compared for one in found):,} values agree.")


def print_found(found: list[Replayed]) -> None:
    """What was looked at, then where it does not agree."""
    print_table(
        ["what", "values", "agree"],
        [[one.what, one.compared, not one.differences] for one in found],
    )
    rows = [
        [one.what, difference.path, difference.was, difference.now]
        for one in found
        for difference in one.differences
    ]
    if rows:
        click.echo()
        print_table(["what", "where", "was", "is"], [[*map(str, row)] for row in rows[:SHOWN]])
