"""The examples of how to run fame-sql: they can be read, and call what is there."""

from __future__ import annotations

import configparser
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from fame_sql.cli import main
from fame_sql.operations.alerts import read_settings

pytestmark = pytest.mark.any_duckdb

EXAMPLES = Path(__file__).parents[2] / "examples"
FILES = [path for path in sorted(EXAMPLES.rglob("*")) if path.is_file()]


def _documents(path: Path) -> list[Any]:
    return list(yaml.safe_load_all(path.read_text()))


def _called() -> Iterator[tuple[str, str]]:
    """Yield the commands of fame that the examples call, and where."""
    for path in FILES:
        for line in path.read_text().splitlines():
            is_code = not line.startswith("#")
            for command in re.findall(r"(?:^|[\s(`&])fame ([a-z]+)", line) if is_code else ():
                yield path.name, command


@pytest.mark.parametrize(("name", "command"), sorted(set(_called())))
def test_a_command_that_is_called_exists(name: str, command: str) -> None:
    assert isinstance(main.commands.get(command), click.Command)


def test_the_settings_can_be_set() -> None:
    assert len(read_settings((EXAMPLES / "alerts.toml").read_text()).channels) == 3


def test_the_settings_in_the_how_to_can_be_set() -> None:
    page = (EXAMPLES.parent / "docs" / "how-to" / "alerts.md").read_text()
    settings = re.search(r"```toml\n(.*?)```", page, re.DOTALL)
    assert settings is not None
    assert set(read_settings(settings[1]).channels) == {"ops", "pager", "log"}


@pytest.mark.parametrize(
    ("ingest", "score", "alert", "expected", "calls"),
    [
        (0, 0, 0, 0, "ingest score alert"),
        (1, 0, 0, 1, "ingest alert"),
        (0, 0, 75, 0, "ingest score alert"),
        (0, 0, 3, 3, "ingest score alert"),
    ],
)
def test_a_cycle_sends_alerts_whatever_happened_before(
    ingest: int, score: int, alert: int, expected: int, calls: str, tmp_path: Path
) -> None:
    fame = tmp_path / "fame"
    fame.write_text(
        f'#!/bin/sh\necho "$1" >> "{tmp_path}/calls"\n'
        f'case "$1" in ingest) exit {ingest};; score) exit {score};; *) exit {alert};; esac\n'
    )
    fame.chmod(0o755)
    environment = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run([EXAMPLES / "fame-cycle"], env=environment, check=False)
    assert done.returncode == expected
    assert (tmp_path / "calls").read_text().split() == calls.split()


def test_the_containers_run_without_root_and_hold_no_secret() -> None:
    compose = _documents(EXAMPLES / "compose.yaml")[0]["services"]["fame"]
    assert compose["read_only"]
    assert compose["cap_drop"] == ["ALL"]
    claim, job = _documents(EXAMPLES / "kubernetes" / "cronjob.yaml")
    assert (claim["kind"], job["kind"]) == ("PersistentVolumeClaim", "CronJob")
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"]
    container = pod["containers"][0]
    assert container["envFrom"][0]["secretRef"]
    mounts = {mount["name"] for mount in container["volumeMounts"]}
    assert mounts == {volume["name"] for volume in pod["volumes"]}
    assert job["spec"]["concurrencyPolicy"] == "Forbid"
    dockerfile = (EXAMPLES / "Dockerfile").read_text()
    user = re.search(r"^USER (\d+)$", dockerfile, re.MULTILINE)
    assert user is not None
    assert int(user[1]) == pod["securityContext"]["runAsUser"] > 0


def test_the_units_of_systemd_belong_together() -> None:
    for name, section, key in (
        ("fame.service", "Service", "ExecStart"),
        ("fame.timer", "Timer", "OnCalendar"),
        ("serve.service", "Service", "ExecStart"),
    ):
        unit = configparser.ConfigParser(strict=False, interpolation=None)
        unit.read(EXAMPLES / name)
        assert unit[section][key]


def test_the_collector_sends_to_where_the_server_listens() -> None:
    services = _documents(EXAMPLES / "serve" / "compose.yaml")[0]["services"]
    [collector] = _documents(EXAMPLES / "serve" / "collector.yaml")
    listens = services["fame"]["entrypoint"]
    port = listens[listens.index("--listen") + 1].rpartition(":")[2]
    exporter = collector["exporters"]["otlphttp"]
    assert exporter["logs_endpoint"] == f"http://fame:{port}/v1/logs"
    assert f"fame:{port}" in (EXAMPLES / "serve" / "Caddyfile").read_text()
    assert services["fame"]["cap_drop"] == ["ALL"]


def test_the_line_for_cron_has_a_time_and_a_command() -> None:
    lines = [line for line in (EXAMPLES / "crontab").read_text().splitlines() if "* *" in line]
    assert len(lines) == 1
    assert re.fullmatch(r"(\S+ ){5}\S.*fame-cycle", lines[0])
