from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from fame_sql.errors import InputError
from fame_sql.pipeline.simulator import FIRST_MOMENT, LATE, Shape, message_shapes, simulate

pytestmark = pytest.mark.any_duckdb

LINE = re.compile(
    r"(-|[A-Z]+) (\d+) (\d{4}\.\d\d\.\d\d) (\S+) (\d{4}-\d\d-\d\d-\d\d\.\d\d\.\d\d\.\d{6}) (\S+) "
    r"RAS ([A-Z]+) (INFO|WARNING|ERROR|FATAL) (\S.*\S)"
)


@dataclass(frozen=True)
class Line:
    label: str
    epoch: int
    moment: datetime
    level: str
    message: str
    shape: Shape

    @property
    def is_anomaly(self) -> bool:
        return self.label != "-"


def read(path: Path) -> list[Line]:
    shapes: dict[str, list[Shape]] = {}
    for shape in message_shapes():
        shapes.setdefault(shape.component, []).append(shape)
    return [parse(text, shapes) for text in path.read_text(encoding="utf-8").splitlines()]


@cache
def messages_of(shape: Shape) -> re.Pattern[str]:
    """Match whole messages of a shape; the value that decided is the group ``decides``."""
    pieces = re.split(r"\{(\w+)\}", shape.template)
    groups = ("(?P<decides>.+?)" if name == "decides" else ".+?" for name in pieces[1::2])
    literals = (re.escape(piece) for piece in pieces[2::2])
    rest = "".join(group + text for group, text in zip(groups, literals, strict=True))
    return re.compile(re.escape(pieces[0]) + rest)


def parse(text: str, shapes: dict[str, list[Shape]]) -> Line:
    found = LINE.fullmatch(text)
    assert found, text
    label, epoch, date, node, stamp, again, component, level, message = found.groups()
    moment = datetime.strptime(stamp, "%Y-%m-%d-%H.%M.%S.%f").replace(tzinfo=UTC)
    assert (node, int(epoch), date) == (again, int(moment.timestamp()), f"{moment:%Y.%m.%d}")
    matching = [shape for shape in shapes[component] if messages_of(shape).fullmatch(message)]
    assert len(matching) == 1, (message, matching)
    return Line(label, int(epoch), moment, level, message, matching[0])


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> list[Line]:
    path = tmp_path_factory.mktemp("simulator") / "week.log"
    simulate(path)
    return read(path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lines", "days"), [(1, 7), (7, 0.001), (999, 1), (4_321, 30), (20_000, 7), (100_000, 7)]
)
def test_writes_exactly_as_many_lines_as_asked(tmp_path: Path, lines: int, days: float) -> None:
    simulate(tmp_path / "a.log", lines=lines, days=days)
    text = (tmp_path / "a.log").read_bytes()
    assert text.count(b"\n") == lines
    assert text.endswith(b"\n")


def test_a_seed_decides_every_byte(tmp_path: Path) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        simulate(tmp_path / name, lines=3_000, seed=seed)
    texts = [(tmp_path / name).read_bytes() for name in "abc"]
    assert texts[0] == texts[1]
    assert texts[0] != texts[2]


def test_lines_are_ordered_and_within_the_days(log: list[Line]) -> None:
    moments = [line.moment for line in log]
    assert moments == sorted(moments)
    assert log[0].epoch >= FIRST_MOMENT
    assert log[-1].epoch < FIRST_MOMENT + 7 * 86_400


def test_the_planted_truth_decides_every_label(log: list[Line]) -> None:
    for line in log:
        shape = line.shape
        assert line.label == (shape.category if line.is_anomaly else "-")
        assert line.level in shape.levels
        if shape.kind == "mixed":
            assert line.is_anomaly == any(decided_by(line, value) for value in shape.anomalous)
            assert line.is_anomaly != any(decided_by(line, value) for value in shape.normal)
        else:
            assert line.is_anomaly == (shape.kind == "anomalous")


