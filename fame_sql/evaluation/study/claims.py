"""What may be claimed: where fame's figure clears another detector's, judged in pairs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from fame_sql.evaluation.metrics import Judged, Measured, difference
from fame_sql.evaluation.study.summary import Key

SUBJECT = "fame"
PARTS_OF_FAME = {
    "experts and router": ("one student",),
    "partition": ("fame, random domains", "fame, components", "fame, k-means"),
}
"""What each part of the method has to clear for a claim about it to stand."""
JUDGED_BY = (("all", "f1", "F1 on all lines"), ("unseen", "average_precision", "AP on unseen"))

PAIRED = (
    "Differences are paired: the same seeds and blocks of time for both. The intervals are 95 % "
    "each, not corrected for the number of comparisons."
)


@dataclass(frozen=True)
class Claim:
    """That fame does better than a baseline on one split, by one measure.

    Parameters
    ----------
    split, baseline : str
        Where, and than which detector.
    measure : str
        Such as ``"F1 on all lines"``.
    gain : Measured
        By how much fame's figure is higher, with the 95 % interval of the paired bootstrap.
    """

    split: str
    baseline: str
    measure: str
    gain: Measured

    @property
    def stands(self) -> bool:
        """Whether the whole interval lies above zero."""
        return self.gain.low is not None and self.gain.low > 0

    def to_dict(self) -> dict[str, object]:
        """Return plain values, for JSON."""
        return {**asdict(self), "stands": self.stands}


def claims(groups: Mapping[Key, Sequence[Judged]]) -> list[Claim]:
    """Return what can be said of fame beside every other detector, split by split.

    Parameters
    ----------
    groups : mapping
        From :func:`fame_sql.evaluation.study.summary.gathered`, by line.
    """
    return [
        Claim(split, baseline, shown, difference(groups[split, SUBJECT, part], theirs, name))
        for (split, baseline, of), theirs in groups.items()
        for part, name, shown in JUDGED_BY
        if of == part and baseline != SUBJECT and (split, SUBJECT, part) in groups
    ]


def sentences(found: Sequence[Claim]) -> list[str]:
    """Return what stands and what does not, as sentences: by part of the method, then by split."""
    return [*_of_parts(found), *_of_splits(found), *([PAIRED] if found else [])]


def _of_parts(found: Sequence[Claim]) -> Iterator[str]:
    for part, baselines in PARTS_OF_FAME.items():
        for _, _, measure in JUDGED_BY:
            tried = [c for c in found if c.baseline in baselines and c.measure == measure]
            if tried:
                yield _verdict(part, measure, tried)


def _verdict(part: str, measure: str, tried: Sequence[Claim]) -> str:
    """Say on which splits a part of the method clears all that it has to."""
    splits = dict.fromkeys(c.split for c in tried)
    standing = [s for s in splits if all(c.stands for c in tried if c.split == s)]
    against = ", ".join(dict.fromkeys(c.baseline for c in tried))
    if not standing:
        return f"No claim for the {part} stands: {measure} nowhere clears {against}."
    where = ", ".join(standing)
    return f"A claim for the {part} stands at {where} only: {measure} clears {against} there."


def _of_splits(found: Sequence[Claim]) -> Iterator[str]:
    for split, measure in dict.fromkeys((c.split, c.measure) for c in found):
        here = [c for c in found if (c.split, c.measure) == (split, measure)]
        clear = "; ".join(_told(c) for c in here if c.stands) or "no detector"
        not_clear = "; ".join(_told(c) for c in here if not c.stands) or "none"
        yield f"{split}, {measure}: fame clears {clear}. Not cleared: {not_clear}."


def _told(claim: Claim) -> str:
    gain = claim.gain
    if gain.value is None:
        return f"{claim.baseline} (nothing to find)"
    if gain.low is None or gain.high is None:
        return f"{claim.baseline} ({gain.value:+.3f})"
    return f"{claim.baseline} ({gain.value:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}])"
