"""Students that read words: their tables, their training, and what they import."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fame_sql.console import SilentProgress
from fame_sql.errors import InputError, ModelError
from fame_sql.students import (
    DomainSpec,
    LabelledEvents,
    StudentConfig,
    load_student,
    retrain,
    train,
)
from fame_sql.students.runtime import Runtime
from fame_sql.students.words.reading import features_of, pairs_of, words_of
from fame_sql.students.words.student import WordsStudent
from fame_sql.students.words.table import SCALE, WordTable

pytestmark = pytest.mark.any_duckdb

DOMAINS = (
    DomainSpec("disks", "mixed"),
    DomainSpec("jobs", "normal"),
    DomainSpec("memory", "mixed"),
    DomainSpec("panics", "anomalous"),
)
LATE = 12


def events(size: int = 120) -> LabelledEvents:
    """Return events of four domains; in a mixed one, one word decides."""
    texts, share, domain = [], [], []
    for number in range(size):
        bad = number % 3 == 0
        where = number % 4
        texts.append(
            (
                f"disk sd{number % 7} {'failed' if bad else 'ready'} after {number}#",
                f"job {number}# started by user{number % 5}",
                f"memory page {number}# {'uncorrectable' if bad else 'corrected'}",
                f"kernel panic {number}# not syncing",
            )[where]
        )
        share.append(float(where == 3 or (bad and where != 1)))
        domain.append(where)
    late = np.arange(size) >= size - LATE
    return LabelledEvents(
        texts, np.array(share), np.array(domain), np.ones(size), late, np.array(domain)
    )


@pytest.fixture(scope="module")
def student() -> WordsStudent:
    made = train(events(), [], DOMAINS, StudentConfig(), (), SilentProgress())
    assert isinstance(made, WordsStudent)
    return made


def scores(student: WordsStudent, texts: Sequence[str]) -> bytes:
    found = student.predict(texts)
    return found.router.tobytes() + found.scores.tobytes() + found.unseen.tobytes()


def slowly(table: WordTable, text: str) -> list[float]:
    """Return the log-odds of one text as the module's docstring defines them."""
    rows = zip(table.features, table.weights.tolist(), table.squares.tolist(), strict=True)
    known = {feature: (weights, square) for feature, weights, square in rows}
    words = words_of(text)
    units = [*words, *pairs_of(words)]
    found = [known[f] for f in set().union(*map(features_of, units)) if f in known]
    sums = [sum(weights[head] for weights, _ in found) for head in range(len(table.intercepts))]
    length = np.sqrt(max(sum(square for _, square in found), 1) / SCALE)
    return [(i + s / length) / SCALE for i, s in zip(table.intercepts.tolist(), sums, strict=True)]


def test_it_learns_what_words_say(student: WordsStudent) -> None:
    texts = ["disk sd3 failed after 7#", "disk sd3 ready after 7#", "job 9# started by user1"]
    found = student.predict(texts)
    assert found.router.argmax(axis=1).tolist() == [0, 0, 1]
    assert found.scores[0, 0] > 0.5 > found.scores[1, 0]
    assert found.unseen[0] > 0.5 > found.unseen[2]
    assert (found.scores[:, 3] == 1).all()


