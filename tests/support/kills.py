"""Kill processes at random moments, and see what they leave: the one harness for all kills.

A process that has imported fame-sql forks a child for each attempt, so that an attempt costs what
its work costs and not a second of imports. A stage is described once (:class:`Stage`); its result
after any number of kills has to be that of a run that nobody disturbed.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_FORKING = Path(__file__).with_name("forking.py")
_LONGEST = 300.0
_IN_A_ROUND = 4
"""Kills after which a round goes on undisturbed: each result that is compared is of a few kills."""

FAME = "fame_sql.cli:main"
"""The command line, as what a child calls."""


@dataclass
class Child:
    """A process that runs one function, and can be killed.

    Parameters
    ----------
    forks : Forks
        What started it.
    pid : int
        Its number.
    output : Path
        The file with what it printed.
    """

    forks: Forks
    pid: int
    output: Path

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def wait(self, seconds: float) -> int | None:
        """Return its exit status, negative for a signal; None if it runs for longer."""
        found: int | None = self.forks.call({"wait": self.pid, "seconds": seconds})
        return found

    @property
    def said(self) -> str:
        """What it has printed so far."""
        if not self.output.exists():
            return ""
        return self.output.read_text(encoding="utf-8", errors="replace")


class Forks:
    """Starts children that have imported everything already."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        support, root = _FORKING.parent, _FORKING.parents[2]
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", str(_FORKING)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(support), str(root), *sys.path])},
        )

    def call(self, request: dict[str, Any]) -> Any:
        """Send a request to the process that forks, and return its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def start(
        self,
        arguments: Sequence[object],
        *,
        call: str = FAME,
        environment: dict[str, str] | None = None,
        folder: Path | None = None,
        limits: dict[str, int] | None = None,
    ) -> Child:
        """Start a child.

        Parameters
        ----------
        arguments : sequence
            What the function is called with, as texts in one list.
        call : str
            The function, as ``module:name``.
        environment : dict, optional
            Variables to set.
        folder : Path, optional
            Where it runs.
        limits : dict, optional
            Limits by their names in :mod:`resource`, such as ``RLIMIT_FSIZE``.
        """
        self._count += 1
        output = self._folder / f"child-{self._count}.txt"
        request = {
            "call": call,
            "arguments": [str(argument) for argument in arguments],
            "environment": environment or {},
            "folder": str(folder or self._folder),
            "limits": limits or {},
            "output": str(output),
        }
        return Child(self, self.call(request), output)

    def close(self) -> None:
        """End the process that forks."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


@contextmanager
def forks(folder: Path) -> Iterator[Forks]:
    """Have a process that forks while the block runs."""
    found = Forks(folder)
    try:
        yield found
    finally:
        found.close()


@dataclass(frozen=True)
class Stage:
    """What is killed, and what must come of it.

    Parameters
    ----------
    name : str
        The name in the counts.
    prepare : callable
        Puts what the stage needs into a new folder.
    commands : sequence of sequences
        The arguments of the commands, run one after another in that folder.
    result : callable
        Returns from the folder what has to be equal in the end.
    holds : callable, optional
        Raises if what one kill left is wrong already.
    call : str
        What a child calls with the arguments.
    undisturbed : tuple, optional
        The result of a run that nobody disturbs and the seconds of each command, where they are
        known already.
    """

    name: str
    prepare: Callable[[Path], object]
    commands: Sequence[Sequence[object]]
    result: Callable[[Path], object]
    holds: Callable[[Path], object] | None = None
    call: str = FAME
    undisturbed: tuple[object, Sequence[float]] | None = None


@dataclass
class Tried:
    """What came of trying one thing many times.

    Parameters
    ----------
    name : str
        What was tried: of kills, the stage.
    tried : int
        How often: of kills, processes that were killed before they were done.
    failed : list of str
        What did not hold.
    """

    name: str
    tried: int = 0
    failed: list[str] = field(default_factory=list)


def kill_at_random(
    stage: Stage,
    forking: Forks,
    folder: Path,
    kills: int,
    seed: int,
    by: signal.Signals = signal.SIGKILL,
) -> Tried:
    """Kill a stage that many times, and compare what it comes to with an undisturbed run.

    Each kill comes at a moment drawn evenly from the time that the stage takes. After it the same
    command is started again, in what was left. After a few kills, all in one run of the stage, it
    begins again in a new folder. By an interrupt, a command has to end in order.
    """
    for found in rounds_of_kills(stage, forking, folder, kills, seed, by):
        if found.tried >= kills:
            return found
    raise AssertionError("no process was killed")


