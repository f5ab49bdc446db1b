"""The ``segviz`` command. Exit status: 0 done, 2 the input was refused, 1 our fault."""

from __future__ import annotations

import os
import traceback
from typing import Any

import click

from segviz.cli import learn, models, numbers, replay, workspace
from segviz.cli.options import ways_to_answer
from segviz.errors import Question, SegvizError

REFUSED, OUR_FAULT = 2, 1


class Commands(click.Group):
    """A group that turns errors into one sentence and an exit status."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Question as question:
            ways = ways_to_answer(question.key, question.choices)
            click.echo("\n".join([str(question), *ways]), err=True)
            ctx.exit(REFUSED)
        except SegvizError as error:
            click.echo(str(error), err=True)
            ctx.exit(REFUSED)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as error:
            fault = f"{type(error).__name__}: {error}"
            click.echo(f"segviz failed ({fault}); run it again with SEGVIZ_DEBUG=1.", err=True)
            if os.environ.get("SEGVIZ_DEBUG"):
                traceback.print_exc()
            ctx.exit(OUR_FAULT)


@click.group(cls=Commands)
@click.version_option(package_name="segviz")
def main() -> None:
    """Open medical volumes and satellite scenes, segment them, measure change."""


for command in (
    workspace.serve,
    workspace.demo,
    workspace.open_command,
    workspace.check,
    models.models,
    models.segment,
    learn.learn,
    numbers.measure,
    numbers.change,
    models.train,
    models.evaluate,
    workspace.export,
    replay.replay,
):
    main.add_command(command)