WORD = st.text(alphabet="adefiklsy19#<>/é\u2028\x00", max_size=70)
TEXTS = st.lists(
    st.lists(st.one_of(WORD, st.sampled_from(["disk", "failed", "after"])), max_size=9).map(
        " ".join
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(texts=TEXTS, seed=st.randoms(use_true_random=False))
def test_a_score_does_not_depend_on_other_texts(
    student: WordsStudent, texts: list[str], seed: object
) -> None:
    together = student.log_odds(texts)
    for place, text in enumerate(texts):
        alone = student.log_odds([text])
        assert alone.unseen.tobytes() == together.unseen[place].tobytes()
        assert alone.known.tobytes() == together.known[place].tobytes()
        assert student.table.log_odds([text])[0].tolist() == slowly(student.table, text)


def test_no_text_and_an_empty_text(student: WordsStudent) -> None:
    assert student.predict([]).scores.shape == (0, len(DOMAINS))
    empty = student.table.log_odds(["", " \t "])
    assert (empty == student.table.intercepts / SCALE).all()


def test_a_folder_gives_the_same_bits(student: WordsStudent, tmp_path: Path) -> None:
    student.save(tmp_path)
    loaded = load_student(tmp_path)
    assert isinstance(loaded, WordsStudent)
    assert scores(loaded, events().canonical) == scores(student, events().canonical)
    assert loaded.config == student.config
    assert loaded.calibration == student.calibration


def test_training_again_gives_the_same_files(student: WordsStudent, tmp_path: Path) -> None:
    again = train(events(), [], DOMAINS, StudentConfig(), (), SilentProgress())
    for made, folder in ((student, "one"), (again, "two")):
        made.save(tmp_path / folder)
    names = {path.name for path in (tmp_path / "one").iterdir()}
    assert {"words.safetensors", "words.json", "student.json"} <= names
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.parametrize("name", ["words.json", "words.safetensors"])
@pytest.mark.parametrize("damage", ["missing", "cut", "longer"])
def test_a_damaged_file_is_named(
    student: WordsStudent, tmp_path: Path, name: str, damage: str
) -> None:
    student.save(tmp_path)
    content = (tmp_path / name).read_bytes()
    if damage == "missing":
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(content[:-9] if damage == "cut" else content + b"1")
    with pytest.raises(ModelError, match=r"words.json cannot be read .*fame train --full"):
        load_student(tmp_path)


def test_tables_of_another_student_are_refused(student: WordsStudent, tmp_path: Path) -> None:
    student.save(tmp_path)
    table = student.table
    table.heads(slice(0, -1)).save(tmp_path)
    with pytest.raises(ModelError, match=r"words.json does not fit student.json"):
        load_student(tmp_path)


def test_only_what_changed_is_retrained(student: WordsStudent, tmp_path: Path) -> None:
    before = events()
    share = before.is_anomaly.copy()
    share[before.domain == 2] = 1 - share[before.domain == 2]
    after = LabelledEvents(
        before.canonical, share, before.domain, before.weight, before.calibration, before.template
    )
    child = retrain(student, after, DOMAINS, ["memory"], SilentProgress())
    old, new = student.predict(before.canonical), child.predict(before.canonical)
    kept = [0, 1, 3]
    assert old.scores[:, kept].tobytes() == new.scores[:, kept].tobytes()
    here = before.domain == 2
    assert ((new.scores[here, 2] > 0.5) == (share[here] > 0.5)).all()
    child.save(tmp_path)
    assert scores(load_student(tmp_path), before.canonical) == scores(child, before.canonical)  # type: ignore[arg-type]


def test_a_kept_domain_must_be_the_parents(student: WordsStudent) -> None:
    others = (DomainSpec("fans", "mixed"), *DOMAINS[1:])
    with pytest.raises(InputError, match=r"'fans' \(mixed\) is not a domain of the model"):
        retrain(student, events(), others, ["memory"], SilentProgress())


def test_few_labels_of_a_domain_make_no_head_of_its_own() -> None:
    few = events().where(~((events().domain == 2) & (np.arange(120) > 20)))
    made = train(few, [], DOMAINS, StudentConfig(), (), SilentProgress())
    assert isinstance(made, WordsStudent)
    unseen, disks, memory = made.table.weights.T[:3]
    assert (memory == unseen).all()
    assert (disks != unseen).any()


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_labels_of_one_kind(share: float) -> None:
    all_events = events()
    one = LabelledEvents(
        all_events.canonical,
        np.full(len(all_events), share),
        all_events.domain,
        all_events.weight,
        all_events.calibration,
    )
    made = train(one, [], DOMAINS, StudentConfig(), (), SilentProgress())
    assert ((made.predict(["anything new"]).unseen > 0.5) == bool(share)).all()


def test_it_has_no_network_to_run(student: WordsStudent) -> None:
    assert student.on(Runtime(), []) is student
    with pytest.raises(InputError, match="preset 'words' has no network to run on onnx"):
        student.on(Runtime("onnx"), [])


def test_scoring_imports_no_learning_library(student: WordsStudent, tmp_path: Path) -> None:
    student.save(tmp_path)
    heavy = "{'torch', 'transformers', 'tokenizers', 'sklearn', 'scipy'}"
    code = (
        "import sys; from pathlib import Path; from fame_sql.students import load_student; "
        "load_student(Path(sys.argv[1])).predict(['kernel panic']); "
        f"sys.exit(' '.join({heavy} & set(sys.modules)) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