def rounds_of_kills(
    stage: Stage,
    forking: Forks,
    folder: Path,
    kills: int,
    seed: int,
    by: signal.Signals = signal.SIGKILL,
) -> Iterator[Tried]:
    """Do as :func:`kill_at_random`, and yield the sums so far after each run of the stage."""
    found, draw, round_ = Tried(stage.name), random.Random(f"{stage.name} {seed}"), 0
    # Python itself shows a traceback where an interrupt falls into the start of a program.
    least = 0.1 if by == signal.SIGINT else 0.0
    whole, seconds = stage.undisturbed or undisturbed_run(stage, forking, folder / "whole")
    while found.tried < kills:
        round_ += 1
        place = folder / f"round-{round_}"
        place.mkdir(parents=True)
        stage.prepare(place)
        few = min(kills - found.tried, _IN_A_ROUND)
        _one_round(stage, forking, place, found, _moments(draw, seconds, few, least), by)
        if (result := stage.result(place)) != whole:
            found.failed.append(f"round {round_}: {difference(whole, result)}")
        shutil.rmtree(place)
        yield found


def _moments(
    draw: random.Random, seconds: Sequence[float], kills: int, least: float
) -> list[list[float]]:
    """Return for each command, by how long it takes, when it is killed.

    A command is not killed later than it ends undisturbed: with moments of the whole stage, a stage
    of many short commands would hardly ever be hit.
    """
    found: list[list[float]] = [[] for _ in seconds]
    for number in draw.choices(range(len(seconds)), weights=seconds, k=kills):
        found[number].append(draw.uniform(least, max(seconds[number], least)))
    return found


def undisturbed_run(stage: Stage, forking: Forks, place: Path) -> tuple[object, Sequence[float]]:
    """Return the result of a stage that nobody kills, and how long each command takes."""
    place.mkdir(parents=True)
    stage.prepare(place)
    seconds = []
    for command in stage.commands:
        began = time.monotonic()
        finish(_start(stage, forking, place, command))
        seconds.append(time.monotonic() - began)
    return stage.result(place), seconds


def _one_round(
    stage: Stage,
    forking: Forks,
    place: Path,
    found: Tried,
    moments: Sequence[Sequence[float]],
    by: signal.Signals,
) -> None:
    """Run the commands to their end, each killed at its moments before."""
    for command, own in zip(stage.commands, moments, strict=True):
        if not any(_is_done(stage, forking, place, command, found, moment, by) for moment in own):
            finish(_start(stage, forking, place, command))


def _is_done(
    stage: Stage,
    forking: Forks,
    place: Path,
    command: Sequence[object],
    found: Tried,
    moment: float,
    by: signal.Signals,
) -> bool:
    """Start a command and kill it at a moment; return whether it was done before that."""
    child = _start(stage, forking, place, command)
    code = child.wait(moment)
    if code is not None:
        _expect_success(child, code, found)
        return True
    child.kill(by)
    code = child.wait(_LONGEST)
    found.tried += 1
    if by == signal.SIGINT:
        _expect_order(child, code, found)
        if code == 0:
            return True
    if stage.holds is not None:
        _check(stage.holds, place, found)
    return False


def _start(stage: Stage, forking: Forks, place: Path, command: Sequence[object]) -> Child:
    return forking.start(command, call=stage.call, folder=place)


def finish(child: Child) -> None:
    """Wait for a child that has to succeed."""
    code = child.wait(_LONGEST)
    if code != 0:
        raise AssertionError(f"exit status {code}: {child.said[-2000:]}")


def _expect_success(child: Child, code: int, found: Tried) -> None:
    if code != 0:
        found.failed.append(f"after {found.tried} kills, exit status {code}: {child.said[-500:]}")


def _expect_order(child: Child, code: int | None, found: Tried) -> None:
    if code not in (0, 130) or "Traceback" in child.said:
        found.failed.append(f"interrupted, exit status {code}: {child.said[-500:]}")


def _check(holds: Callable[[Path], object], place: Path, found: Tried) -> None:
    try:
        holds(place)
    except Exception as error:
        found.failed.append(f"after {found.tried} kills: {type(error).__name__}: {error}"[:500])


def difference(whole: object, result: object) -> str:
    """Return in a few words what is not the same."""
    if isinstance(whole, dict) and isinstance(result, dict):
        names = [n for n in {**whole, **result} if whole.get(n) != result.get(n)]
        return "; ".join(f"{n}: {whole.get(n)!r} became {result.get(n)!r}" for n in names)[:500]
    return f"{whole!r} became {result!r}"[:500]
