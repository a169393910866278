"""Too little of what a process needs: disk, temporary folder, permissions, memory, open files.

A command that lacks it works, or says in one line what is wrong; it leaves what the same command
goes on from, to the result of a run that lacks nothing.
"""

from __future__ import annotations

import importlib
import os
import resource
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from kills import Child, Forks, Stage, Tried, difference, finish, undisturbed_run

NOBODY = 65534
_SERVED = 8.0
"""Seconds after which a server is asked to end: its clients may wait for what it cannot do."""

_ENDS_IN = 120.0


def run(arguments: list[str]) -> None:
    """Call a function with too little of something, as a child of the harness of kills.

    The arguments are the name of what is scarce, how much there is, the function and its arguments.
    """
    name, amount, call, *rest = arguments
    SCARCE[name](int(amount))
    module, _, function = call.partition(":")
    getattr(importlib.import_module(module), function)(rest)


def _file_size(most: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))


def _open_files(most: int) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _memory(more: int) -> None:
    """Allow some bytes more than the process has already."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + more
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _read_only(mode: int) -> None:
    """Forbid to write into the current folder, to somebody who is not root."""
    for path in [Path(), *Path().rglob("*")]:
        path.chmod(mode if path.is_dir() else mode & 0o666)
        os.chown(path, NOBODY, NOBODY)
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)


def _temporary(left: int) -> None:
    """Use a temporary folder that is full, or none at all."""
    os.environ["TMPDIR"] = str(Path("full-tmp" if left else "no-such-folder").absolute())
    tempfile.tempdir = None


SCARCE: dict[str, Callable[[int], None]] = {
    "file size": _file_size,
    "open files": _open_files,
    "memory": _memory,
    "read-only folder": _read_only,
    "temporary folder": _temporary,
    "disk": lambda left: None,
}
"""What a child has too little of, by name."""

AMOUNTS: tuple[tuple[str, int], ...] = (
    *(("file size", most) for most in (4096, 1 << 16, 1 << 20)),
    *(("open files", most) for most in (6, 10, 16)),
    *(("memory", more << 20) for more in (0, 1200)),
    ("read-only folder", 0o500),
    ("temporary folder", 0),
    *(("disk", left << 10) for left in (0, 600, 2000)),
)
"""What is tried with each stage. Of the folder that is read-only, the mode; else bytes or files."""


def possible(amounts: Iterable[tuple[str, int]] = AMOUNTS) -> list[tuple[str, int]]:
    """Return what can be tried here: only root mounts disks and becomes somebody else."""
    with tempfile.TemporaryDirectory() as folder:
        mounts = _mounted(Path(folder), 1) and not _unmounted(Path(folder))
    as_root = {"disk": mounts, "read-only folder": os.geteuid() == 0}
    return [(name, amount) for name, amount in amounts if as_root.get(name, True)]


def _mounted(folder: Path, mib: int) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", f"size={mib}m", "none", str(folder)]
    return os.geteuid() == 0 and not subprocess.run(command, capture_output=True).returncode


def _unmounted(folder: Path) -> int:
    return subprocess.run(["umount", "-l", str(folder)], check=False).returncode


@contextmanager
def _disk(folder: Path, name: str) -> Iterator[None]:
    """Mount a disk of its own on a folder, where the disk is what is scarce."""
    if name == "disk":
        _mounted(folder, 64)
    try:
        yield
    finally:
        if name == "disk":
            _unmounted(folder)


def _fill(place: Path, left: int) -> None:
    """Fill the disk of a folder but for some bytes."""
    filling = os.statvfs(place).f_bavail * os.statvfs(place).f_frsize - left
    (place / "filling").write_bytes(bytes(max(filling, 0)))


def suffer(
    stage: Stage,
    forking: Forks,
    folder: Path,
    amounts: Iterable[tuple[str, int]] = AMOUNTS,
) -> Tried:
    """Run a stage with too little of each, then again with enough, and compare what comes of it."""
    found = Tried(stage.name)
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    whole, _ = stage.undisturbed or undisturbed_run(stage, forking, folder / "whole")
    for number, (name, amount) in enumerate(amounts):
        place = folder / f"{number}"
        place.mkdir()
        found.tried += 1
        with _disk(place, name):
            wrong = list(_one(stage, forking, place, name, amount, whole))
        found.failed += [f"{name} {amount}: {what}" for what in wrong]
        shutil.rmtree(place)
    return found


def _one(
    stage: Stage, forking: Forks, place: Path, name: str, amount: int, whole: object
) -> Iterator[str]:
    """Yield what is wrong with how a stage ends, or with what comes of it afterwards."""
    stage.prepare(place)
    if name == "disk":
        _fill(place, amount)
    code, said = _suffered(stage, forking, place, name, amount)
    yield from _wrong(code, said)
    (place / "filling").unlink(missing_ok=True)
    try:
        # A server that was asked to end has not failed, and may have left something undone.
        is_done = code == 0 and stage.commands[0][0] != "serve"
        for command in () if is_done else stage.commands:
            finish(forking.start(command, call=stage.call, folder=place))
        if (result := stage.result(place)) != whole:
            yield difference(whole, result)
    except Exception as error:
        yield f"afterwards {error}"


def _suffered(
    stage: Stage, forking: Forks, place: Path, name: str, amount: int
) -> tuple[int | None, str]:
    """Return how the first command ends that fails, and what it says."""
    code, said = 0, ""
    for command in stage.commands:
        words = [name, amount, stage.call, *command]
        child = forking.start(words, call="scarce:run", folder=place)
        code, said = _ended(child, command), child.said
        if code:
            break
    return code, said


def _ended(child: Child, command: Sequence[object]) -> int | None:
    """Wait for a command; a server that goes on is asked to end."""
    code = child.wait(_SERVED if command[0] == "serve" else _ENDS_IN)
    if code is None:
        child.kill(signal.SIGTERM)
        code = child.wait(_ENDS_IN)
    if code is None:
        child.kill()
        child.wait(_ENDS_IN)
    return code


def _wrong(code: int | None, said: str) -> Iterator[str]:
    errors = [line for line in said.splitlines() if line.startswith("Error: ")]
    if code not in (0, 1, 2) or "Traceback" in said or (code and len(errors) != 1):
        yield f"exit status {code}: {said[-600:]}"
