"""Many sources at once: folders, patterns, archives, pipes, files that cannot be read."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from fame_sql.cli import main
from fame_sql.errors import InputError
from fame_sql.events.events import absorb
from fame_sql.ingest import IngestReport, Reading, follow, ingest_files
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb

LINE = "2024-02-03 04:05:06 INFO {}\n"


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.open(tmp_path / "w.duckdb", create=True) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "log"
    (path / "deep").mkdir(parents=True)
    (path / "a.log").write_text(LINE.format("a"))
    (path / "b.jsonl").write_text('{"ts": "2024-02-03T04:05:07Z", "msg": "b"}\n')
    (path / "deep" / "c.log").write_text(LINE.format("c") + LINE.format("d"))
    (path / ".hidden").write_text("hidden\n")
    return path


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def counts(warehouse: Warehouse) -> dict[str, int]:
    rows = warehouse.rows("SELECT source_path, count(*) FROM fame.logs GROUP BY ALL")
    return {Path(path).name: count for path, count in rows}


def test_a_folder_is_read_with_one_commit(warehouse: Warehouse, folder: Path) -> None:
    commits = []
    reports = list(ingest_files(warehouse, [folder], absorb=lambda c: commits.append(absorb(c))))
    assert [Path(report.source_path).name for report in reports] == ["a.log", "b.jsonl", "c.log"]
    assert counts(warehouse) == {"a.log": 1, "b.jsonl": 1, "c.log": 2}
    assert len(commits) == 1
    found = warehouse.rows(
        "SELECT logs.body, logs.line_number, logs.byte_offset, ingests.format FROM fame.logs "
        "INNER JOIN fame.ingests ON logs.ingest_id = ingests.ingest_id ORDER BY log_id"
    )
    assert found == [
        ("a", 1, 0, "text"),
        ("b", 1, 0, "jsonl"),
        ("c", 1, 0, "text"),
        ("d", 2, len(LINE.format("c")), "text"),
    ]
    assert {report.state for report in ingest_files(warehouse, [folder])} == {"unchanged"}


def test_an_error_of_duckdb_is_that_of_one_source(warehouse: Warehouse, tmp_path: Path) -> None:
    for name in "abcde":
        (tmp_path / f"{name}.log").write_text(LINE.format(name))
    (tmp_path / "c.log").write_text("Feb  3 04:05:06 h p[1]: poison\n" * 3)

    def poisoned(connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute("SELECT error('boom') FROM incoming WHERE body = 'poison'").fetchall()
        absorb(connection)

    reading = Reading(chunk_lines=2)
    reports = list(ingest_files(warehouse, [tmp_path / "*.log"], reading, absorb=poisoned))
    assert [r.state for r in reports] == ["added", "added", "failed", "added", "added"]
    assert "c.log cannot be read, DuckDB says: " in str(reports[2].error)
    assert "boom" in str(reports[2].error)
    assert counts(warehouse) == {f"{name}.log": 1 for name in "abde"}
    with pytest.raises(InputError, match=r"c\.log cannot be read"):
        list(ingest_files(warehouse, [tmp_path / "*.log"], reading, strict=True, absorb=poisoned))
    states = [r.state for r in ingest_files(warehouse, [tmp_path / "*.log"], reading)]
    assert states == ["unchanged", "unchanged", "added", "unchanged", "unchanged"]
    assert warehouse.value("SELECT count(*) FROM fame.logs WHERE timestamp IS NOT NULL") == 7


def test_records_do_not_run_from_one_source_into_the_next(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    (tmp_path / "1.log").write_text(LINE.format("one") + "\tat a\n")
    (tmp_path / "2.log").write_text("\tat b\n" + LINE.format("two") + "\tat c")
    pattern = str(tmp_path / "?.log")
    list(ingest_files(warehouse, [pattern], Reading(join_lines=True)))
    bodies = warehouse.rows("SELECT body, line_count FROM fame.logs ORDER BY log_id")
    assert bodies == [("one\n\tat a", 2), ("\tat b", 1), ("two\n\tat c", 2)]
    with (tmp_path / "2.log").open("a") as file:
        file.write(" and d\n\tat e\n")
    (report,) = [r for r in ingest_files(warehouse, [pattern], Reading(join_lines=True)) if r.rows]
    assert (report.state, report.rows) == ("grown", 1)
    assert warehouse.value("SELECT body FROM fame.logs WHERE body LIKE 'two%'") == (
        "two\n\tat c and d\n\tat e"
    )
    assert warehouse.value("SELECT sum(lines) FROM fame.events") == 3


def test_each_source_has_years_of_its_own(warehouse: Warehouse, tmp_path: Path) -> None:
    for year in (2019, 2021):
        log = tmp_path / f"{year}.log"
        log.write_text("Feb  3 04:05:06 host app[1]: text\n")
        os.utime(log, (86400 * 365.25 * (year - 1970 + 0.5),) * 2)
    list(ingest_files(warehouse, sorted(tmp_path.glob("*.log"))))
    found = warehouse.rows("SELECT year(timestamp) FROM fame.logs ORDER BY log_id")
    assert found == [(2019,), (2021,)]


@pytest.mark.parametrize("kind", ["w", "w:gz", "w:bz2", "w:xz"])
def test_members_of_a_tar_archive_are_sources(
    warehouse: Warehouse, folder: Path, tmp_path: Path, kind: str
) -> None:
    archive = tmp_path / "logs.bin"
    with tarfile.open(archive, kind) as tar:
        tar.add(folder, "log")
        packed = gzip.compress(LINE.format("d").encode())
        member = tarfile.TarInfo("../../d.log.gz")
        member.size = len(packed)
        tar.addfile(member, io.BytesIO(packed))
    list(ingest_files(warehouse, [archive]))
    assert counts(warehouse) == {"a.log": 1, "b.jsonl": 1, "c.log": 2, "d.log.gz": 1}
    assert {report.state for report in ingest_files(warehouse, [archive])} == {"unchanged"}


def test_members_of_a_zip_archive_are_sources(warehouse: Warehouse, tmp_path: Path) -> None:
    archive = tmp_path / "logs.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("x/a.log", LINE.format("a"))
        packed.writestr("__MACOSX/x/._a.log", b"\0\1")
        packed.writestr("b.log", b"")
    reports = {r.source_path.split("/", 1)[1]: r for r in ingest_files(warehouse, [archive])}
    assert len(reports) == 2
    assert counts(warehouse) == {"a.log": 1}


def test_archives_in_archives_are_read(warehouse: Warehouse, tmp_path: Path) -> None:
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w:gz") as tar:
        member = tarfile.TarInfo("log/a.log")
        member.size = len(LINE.format("a").encode())
        tar.addfile(member, io.BytesIO(LINE.format("a").encode()))
    archive = tmp_path / "bundle.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("bad.bin", bytes(range(256)) * 64)
        packed.writestr("node1.tgz", inner.getvalue())
    states = {r.source_path.split("/")[-1]: r.state for r in ingest_files(warehouse, [archive])}
    assert states == {"bad.bin": "failed", "a.log": "added"}


def test_archives_in_an_archive_have_its_limit_together(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    archive = tmp_path / "bomb.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for number in range(3):
            inner = io.BytesIO()
            with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as small:
                small.writestr("zeros.log", bytes(60_000_000))
            packed.writestr(f"{number}.zip", inner.getvalue())
    errors = [str(report.error) for report in ingest_files(warehouse, [archive])]
    assert any("unpacks to more than 400 times its size" in error for error in errors)


def test_a_damaged_archive_is_reported(warehouse: Warehouse, tmp_path: Path) -> None:
    archive = tmp_path / "logs.tgz"
    with tarfile.open(archive, "w:gz") as tar:
        for name in ("a.log", "b.log"):
            data = os.urandom(5000).hex().encode() + b"\n"
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    archive.write_bytes(archive.read_bytes()[:8000])
    reports = list(ingest_files(warehouse, [archive]))
    assert reports[-1].state == "failed"
    assert "is damaged" in str(reports[-1].error)


def test_a_pipe_is_read(warehouse: Warehouse, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(LINE.format("piped"),))
    writer.start()
    (report,) = ingest_files(warehouse, [pipe])
    writer.join()
    assert (report.state, report.rows) == ("added", 1)


def test_a_source_that_cannot_be_read_is_reported_and_left_out(folder: Path) -> None:
    (folder / "b.bin").write_bytes(bytes(range(256)) * 64)
    target = folder.parent / "new.duckdb"
    done = run("ingest", folder, "--warehouse", target, "--json")
    states = {Path(r["source_path"]).name: r["state"] for r in json.loads(done.stdout)}
    assert done.exit_code == 1
    assert states == {"a.log": "added", "b.bin": "failed", "b.jsonl": "added", "c.log": "added"}
    assert "is a binary file" in run("ingest", folder, "--warehouse", target).output
    strict = run("ingest", folder, "--warehouse", folder.parent / "x.duckdb", "--strict")
    assert strict.exit_code == 1
    assert "is a binary file" in strict.output


def test_an_empty_file_does_not_stop_the_others(tmp_path: Path) -> None:
    for name, text in (("a.log", LINE.format("a")), ("b.log", ""), ("c.log", LINE.format("c"))):
        (tmp_path / name).write_text(text)
    files = [tmp_path / name for name in ("a.log", "b.log", "c.log")]
    done = run("ingest", *files, "--warehouse", tmp_path / "w.duckdb")
    assert done.exit_code == 0
    assert "b.log: empty" in done.output
    assert "3 sources: 2 added, 1 empty; 2 lines added" in done.output


def test_a_pattern_without_files_is_refused(warehouse: Warehouse, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no file matches"):
        list(ingest_files(warehouse, [str(tmp_path / "*.log")]))


def test_files_are_followed_across_rotation(warehouse: Warehouse, tmp_path: Path) -> None:
    folder = tmp_path / "log"
    folder.mkdir()
    log, stop, steps = folder / "app.log", threading.Event(), iter(range(10))

    def write(number: int) -> None:
        with log.open("a") as file:
            file.write(LINE.format(number))

    def next_step(report: IngestReport) -> None:
        step = next(steps)
        write(step)
        if step == 2:
            log.rename(folder / "app.log.1")
            write(10)
        elif step == 4:
            (folder / "app.log.1").rename(folder / "app.log.2")
            log.rename(folder / "app.log.1")
            write(11)
        elif step == 6:
            stop.set()

    class Same:
        def __enter__(self) -> Warehouse:
            return warehouse

        def __exit__(self, *_: object) -> None:
            pass

    write(99)
    for report in follow(Same, [log], every=0.01, stop=stop):
        next_step(report)
    list(ingest_files(warehouse, [folder]))
    bodies = warehouse.rows("SELECT body::INTEGER FROM fame.logs ORDER BY 1")
    assert [body for (body,) in bodies] == [0, 1, 2, 3, 4, 5, 6, 10, 11, 99]
