"""Dollars, false alarms, lines to read and engineer-hours of four ways to watch logs."""

from __future__ import annotations

from dataclasses import dataclass

from fame_sql.operations.costs.inputs import Inputs, changed, default_inputs, published

_MILLION = 1_000_000
_MINUTES = 1440
_DAYS = 365


@dataclass(frozen=True)
class Way:
    """A way to watch logs, and what it costs.

    Parameters
    ----------
    name : str
        The way.
    dollars_per_day : float
        For language models and machines, in USD.
    dollars_once : float
        Before the first day.
    false_windows_per_day : float
        Windows that are reported falsely; for ways that report lines, false lines.
    lines_to_read_per_day : float
        Lines that an engineer reads in vain.
    hours_per_day : float
        Engineer-hours for these.
    wages_per_day : float
        What these hours cost, in USD.
    """

    name: str
    dollars_per_day: float
    dollars_once: float
    false_windows_per_day: float
    lines_to_read_per_day: float
    hours_per_day: float
    wages_per_day: float


@dataclass(frozen=True)
class Recompilation:
    """What compiling again costs, and when to do it.

    Parameters
    ----------
    dollars : float
        Cost of labelling and placing the new templates.
    unknown_share : float
        The share of lines of unknown templates above which it is time.
    present_share : float or None
        That share now, where it was measured.
    """

    dollars: float
    unknown_share: float
    present_share: float | None = None

    @property
    def advice(self) -> str:
        """The trigger in one sentence."""
        rule = (
            f"more than {self.unknown_share:.0%} unknown lines: compile again, for about "
            f"${self.dollars:.2f}"
        )
        if self.present_share is None:
            return rule
        due = "it is time" if self.present_share > self.unknown_share else "not yet"
        return f"{rule} (now {self.present_share:.1%}: {due})"


def compare(inputs: Inputs) -> list[Way]:
    """Return what each way costs with these inputs."""
    return [_every_line(inputs), _windows(inputs), _rules(inputs), _fame(inputs)]


def recompilation(inputs: Inputs, present_share: float | None = None) -> Recompilation:
    """Return what compiling again costs with these inputs."""
    dollars = _pass(inputs, inputs["new_templates"].value)
    return Recompilation(dollars, inputs["unknown_share"].value, present_share)


def _every_line(given: Inputs) -> Way:
    v = {name: found.value for name, found in given.items()}
    tokens_in = v["tokens_per_line"] + v["instructions"] / v["lines_per_request"]
    dollars = v["lines_per_day"] * _price(given, tokens_in, v["answer_per_line"])
    return _of_lines("language model on every line", dollars, 0.0, given)


def _windows(given: Inputs) -> Way:
    v = {name: found.value for name, found in given.items()}
    windows = v["services"] * _MINUTES / v["window_minutes"]
    # A window with few lines is a request, too.
    requests = max(v["lines_per_day"] / v["lines_per_batch"], min(windows, v["lines_per_day"]))
    dollars = v["lines_per_day"] * _price(given, v["tokens_per_line"], 0)
    dollars += requests * _price(given, v["instructions"], v["answer_per_batch"])
    false = windows * v["false_window_share_llm"]
    return _of_windows("language model on windows", dollars, false, given)


def _rules(given: Inputs) -> Way:
    windows = given["services"].value * _MINUTES / given["window_minutes"].value
    false = windows * given["false_window_share_rules"].value
    return _of_windows("rules on windows", 0.0, false, given)


def _fame(given: Inputs) -> Way:
    v = {name: found.value for name, found in given.items()}
    machine = v["lines_per_day"] / v["lines_per_second"] / 3600 * v["core_hour"]
    again = recompilation(given).dollars * v["recompiles_per_year"] / _DAYS
    return _of_lines("FAME", machine + again, _pass(given, v["templates"]), given)


def _pass(given: Inputs, templates: float) -> float:
    """Return what a language model costs once, for labels and domains of templates."""
    v = {name: found.value for name, found in given.items()}
    rows = templates * v["rows_per_template"]
    labels = v["readings"] * rows * _price(given, v["tokens_per_row"], v["answer_per_row"])
    # Each template is grouped twice, in two orders: a line and its counts, and eight tokens back.
    return labels + 2 * templates * _price(given, 2 * v["tokens_per_line"], 8)


def _price(given: Inputs, tokens_in: float, tokens_out: float) -> float:
    spent = tokens_in * given["price_in"].value + tokens_out * given["price_out"].value
    return spent / _MILLION


def _of_lines(name: str, dollars: float, once: float, given: Inputs) -> Way:
    false = given["lines_per_day"].value / _MILLION * given["false_lines_per_million"].value
    hours = false * given["seconds_per_line"].value / 3600
    return Way(name, dollars, once, false, false, hours, hours * given["wage"].value)


def _of_windows(name: str, dollars: float, false: float, given: Inputs) -> Way:
    hours = false * given["hours_per_false_window"].value
    lines = false * given["lines_per_false_window"].value
    return Way(name, dollars, 0.0, false, lines, hours, hours * given["wage"].value)


@dataclass(frozen=True)
class Reproduced:
    """A published figure beside ours.

    Parameters
    ----------
    scenario : str
        What it is about.
    figure : str
        ``"language model on every line"`` or ``"FAME, once"``.
    published : tuple of float
        The published range, in USD.
    computed : float
        Ours, in USD.
    source : str
        Where it was published.
    """

    scenario: str
    figure: str
    published: tuple[float, float]
    computed: float
    source: str

    @property
    def factor(self) -> float:
        """How far ours lies from the published range, as a factor; 1 within it."""
        low, high = self.published
        return max(low / self.computed, self.computed / high, 1.0)


def scenario_inputs(name: str) -> Inputs:
    """Return the inputs of a published scenario, marked as given or assumed."""
    facts = published()[name]
    inputs = changed(default_inputs(), facts["assumed"], "assumed", "chosen by us")
    return changed(inputs, facts["given"], "given", facts["published"]["source"])


def reproduce() -> list[Reproduced]:
    """Return the published figures beside those that our inputs give."""
    found = []
    for name, facts in published().items():
        inputs = scenario_inputs(name)
        ways = {way.name: way for way in compare(inputs)}
        values = {
            "llm_lines": (
                "language model on every line",
                ways["language model on every line"].dollars_per_day,
            ),
            "fame_once": ("FAME, once", ways["FAME"].dollars_once),
        }
        for figure, (title, computed) in values.items():
            if figure in facts["published"]:
                low, high = facts["published"][figure]
                source = facts["published"]["source"]
                found.append(Reproduced(facts["title"], title, (low, high), computed, source))
    return found
