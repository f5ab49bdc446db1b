"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import click

Command = Callable[..., Any]
Answers = dict[str, str]
"""What a reader chose where files leave questions open, by the question's key."""

EXISTING = click.Path(exists=True, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
NEW_FILE = click.Path(dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for other programs.")


class Day(click.ParamType[date]):
    """``YYYY-MM-DD``."""

    name = "YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            return value if isinstance(value, date) else date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a date such as 2021-05-02.", param, ctx)


class Numbers(click.ParamType[tuple[float, ...]]):
    """A fixed count of numbers with commas between them."""

    def __init__(self, name: str, kind: type[int] | type[float]) -> None:
        self.name = name
        self.kind = kind

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, ...]:
        if isinstance(value, tuple):
            return value
        try:
            numbers = tuple(self.kind(part) for part in value.split(","))
        except ValueError:
            numbers = ()
        if len(numbers) != len(self.name.split(",")):
            self.fail(f"{value!r} is not {self.name}.", param, ctx)
        return numbers


def reading(command: Command) -> Command:
    """The options that answer what a file leaves open; the command gets ``answers``."""

    def collected(
        *args: Any,
        answer: tuple[str, ...],
        spacing: tuple[float, ...] | None,
        fill: str | None,
        **options: Any,
    ) -> Any:
        answers = pairs(answer, "--answer")
        if spacing:
            answers["spacing_mm"] = ",".join(f"{edge:.12g}" for edge in spacing)
        if fill is not None:
            answers["fill"] = fill
        return command(*args, answers=answers, **options)

    collected.__name__, collected.__doc__ = command.__name__, command.__doc__
    collected.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
    for option in (
        click.option("--answer", multiple=True, metavar="KEY=VALUE", help="Answer a question."),
        click.option("--fill", metavar="VALUE", help="Value for voxels without a number."),
        click.option(
            "--spacing",
            type=Numbers("X,Y,Z", float),
            metavar="X,Y,Z",
            help="Voxel size in mm where the header is wrong.",
        ),
    ):
        collected = option(collected)
    return collected


def pairs(given: tuple[str, ...], option: str) -> dict[str, str]:
    """What an option that is given as KEY=VALUE, any number of times, says.

    >>> pairs(("series=2", "fill=0"), "--answer")
    {'series': '2', 'fill': '0'}
    """
    found = {}
    for pair in given:
        key, equals, value = pair.partition("=")
        if not equals:
            raise click.BadParameter(f"{pair!r} is not KEY=VALUE.", param_hint=option)
        found[key] = value
    return found


def ways_to_answer(key: str, choices: Mapping[str, str]) -> list[str]:
    """The options that answer a question, one line each.

    >>> ways_to_answer("volume", {"0": "the first"})
    ['  --answer volume=0  the first']
    """
    if key == "spacing_mm":
        return ["  --spacing X,Y,Z"]
    options = {f"  --answer {key}={choice}": said for choice, said in choices.items()}
    width = max(map(len, options), default=0)
    return [f"{option:{width}}  {said}" for option, said in options.items()] or [
        f"  --answer {key}=VALUE"
    ]