def decided_by(line: Line, value: str) -> bool:
    """Return whether a planted value, with bounds for its {fields}, is the line's."""
    found = messages_of(line.shape).fullmatch(line.message)
    assert found
    bounds = {"{low}%": (3, 74), "{high}%": (95, 100), "{lossless}%": (0, 2), "{lossy}%": (40, 100)}
    if value in bounds:
        least, most = bounds[value]
        return least <= int(found["decides"][:-1]) <= most
    return bool(re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(value)), found["decides"]))


def test_every_shape_and_every_way_to_decide_is_written(log: list[Line]) -> None:
    written = {(line.shape.name, line.is_anomaly) for line in log}
    for shape in message_shapes():
        assert (shape.name, False) in written or shape.kind == "anomalous"
        assert (shape.name, True) in written or shape.kind == "normal"
    ways = {shape.decides for shape in message_shapes() if shape.kind == "mixed"}
    assert ways == {"word", "path", "exit status", "http status", "percentage"}


def test_the_level_does_not_decide(log: list[Line]) -> None:
    counts = Counter((line.level, line.is_anomaly) for line in log)
    for level in ("INFO", "WARNING", "ERROR"):
        assert counts[level, False] > 100
        assert counts[level, True] > 100


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_about_one_line_in_twenty_is_anomalous_and_half_of_the_late_ones_are_new(
    tmp_path: Path, seed: int
) -> None:
    simulate(tmp_path / "a.log", seed=seed)
    log = read(tmp_path / "a.log")
    assert 0.04 < sum(line.is_anomaly for line in log) / len(log) < 0.07
    first_late = next(i for i, line in enumerate(log) if line.shape.era == "late")
    assert LATE <= first_late / len(log) < LATE + 0.02
    assert log[first_late].epoch >= FIRST_MOMENT + LATE * 7 * 86_400
    late = [line.shape.era == "late" for line in log[first_late:] if line.is_anomaly]
    assert 0.35 < sum(late) / len(late) < 0.65


def test_anomalies_come_in_bursts_of_several_shapes_of_one_incident(log: list[Line]) -> None:
    windows: dict[int, list[Line]] = {}
    for line in log:
        if line.is_anomaly:
            windows.setdefault(line.epoch // 600, []).append(line)
    bursts = [lines for lines in windows.values() if len(lines) >= 15]
    assert len(bursts) >= 8
    for lines in bursts:
        (_, most), *_ = Counter(line.shape.incident for line in lines).most_common(1)
        assert most > len(lines) / 2
        assert len({line.shape.name for line in lines}) >= 3


def test_days_are_busier_than_nights(log: list[Line]) -> None:
    hours = Counter(line.moment.hour for line in log)
    assert sum(hours[h] for h in range(12, 18)) > 1.8 * sum(hours[h] for h in range(6))


def test_the_catalogue_is_consistent() -> None:
    shapes = message_shapes()
    assert len({shape.name for shape in shapes}) == len(shapes)
    assert len({shape.component for shape in shapes}) == 8
    for shape in shapes:
        mixed = shape.kind == "mixed"
        assert ("{decides}" in shape.template) == mixed
        assert bool(shape.decides) == bool(shape.normal) == bool(shape.anomalous) == mixed
        assert bool(shape.category) == (shape.kind != "normal")
        assert shape.weight > 0


@pytest.mark.parametrize(
    ("options", "wrong"),
    [({"lines": 0}, "0"), ({"lines": -5}, "-5"), ({"days": 0}, "0"), ({"days": 1e9}, "1000000000")],
)
def test_impossible_sizes_are_refused(tmp_path: Path, options: dict[str, int], wrong: str) -> None:
    with pytest.raises(InputError, match=wrong):
        simulate(tmp_path / "a.log", **options)
    assert not (tmp_path / "a.log").exists()


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere"):
        simulate(tmp_path / "nowhere" / "a.log", lines=1)
