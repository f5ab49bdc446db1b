"""The command line. Each command imports what it needs when it runs, so that --help is instant."""

from segviz.cli.commands import main

__all__ = ["main"]
