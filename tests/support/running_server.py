"""``fame serve`` in a process of its own, for benchmarks."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

FAME = Path(sys.executable).with_name("fame")


class RunningServer:
    """``fame serve`` in a process of its own.

    Parameters
    ----------
    path : Path
        The warehouse.
    options : str
        More options.
    """

    def __init__(self, path: Path, *options: str) -> None:
        command = [FAME, "serve", "--warehouse", path, "--listen", "127.0.0.1:0"]
        command += ["--quack", "none", *options]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self.process.stderr is not None
        said = []
        # Before it serves, it may say that the warehouse was upgraded.
        for line in self.process.stderr:
            said.append(line)
            if " at http://" in line:
                break
        else:
            raise RuntimeError("".join(said))
        self.address = said[-1].rpartition("http://")[2].strip()

    def kill(self) -> None:
        """End it at once, as a lack of memory does."""
        self.process.send_signal(signal.SIGKILL)
        self._wait()

    def stop(self) -> int:
        """End it in order; return its exit code."""
        self.process.terminate()
        return self._wait()

    def _wait(self) -> int:
        code = self.process.wait(30)
        assert self.process.stderr is not None
        self.process.stderr.close()
        return code
