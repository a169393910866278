from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fame_sql.errors import ModelError
from fame_sql.students.lexical import LexicalHead, fit_lexical

pytestmark = pytest.mark.any_duckdb

NORMAL = ["job <id> finished with status 0", "session opened for user alice", "fan speed is 5##"]
ANOMALOUS = ["job <id> finished with status 1##", "disk failure on <path>", "kernel panic: fatal"]


@pytest.fixture(scope="module")
def head() -> LexicalHead:
    return fit_lexical([*NORMAL, *ANOMALOUS], np.array([0.0] * 3 + [1.0] * 3))


def test_the_line_lies_between_the_classes(head: LexicalHead) -> None:
    assert (head.log_odds(NORMAL) < 0).all()
    assert (head.log_odds(ANOMALOUS) > 0).all()
    assert head.log_odds(["fatal disk failure"])[0] > 0


def test_a_texts_log_odds_do_not_depend_on_its_neighbours(head: LexicalHead) -> None:
    texts = [*NORMAL, *ANOMALOUS, "", "é🙂", "never seen " * 500] * 7
    whole = head.log_odds(texts)
    order = np.random.default_rng(0).permutation(len(texts))
    assert (head.log_odds([texts[i] for i in order]) == whole[order]).all()
    assert [head.log_odds([text])[0] for text in texts] == whole.tolist()
    assert head.log_odds([]).shape == (0,)


def test_it_survives_its_folder_bit_for_bit(head: LexicalHead, tmp_path: Path) -> None:
    head.save(tmp_path)
    texts = [*NORMAL, *ANOMALOUS, "disk of job <id>"]
    assert (LexicalHead.load(tmp_path).log_odds(texts) == head.log_odds(texts)).all()


@pytest.mark.parametrize(("share", "sign"), [(0.0, -1), (1.0, 1)])
def test_labels_that_are_all_alike(share: float, sign: int, tmp_path: Path) -> None:
    head = fit_lexical(NORMAL, np.full(3, share))
    head.save(tmp_path)
    found = LexicalHead.load(tmp_path).log_odds(["anything", ""])
    assert (np.sign(found) == sign).all()


def test_an_event_of_both_labels_lies_between(head: LexicalHead) -> None:
    share = np.array([0.0, 0.0, 0.0, 1.0, 1.0, 0.5])
    both = fit_lexical([*NORMAL, *ANOMALOUS], share).log_odds(ANOMALOUS[2:])[0]
    assert both < head.log_odds(ANOMALOUS[2:])[0]


@pytest.mark.parametrize("name", ["lexical.json", "lexical.safetensors"])
def test_a_file_that_is_garbled(head: LexicalHead, tmp_path: Path, name: str) -> None:
    head.save(tmp_path)
    (tmp_path / name).write_bytes(b"{}")
    with pytest.raises(ModelError, match="fame train"):
        LexicalHead.load(tmp_path)
