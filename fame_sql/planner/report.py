"""What a plan says of each message expression, and of the statement."""

from __future__ import annotations

from dataclasses import dataclass

from fame_sql.scoring.on_demand import Counts, Parameters


@dataclass(frozen=True, kw_only=True)
class Planned(Counts):
    """What the planner does about calls on one message expression, and what it has counted.

    Parameters
    ----------
    functions : tuple of str
        The live functions called.
    message : str
        Their argument, as SQL.
    answered_by : str
        ``"event"`` (an integer join on stored verdicts), ``"message"`` (a join on distinct
        messages) or ``"live"``: left alone.
    reason : str
        Why they are left alone.
    seconds : float
        About how long the model takes for what is missing.
    """

    functions: tuple[str, ...]
    message: str
    answered_by: str
    reason: str = ""
    seconds: float = 0.0

    def left(self, reason: str) -> Planned:
        """Return the same calls left alone with their statement; unchanged if they already are."""
        if self.answered_by == "live":
            return self
        return Planned(
            functions=self.functions, message=self.message, answered_by="live", reason=reason
        )


@dataclass(frozen=True)
class Plan:
    """How a statement is run.

    Parameters
    ----------
    statement : str
        The SQL to run: the user's own where nothing is planned.
    calls : tuple of Planned
        One for each message expression of each SELECT.
    reason : str
        Why the statement as a whole is left alone.
    parameters : sequence or mapping, optional
        The values of its parameters.
    snapshot : int or None
        The snapshot of the lake whose verdicts it uses.
    """

    statement: str
    calls: tuple[Planned, ...] = ()
    reason: str = ""
    parameters: Parameters = None
    snapshot: int | None = None

    @property
    def missing(self) -> int:
        """Texts that were not stored when the plan was made."""
        return sum(call.missing for call in self.calls)

    @property
    def seconds(self) -> float:
        """About how long the model takes for them."""
        return sum(call.seconds for call in self.calls)
