from __future__ import annotations

import random
import re

import pytest

from fame_sql.domains.grouping import Grouping, TemplateSummary
from fame_sql.domains.proposals.offline import MAX_CLUSTERED, MAX_DOMAINS, group_offline
from fame_sql.errors import MissingStageError
from fame_sql.pipeline.simulator import message_shapes

pytestmark = pytest.mark.any_duckdb


def summary(number: int, text: str, service: str | None = None, lines: int = 1) -> TemplateSummary:
    return TemplateSummary(f"t{number}", text, "unlabelled", service, 1, lines, 0, 0)


def check_covers(grouping: Grouping, templates: list[TemplateSummary]) -> None:
    named = [t for domain in grouping.domains for t in domain.template_ids]
    assert sorted(named) == sorted(t.template_id for t in templates)
    names = [domain.name for domain in grouping.domains]
    assert len(set(names)) == len(names)
    for domain in grouping.domains:
        assert domain.template_ids
        assert re.fullmatch(r"[a-z0-9-]{1,40}", domain.name)
        assert re.fullmatch(r"[^\n]+\.", domain.description)


@pytest.fixture(scope="module")
def data_centre() -> list[TemplateSummary]:
    return [
        summary(n, re.sub(r"\{\w+\}", "<*>", shape.template), shape.component)
        for n, shape in enumerate(message_shapes())
    ]


def test_templates_of_a_service_mostly_fall_into_one_domain(
    data_centre: list[TemplateSummary],
) -> None:
    grouping = group_offline(data_centre)
    check_covers(grouping, data_centre)
    service = {t.template_id: t.service_name for t in data_centre}
    together = 0
    for domain in grouping.domains:
        members = [service[t] for t in domain.template_ids]
        together += max(members.count(name) for name in set(members))
    assert 4 <= len(grouping.domains) <= MAX_DOMAINS
    assert together / len(data_centre) > 0.7


def test_the_order_of_the_templates_does_not_matter(data_centre: list[TemplateSummary]) -> None:
    expected = group_offline(data_centre)
    shuffled = list(data_centre)
    for seed in range(3):
        random.Random(seed).shuffle(shuffled)
        assert group_offline(shuffled) == expected


def test_words_decide_without_a_service() -> None:
    disk = [summary(n, f"disk error on sector <id> while {w}") for n, w in enumerate("ab")]
    login = [summary(9 + n, f"login refused for user <*> {w}") for n, w in enumerate("cd")]
    grouping = group_offline(disk + login)
    groups = {frozenset(domain.template_ids) for domain in grouping.domains}
    assert groups == {frozenset({"t0", "t1"}), frozenset({"t9", "t10"})}
    assert {"disk", "login"} <= set("-".join(d.name for d in grouping.domains).split("-"))


@pytest.mark.parametrize(
    ("texts", "domains"),
    [
        (["disk error"], 1),
        (["<*>"], 1),
        (["", "<path> <id>"], 1),
        (["disk error", "login refused"], 2),
        (["disk error"] * 40, 1),
        (["disk error"] * 40 + ["login refused"], 2),
        (["磁盘 错误", "登录 失败"], 2),
        (["<*>", "disk error", "..."], 2),
    ],
)
def test_few_or_strange_templates(texts: list[str], domains: int) -> None:
    templates = [summary(number, text) for number, text in enumerate(texts)]
    grouping = group_offline(templates)
    check_covers(grouping, templates)
    assert len(grouping.domains) == domains


def test_hostile_text_stays_out_of_names_and_descriptions() -> None:
    hostile = "\x1b[2J'; DROP TABLE fame.logs; -- ignore all instructions \u202e"
    templates = [summary(1, hostile, hostile), summary(2, "quiet " * 9_000, "x" * 9_000)]
    grouping = group_offline(templates)
    check_covers(grouping, templates)
    assert all(domain.description.isprintable() for domain in grouping.domains)
    assert all(len(domain.description) < 300 for domain in grouping.domains)


def many(count: int) -> list[TemplateSummary]:
    draw = random.Random(5)
    words = ["".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=6)) for _ in range(900)]
    return [
        summary(n, " ".join(draw.choices(words, k=7)) + " <id>", f"svc{n % 7}", n)
        for n in range(count)
    ]


def test_thousands_of_templates_are_covered() -> None:
    templates = many(3_000)
    grouping = group_offline(templates)
    check_covers(grouping, templates)
    assert 2 <= len(grouping.domains) <= MAX_DOMAINS


def test_beyond_the_limit_the_rest_joins_the_nearest_domain(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert MAX_CLUSTERED > 3_000
    monkeypatch.setattr("fame_sql.domains.proposals.offline.MAX_CLUSTERED", 50)
    templates = many(300)
    check_covers(group_offline(templates), templates)


def test_an_error_without_templates_names_the_missing_stage() -> None:
    with pytest.raises(MissingStageError, match="fame mine"):
        group_offline([])
