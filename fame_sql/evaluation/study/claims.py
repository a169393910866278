"""Claims that a study supports: where fame beats another detector, by paired differences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from fame_sql.evaluation.metrics import Estimate, ScoredLines, difference
from fame_sql.evaluation.study.summary import Key

SUBJECT = "fame"
PARTS_OF_FAME = {
    "experts and router": ("one student",),
    "grouping": ("fame, random domains", "fame, components", "fame, k-means"),
}
"""The baselines that each part of the method has to beat for a claim about it to stand."""
CLAIM_MEASURES = (("all", "f1", "F1 on all lines"), ("unseen", "average_precision", "AP on unseen"))

PAIRED = (
    "Differences are paired: the same seeds and blocks of time for both. The intervals are 95 % "
    "each, not corrected for the number of comparisons."
)


@dataclass(frozen=True)
class Claim:
    """The claim that fame beats a baseline on one split, by one measure.

    Parameters
    ----------
    split, baseline : str
        The split, and the detector that fame is compared with.
    measure : str
        Such as ``"F1 on all lines"``.
    gain : Estimate
        How much higher the measure is for fame, with the 95 % interval of the paired bootstrap.
    """

    split: str
    baseline: str
    measure: str
    gain: Estimate

    @property
    def stands(self) -> bool:
        """Whether the whole interval is above zero."""
        return self.gain.low is not None and self.gain.low > 0

    def to_dict(self) -> dict[str, object]:
        """Return plain values, for JSON."""
        return {**asdict(self), "stands": self.stands}


def claims(groups: Mapping[Key, Sequence[ScoredLines]]) -> list[Claim]:
    """Return the claims of fame against every other detector, by split.

    Parameters
    ----------
    groups : mapping
        From :func:`fame_sql.evaluation.study.summary.group_results`, by line.
    """
    return [
        Claim(split, baseline, shown, difference(groups[split, SUBJECT, part], theirs, name))
        for (split, baseline, of), theirs in groups.items()
        for part, name, shown in CLAIM_MEASURES
        if of == part and baseline != SUBJECT and (split, SUBJECT, part) in groups
    ]


def sentences(found: Sequence[Claim]) -> list[str]:
    """Return sentences on which claims stand, by part of the method and then by split."""
    return [*_by_part(found), *_by_split(found), *([PAIRED] if found else [])]


def _by_part(found: Sequence[Claim]) -> Iterator[str]:
    for part, baselines in PARTS_OF_FAME.items():
        for _, _, measure in CLAIM_MEASURES:
            tried = [c for c in found if c.baseline in baselines and c.measure == measure]
            if tried:
                yield _part_sentence(part, measure, tried)


def _part_sentence(part: str, measure: str, tried: Sequence[Claim]) -> str:
    """Return on which splits a part of the method beats all of its baselines."""
    splits = dict.fromkeys(c.split for c in tried)
    standing = [s for s in splits if all(c.stands for c in tried if c.split == s)]
    against = ", ".join(dict.fromkeys(c.baseline for c in tried))
    if not standing:
        return f"No claim for the {part} stands: {measure} does not beat {against} on any split."
    where = ", ".join(standing)
    return f"A claim for the {part} stands at {where} only: {measure} beats {against} there."


def _by_split(found: Sequence[Claim]) -> Iterator[str]:
    for split, measure in dict.fromkeys((c.split, c.measure) for c in found):
        here = [c for c in found if (c.split, c.measure) == (split, measure)]
        beaten = "; ".join(_format_gain(c) for c in here if c.stands) or "no detector"
        not_beaten = "; ".join(_format_gain(c) for c in here if not c.stands) or "none"
        yield f"{split}, {measure}: fame beats {beaten}. Not beaten: {not_beaten}."


def _format_gain(claim: Claim) -> str:
    gain = claim.gain
    if gain.value is None:
        return f"{claim.baseline} (no anomalies)"
    if gain.low is None or gain.high is None:
        return f"{claim.baseline} ({gain.value:+.3f})"
    return f"{claim.baseline} ({gain.value:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}])"
