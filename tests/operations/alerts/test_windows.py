"""Maintenance windows, by the clocks of zones that change."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from fame_sql.operations.alerts.windows import read_window

pytestmark = pytest.mark.any_duckdb

NEW_YORK = {"zone": "America/New_York"}
LORD_HOWE = {"zone": "Australia/Lord_Howe"}


def _spans(window: dict[str, Any], start: str, days: int = 1) -> list[str]:
    found = read_window({"name": "w", **window}, 1).spans(datetime.fromisoformat(start), days)
    return [f"{begin:%d %H:%M}-{end:%d %H:%M}" for begin, end in found]


@pytest.mark.parametrize(
    ("window", "start", "expected"),
    [
        # Clocks go forward on 14 March 2027 at 02:00, and back on 7 November at 02:00.
        ({"from": "02:00", "to": "03:00", **NEW_YORK}, "2027-03-13T00:00", ["13 07:00-13 08:00"]),
        ({"from": "02:00", "to": "03:00", **NEW_YORK}, "2027-03-14T00:00", []),
        ({"from": "01:30", "to": "03:30", **NEW_YORK}, "2027-03-14T00:00", ["14 06:30-14 07:30"]),
        ({"from": "01:00", "to": "02:00", **NEW_YORK}, "2027-11-07T00:00", ["07 05:00-07 07:00"]),
        (
            {"from": "01:30", "to": "01:45", **NEW_YORK},
            "2027-11-07T00:00",
            ["07 05:30-07 05:45", "07 06:30-07 06:45"],
        ),
        # Lord Howe's clocks go back by half an hour on 4 April 2027 at 02:00.
        ({"from": "01:30", "to": "02:00", **LORD_HOWE}, "2027-04-03T12:00", ["03 14:30-03 15:30"]),
        ({"from": "22:00", "to": "07:00"}, "2027-03-01T12:00", ["01 22:00-02 07:00"]),
        ({"from": "22:00", "to": "24:00"}, "2027-03-01T12:00", ["01 22:00-02 00:00"]),
        (
            {"from": "23:00", "to": "01:00", "weekdays": ["friday"]},
            "2027-03-05T12:00",
            ["05 23:00-06 01:00"],
        ),
        ({"weekdays": ["monday"]}, "2027-03-01T00:00", ["01 00:00-02 00:00"]),
    ],
)
def test_a_window_holds_by_the_clock_of_its_zone(
    window: dict[str, Any], start: str, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for host in ("UTC", "Asia/Tokyo"):
        monkeypatch.setenv("TZ", host)
        assert _spans(window, start) == expected


def test_the_first_moment_is_inside_and_the_last_is_not() -> None:
    window = read_window({"from": "10:00", "to": "12:00"}, 1)
    noon = datetime(2027, 3, 2, 12)
    assert window.holds(datetime(2027, 3, 2, 10))
    assert window.holds(noon - timedelta(microseconds=1))
    assert not window.holds(noon)
    assert window.until(datetime(2027, 3, 2, 11, 59, 30)) == noon


def test_a_window_that_happens_once_lasts_as_long_as_its_moments_are_apart() -> None:
    given = {"name": "w", "start": "2027-11-07 00:30", "end": "2027-11-07 03:30", **NEW_YORK}
    window = read_window(given, 1)
    assert (window.start, window.end) == (
        datetime(2027, 11, 7, 4, 30),
        datetime(2027, 11, 7, 8, 30),
    )


def test_a_time_that_happens_twice_is_said() -> None:
    window = read_window({"start": "2027-11-07 01:30", "for": "1h", **NEW_YORK}, 1)
    assert window.start == datetime(2027, 11, 7, 5, 30)
    assert "happens twice" in window.notes[0]


def test_a_zone_is_found_without_the_files_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    import zoneinfo

    from fame_sql.operations.alerts import windows

    def missing(name: str) -> None:
        raise zoneinfo.ZoneInfoNotFoundError(name)

    class NoZones(zoneinfo.ZoneInfo):
        def __new__(cls, name: str) -> Any:
            raise zoneinfo.ZoneInfoNotFoundError(name)

    monkeypatch.setattr(windows, "ZoneInfo", NoZones)
    zone = windows.zone_of("Europe/Paris")
    assert datetime(2027, 7, 1, tzinfo=zone).utcoffset() == timedelta(hours=2)
