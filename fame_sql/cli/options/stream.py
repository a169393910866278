"""The options of ``fame evaluate --stream``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from fame_sql.cli.options.grouped import grouped
from fame_sql.cli.options.numbers import COUNT, COUNT_OR_NONE, Number
from fame_sql.cli.options.study import numbers_of
from fame_sql.errors import InputError

if TYPE_CHECKING:
    from fame_sql.cli.options.study import StudyOptions
    from fame_sql.evaluation.stream.stream import StreamPlan

_OPTIONS = (
    click.option(
        "--stream",
        "as_stream",
        is_flag=True,
        help="Judge the lines after each cut in order, with answers about new templates.",
    ),
    click.option(
        "--answers",
        metavar="N[,N...]",
        default="5,10,20,41",
        show_default=True,
        help="With --stream: how many templates are answered.",
    ),
    click.option(
        "--delay",
        type=COUNT_OR_NONE,
        metavar="BLOCKS",
        default=0,
        show_default=True,
        help="With --stream: blocks until an answer is in force; 0 for the next line.",
    ),
    click.option(
        "--wrong-answers",
        "wrong",
        type=Number(0, 1),
        metavar="SHARE",
        default=0.0,
        show_default=True,
        help="With --stream: share of the answers that are wrong, at random.",
    ),
    click.option(
        "--blocks",
        type=COUNT,
        metavar="NUMBER",
        default=20,
        show_default=True,
        help="With --stream: number of blocks of the lines after a cut.",
    ),
)


@dataclass(frozen=True)
class StreamOptions:
    """The values of the options of a stream.

    Parameters
    ----------
    as_stream : bool
        Whether to evaluate a stream.
    answers : str
        Numbers of answers, separated by commas.
    delay, blocks : int
        Blocks until an answer is in force, and blocks in all.
    wrong : float
        Share of wrong answers.
    """

    as_stream: bool
    answers: str
    delay: int
    wrong: float
    blocks: int

    def plan(self, study: StudyOptions) -> StreamPlan:
        """Return the plan, with the cuts, seeds and K of the options of a study.

        Raises
        ------
        InputError
            If a number is not one, or K has several values.
        """
        from fame_sql.evaluation.stream.stream import StreamPlan

        each_k = study.each_k()
        if len(each_k) != 1:
            raise InputError(f"a stream has one K, not {study.per_template!r}: write one number")
        answers = list(numbers_of(self.answers, "numbers of answers", "5,10,41"))
        if any(not number.is_integer() for number in answers):
            raise InputError(f"{self.answers!r} has a number of answers that is not whole")
        return StreamPlan(
            cuts=tuple(numbers_of(study.cuts, "cuts", "0.5,0.8")),
            answers=tuple(int(number) for number in answers),
            delay=self.delay,
            wrong=self.wrong,
            seeds=study.seeds,
            blocks=self.blocks,
            per_template=each_k[0],
        )


def stream_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a stream, which the command takes as one argument ``stream``."""
    return grouped(command, _OPTIONS, StreamOptions, "stream")
