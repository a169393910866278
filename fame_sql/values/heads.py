"""The value heads of a model: by template, in a model folder, and as rows of SQL."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from fame_sql.errors import ModelError
from fame_sql.files import parse_json
from fame_sql.values.head import Bin, ValueHead
from fame_sql.verdict import Verdict, is_anomalous

FILE = "values.json"
"""Their file in a model folder; a model without value heads has none."""


@dataclass(frozen=True)
class ValueHeads:
    """The value heads of a model.

    Parameters
    ----------
    by_template : mapping of str to ValueHead
        The head of each template that has one.
    """

    by_template: Mapping[str, ValueHead] = field(default_factory=dict)

    @classmethod
    def of(cls, heads: Sequence[ValueHead]) -> ValueHeads:
        """Return heads by their templates."""
        return cls({head.template_id: head for head in heads})

    def __bool__(self) -> bool:
        return bool(self.by_template)

    def head_of(self, verdict: Verdict) -> ValueHead | None:
        """Return the head that judges the messages of an event, None if the event decides.

        An answer about the template decides as well, unless it is mixed.
        """
        if verdict.answer not in (None, "mixed"):
            return None
        return self.by_template.get(verdict.template_id or "")

    def judge(self, message: str, verdict: Verdict) -> Verdict:
        """Return the model's verdict on a message, given that on its event."""
        head = self.head_of(verdict)
        if head is None:
            return verdict
        score = head.score(message, verdict.score)
        return replace(verdict, score=score, is_anomaly=is_anomalous(score))

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield the rows of ``fame.value_weights``, without the model's version."""
        for template_id, head in self.by_template.items():
            base = {"template_id": template_id, "place": 0}
            yield {**base, "parameter": "kept", "weight": head.keep}
            yield {**base, "parameter": "intercept", "weight": head.intercept}
            for one in head.bins:
                yield {"template_id": template_id, "parameter": one.kind, **asdict(one)}

    def save(self, folder: Path) -> None:
        """Write ``values.json`` into a model folder, if there are heads."""
        if self:
            heads = [asdict(head) for _, head in sorted(self.by_template.items())]
            text = json.dumps(heads, indent=1, sort_keys=True, ensure_ascii=False)
            (folder / FILE).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> ValueHeads:
        """Read the heads of a model folder; there may be none.

        Raises
        ------
        ModelError
            If the file cannot be read.
        """
        path = folder / FILE
        if not path.exists():
            return NO_HEADS
        try:
            read = parse_json(path.read_text(encoding="utf-8"))
            return cls.of([_head(**facts) for facts in read])
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise ModelError(
                f"{path} cannot be read ({error}): train again with 'fame train --full'"
            ) from None


def _head(*, bins: Sequence[Mapping[str, Any]], **facts: Any) -> ValueHead:
    return ValueHead(**facts, bins=tuple(Bin(**one) for one in bins))


NO_HEADS = ValueHeads()
