"""How far one moment is from another, in words."""

from __future__ import annotations


def distance(seconds: float) -> str:
    """Return a distance in time in the largest unit that it has at least two of."""
    size = abs(seconds)
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if size >= 2 * length:
            return f"{seconds / length:+.0f} {unit}"
    return f"{seconds:+.3g} s" if seconds else "0 s"
