"""Another process that holds something until it is told to end."""

from __future__ import annotations

import subprocess
import sys


def holder(code: str, *arguments: str) -> subprocess.Popen[str]:
    """Start Python code in a process of its own, and wait until it prints ``held``.

    The code then reads its standard input to the end, so that ``communicate`` ends it.
    """
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process
