"""Options that were renamed, and still take their former names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click


class RenamedOption(click.Option):
    """An option that also takes its former names, which the help does not show.

    Using a former name prints a note on stderr.

    Parameters
    ----------
    former : str
        The former names, separated by blanks; for example ``"--by"``.
    """

    def __init__(self, *args: Any, former: str, **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.former = tuple(former.split())

    def add_to_parser(self, parser: Any, ctx: click.Context) -> None:
        """Let the parser store what is given under a former name apart from the option."""
        super().add_to_parser(parser, ctx)
        value = {"action": "store_const", "const": True} if self.is_flag else {"nargs": self.nargs}
        for name in self.former:
            parser.add_option(obj=self, opts=[name], dest=name, **value)

    def consume_value(self, ctx: click.Context, opts: Mapping[str, Any]) -> tuple[Any, Any]:
        """Take the value of a former name where the present one is not given."""
        for name in self.former:
            if name in opts:
                click.echo(f"{name} is deprecated; use {self.opts[-1]}", err=True)
                opts = {str(self.name): opts[name], **opts}
        return super().consume_value(ctx, opts)
