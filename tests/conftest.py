"""A small warehouse, built once from a simulated log with every stage, and copies of it."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from weakref import WeakValueDictionary

import pytest
import timings
from hypothesis import settings
from kills import Forks, forks
from llm_server import LanguageServer, language_server
from valued_log import write_log
from warehouse_copy import copied_to

from fame_sql.students import StudentConfig
from fame_sql.warehouse.warehouse import Warehouse

# What a person has set for the program, their proxy and the width of their terminal decide no test.
_OTHERS = {"COLUMNS", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"}
for _name in {*os.environ} - {"FAME_EXPLORE"}:
    if _name.startswith(("FAME_", "OTEL_")) or _name.upper() in _OTHERS:
        del os.environ[_name]
os.environ.setdefault("HF_HUB_OFFLINE", "1")

# In the background of a script Ctrl-C is ignored, and by all that is started from there.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A first example pays for imports, and a busy machine is no failure. The same examples are tried
# each time, so that a change is judged by what it changes; FAME_EXPLORE=1 looks for others.
settings.register_profile("fame", deadline=None, derandomize="FAME_EXPLORE" not in os.environ)
settings.load_profile("fame")

ENGINES = ("spark", "dbt")
MAKING = ("warehouse", "udfs", "storage")

DATA = Path(__file__).parents[1].parent / "shared" / "data"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--timings", action="store_true", help="write what the tests take")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--timings") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(timings.Recorder(timings.FILE))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of rooms that need an engine of their own, and those that take long.

    'make quick' leaves both out. Of several workers each takes a file at a time, so the files that
    take longest come first.
    """
    known = timings.read()
    by_file = timings.seconds_by_file(known)
    for item in items:
        room = item.path.parent.name
        if room in ENGINES:
            item.add_marker(room)
        timing = known.get(timings.name_of(item.nodeid))
        if timing is not None and timing.is_long:
            item.add_marker("slow")
    items.sort(key=lambda item: -by_file.get(item.nodeid.partition("::")[0], 0.0))


@pytest.fixture(autouse=True)
def _empty_caches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin without the verdicts that a process keeps for models of the same version."""
    monkeypatch.setattr("fame_sql.scoring.cache._caches", WeakValueDictionary())


@pytest.fixture(scope="session")
def newborn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with nothing in it; not to be changed."""
    path = tmp_path_factory.mktemp("newborn") / "newborn.duckdb"
    Warehouse.open(path, create=True).close()
    return path


