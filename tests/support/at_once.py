"""Do something in several threads at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable


def at_once(work: Callable[[int], object], times: int) -> None:
    """Run something several times at the same moment, and raise what one of them raises."""
    failed: list[BaseException] = []
    ready = threading.Barrier(times)

    def run(number: int) -> None:
        try:
            ready.wait()
            work(number)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
