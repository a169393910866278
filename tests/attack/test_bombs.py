"""Small files that stand for large ones: refused in one line, with nothing left behind."""

from __future__ import annotations

import gzip
import hashlib
import io
import shutil
import tarfile
import zipfile
from pathlib import Path

import pytest
from attacks import is_one_line, run

from fame_sql.domains.document import from_yaml
from fame_sql.errors import InputError
from fame_sql.ingest import Reading, ingest_files
from fame_sql.llm.lenient import values_in
from fame_sql.models.model import Model
from fame_sql.scoring import cache
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb

LAUGHS = "a: &a [x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 8)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize("text", [LAUGHS, "a: " + "[" * 5000, "{" * 5000, "a: &a\n  b: *a\n"])
def test_yaml_that_refers_to_itself_or_is_deep(text: str) -> None:
    with pytest.raises(InputError, match="not valid YAML"):
        from_yaml(text)


def bomb(size: int) -> bytes:
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb") as file:
        for _ in range(size >> 20):
            file.write(b"disk 7 is full\n" * 69906)
    return packed.getvalue()


@pytest.fixture
def bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at sizes from 16 MiB on."""
    monkeypatch.setattr("fame_sql.ingest.bounds.UNCHECKED", 1 << 24)
    monkeypatch.setattr("fame_sql.ingest.examine.UNCHECKED", 1 << 24)


def test_a_gzip_bomb(newborn: Path, tmp_path: Path, bounds: None) -> None:
    path, log = Path(shutil.copy(newborn, tmp_path / "w.duckdb")), tmp_path / "x.log.gz"
    log.write_bytes(bomb(24 << 20))
    code, output = run("ingest", log, "--max-ratio", 150, "--warehouse", path)
    assert code == 1
    assert is_one_line(code, output), output
    assert "150 times its size" in output
    assert rows(path) == 0


def test_a_zip_bomb(newborn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fame_sql.ingest.bounds.UNCHECKED", 1 << 20)
    path, log = Path(shutil.copy(newborn, tmp_path / "w.duckdb")), tmp_path / "x.zip"
    with zipfile.ZipFile(log, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.log", b"\n" * (8 << 20))
    code, output = run("ingest", log, "--warehouse", path)
    assert code == 1
    assert "times its size" in output


@pytest.mark.slow
def test_a_bomb_that_begins_like_a_log(
    newborn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is refused as soon as it is one, and the error says what is stored until then."""
    monkeypatch.setattr("fame_sql.ingest.bounds.UNCHECKED", 1 << 20)
    path, log = Path(shutil.copy(newborn, tmp_path / "w.duckdb")), tmp_path / "x.log.gz"
    lines = "".join(f"user {hashlib.sha256(b'%d' % n).hexdigest()}\n" for n in range(20_000))
    log.write_bytes(gzip.compress(lines.encode(), 1) + gzip.compress(b"7" * 999_999 + b"\n") * 20)
    with Warehouse.open(path) as opened:
        (report,) = ingest_files(opened, [log], Reading(max_ratio=10, chunk_lines=2000))
        assert report.rows == opened.value("SELECT count(*) FROM fame.logs") > 0
        assert report.error is not None
        assert "10 times its size" in report.error
        assert f"; {report.rows:,} records from before are stored" in report.error
        (again,) = ingest_files(opened, [log], Reading(max_ratio=1000))
        assert again.rows + report.rows == 20_020


@pytest.mark.parametrize("kind", ["a packed file in it", "a sparse file", "too many files"])
def test_a_tar_bomb(
    newborn: Path, tmp_path: Path, bounds: None, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr("fame_sql.ingest.bounds.MOST_MEMBERS", 3)
    path, log = Path(shutil.copy(newborn, tmp_path / "w.duckdb")), tmp_path / "x.tar.gz"
    with tarfile.open(log, "w:gz") as archive:
        if kind == "a packed file in it":
            add(archive, "x.log.gz", bomb(8 << 20) * 8)
        elif kind == "too many files":
            for number in range(4):
                add(archive, f"{number}.log", b"")
        else:
            sparse = tarfile.TarInfo("x.log")
            sparse.pax_headers = {
                "GNU.sparse.major": "0",
                "GNU.sparse.minor": "1",
                "GNU.sparse.map": f"0,0,{20 << 30},0",
                "GNU.sparse.size": str(20 << 30),
            }
            archive.addfile(sparse)
    code, output = run("ingest", log, "--max-ratio", 100, "--warehouse", path)
    said = "holds more than 3 files" if kind == "too many files" else "100 times its size"
    assert (code, output.count(said)) == (1, 1), output
    assert rows(path) == 0


def add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def rows(path: Path) -> int:
    found = run("query", "SELECT count(*) FROM logs", "--csv", "--warehouse", path)[1]
    return int(found.splitlines()[-1])


def test_a_field_of_a_csv_without_end(newborn: Path, tmp_path: Path) -> None:
    path, labels = Path(shutil.copy(newborn, tmp_path / "w.duckdb")), tmp_path / "l.csv"
    labels.write_text('log_id,label\n1,"' + "x" * 1_000_000)
    code, output = run("label", "import", labels, "--warehouse", path)
    assert code == 1
    assert is_one_line(code, output), output


@pytest.mark.parametrize("piece", ["<think>", "</think>", "{", "[", '{"a":', "<reasoning><think>"])
def test_an_answer_without_end_is_read_in_linear_time(piece: str) -> None:
    assert list(values_in(piece * 100_000)) == []


def test_the_cache_is_bounded_by_bytes(compiled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MOST_BYTES", 100_000)
    kept = cache.VerdictCache()
    model = _any_model(compiled)
    for number in range(50):
        text = f"{number} " + "word " * 1000
        kept.judge(model, [text])
    assert 0 < sum(map(len, kept.content.of_canonical)) < 100_000


def _any_model(compiled: Path) -> Model:
    from fame_sql.models import load_champion
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(compiled, read_only=True) as warehouse:
        return load_champion(warehouse)