@pytest.fixture(autouse=True)
def _copied_when_new(
    request: pytest.FixtureRequest, newborn: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Copy a new warehouse instead of making it: a second each, and hundreds of them.

    All have one identity then, as copies do. The tests of the warehouse itself make theirs.
    """
    if request.path.parent.name not in MAKING:
        monkeypatch.setattr(
            "fame_sql.warehouse.connection._create_file", lambda path: shutil.copy(newborn, path)
        )


@pytest.fixture(scope="session")
def forking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    """What starts processes to be killed, without their imports."""
    with forks(tmp_path_factory.mktemp("forks")) as running:
        yield running


@pytest.fixture(scope="session")
def tiny() -> StudentConfig:
    """Students that are trained in seconds."""
    return StudentConfig()


@pytest.fixture(scope="session")
def tiny_encoder() -> StudentConfig:
    """Students with an encoder that are trained in seconds."""
    sizes = {"hidden": 32, "layers": 1, "heads": 2, "vocab": 512}
    return StudentConfig(preset="compact", **sizes, min_steps=120, max_steps=160)


@pytest.fixture(scope="session")
def loghub() -> Path:
    """The folder with the loghub samples, where there is one."""
    folder = DATA / "loghub"
    if not folder.is_dir():
        pytest.skip("the loghub samples are not here")
    return folder


@pytest.fixture(scope="session")
def simulated_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from fame_sql.pipeline.simulator import simulate

    path = tmp_path_factory.mktemp("log") / "centre.log"
    simulate(path, lines=4000, seed=7)
    return path


@pytest.fixture(scope="session")
def compiled(
    tmp_path_factory: pytest.TempPathFactory, simulated_log: Path, tiny: StudentConfig
) -> Path:
    """A warehouse that has been through every stage; not to be changed."""
    from fame_sql.ingest import ingest_file
    from fame_sql.pipeline.pipeline import compile_model

    path = tmp_path_factory.mktemp("compiled") / "centre.duckdb"
    with Warehouse.open(path, create=True) as warehouse:
        ingest_file(warehouse, simulated_log, format="bgl")
        compile_model(warehouse, config=tiny)
    return path


@pytest.fixture(scope="session")
def compiled_by_event(compiled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled warehouse, with one verdict for all messages of an event; not to be changed."""
    from fame_sql.pipeline.pipeline import compile_model
    from fame_sql.warehouse.values import write_value_heads

    path = copied_to(tmp_path_factory.mktemp("by_event"), compiled)
    with Warehouse.open(path) as warehouse:
        write_value_heads(warehouse.connection, wanted=False)
        compile_model(warehouse)
    return path


@pytest.fixture
def copied_by_event(compiled_by_event: Path, tmp_path: Path) -> Path:
    """A copy of the warehouse whose verdicts are those of events, to be changed at will."""
    return copied_to(tmp_path, compiled_by_event)


@pytest.fixture
def copied(compiled: Path, tmp_path: Path) -> Path:
    """A copy of the compiled warehouse with its models, to be changed at will."""
    return copied_to(tmp_path, compiled)


@pytest.fixture(scope="session")
def by_value(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse compiled with value heads, which judge some of its lines; not to be changed."""
    from fame_sql.ingest import Hints, ingest_file
    from fame_sql.pipeline.pipeline import compile_model

    path = tmp_path_factory.mktemp("values") / "warehouse.duckdb"
    with Warehouse.open(path, create=True) as warehouse:
        log = write_log(path.with_name("log.jsonl"))
        ingest_file(warehouse, log, format="jsonl", hints=Hints(label_key="label"))
        report = compile_model(warehouse, per_template=40)
    assert 0 < report.lines_by_value < report.lines
    return path


@pytest.fixture(scope="session")
def compiled_with_encoder(
    compiled: Path, tiny_encoder: StudentConfig, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The compiled warehouse, but with students that have an encoder; not to be changed."""
    from fame_sql.scoring.scoring import score_events
    from fame_sql.training.training import train_students

    path = copied_to(tmp_path_factory.mktemp("encoder"), compiled)
    with Warehouse.open(path) as warehouse:
        shutil.rmtree(warehouse.models_folder)
        for table in ("scores", "promotions", "models"):
            warehouse.connection.execute(f"DELETE FROM fame.{table}")
        train_students(warehouse, config=tiny_encoder)
        score_events(warehouse)
    return path


@pytest.fixture
def copied_with_encoder(compiled_with_encoder: Path, tmp_path: Path) -> Path:
    """A copy of the warehouse with an encoder, to be changed at will."""
    return copied_to(tmp_path, compiled_with_encoder)


@pytest.fixture
def opened_with_encoder(copied_with_encoder: Path) -> Iterator[Warehouse]:
    with Warehouse.open(copied_with_encoder) as warehouse:
        yield warehouse


@pytest.fixture(scope="session")
def compiled_twice(
    compiled: Path, tiny: StudentConfig, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str, str]:
    """A warehouse with an archived model and a champion, which has judged nothing yet."""
    from fame_sql import models
    from fame_sql.training.training import train_students

    path = copied_to(tmp_path_factory.mktemp("twice"), compiled)
    with Warehouse.open(path) as warehouse:
        old = models.champion(warehouse).model_version
        # Fewer labels, and no domain with a head of its own, so that some verdicts differ.
        warehouse.connection.execute("DELETE FROM fame.labels WHERE log_id % 5 > 0")
        other = replace(tiny, seed=3, calibration_events=10**6)
        new = train_students(warehouse, config=other).model_version
    return path, old, new


@pytest.fixture
def two_models(compiled_twice: tuple[Path, str, str], tmp_path: Path) -> tuple[Path, str, str]:
    """A copy of the warehouse with two models, to be changed at will, and their versions."""
    path, old, new = compiled_twice
    return copied_to(tmp_path, path), old, new


@pytest.fixture
def opened(copied: Path) -> Iterator[Warehouse]:
    with Warehouse.open(copied) as warehouse:
        yield warehouse


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.open(tmp_path / "empty.duckdb", create=True) as warehouse:
        yield warehouse


@pytest.fixture(scope="session")
def mined(tmp_path_factory: pytest.TempPathFactory, simulated_log: Path) -> Path:
    """A warehouse with templates and no labels; not to be changed."""
    from fame_sql.ingest import ingest_file
    from fame_sql.templates.mining import mine

    path = tmp_path_factory.mktemp("mined") / "mined.duckdb"
    with Warehouse.open(path, create=True) as warehouse:
        ingest_file(warehouse, simulated_log, format="bgl")
        mine(warehouse)
    return path


@pytest.fixture
def unlabelled(mined: Path, tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.open(Path(shutil.copy(mined, tmp_path))) as warehouse:
        yield warehouse


@pytest.fixture
def server() -> Iterator[LanguageServer]:
    with language_server() as running:
        yield running
