from __future__ import annotations

import json
import random
from collections import deque
from pathlib import Path

import pytest
from click.testing import CliRunner
from llm_server import LanguageServer, rows_of

from fame_sql.cli import main
from fame_sql.domains.certification.certificate import Certificate, CertificationRules
from fame_sql.domains.certification.certification import certify
from fame_sql.domains.certification.inspection import inspect, stability
from fame_sql.domains.document import changes, from_yaml, to_yaml
from fame_sql.domains.domains import place_new_templates, read_grouping, read_summaries
from fame_sql.domains.grouping import Domain, Grouping, TemplateSummary
from fame_sql.domains.proposals.by_llm import LLMGrouper
from fame_sql.domains.proposals.placing import LLMPlacer
from fame_sql.errors import InputError
from fame_sql.llm.client import Client
from fame_sql.llm.failures import AnswerError
from fame_sql.llm.ledger import Ledger
from fame_sql.llm.model import LanguageModel
from fame_sql.llm.redaction import Redactor
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb


def model_of(warehouse: Warehouse, server: LanguageServer, **more: object) -> LanguageModel:
    client = Client(server.base_url, "key")
    return LanguageModel("gpt-4o", Ledger(warehouse), Redactor(), client=client, **more)


def templates_of(count: int) -> list[TemplateSummary]:
    """Return templates of four services; those of 'alarm' are anomalous, 'disk' is mixed."""
    made = []
    for number in range(count):
        service = ("disk", "net", "auth", "alarm")[number % 4]
        normal = 0 if service == "alarm" else 4
        anomalous = {"alarm": 4, "disk": 4}.get(service, 0)
        identity = f"{number * 7919 % 1_000_003:016x}"
        text = f"{service} unit <*> reports state {number}"
        made.append(
            TemplateSummary(
                identity, text, "unlabelled", service, 1, 9, normal, anomalous, (text, "other")
            )
        )
    return made


def by_service(grouping: Grouping | Certificate) -> dict[str, frozenset[str]]:
    return {domain.name: frozenset(domain.template_ids) for domain in grouping.domains}


@pytest.mark.slow
@pytest.mark.parametrize("window", [16_384, 3_000])
def test_the_grouping_does_not_depend_on_the_order_of_the_templates(
    empty: Warehouse, server: LanguageServer, window: int
) -> None:
    templates = templates_of(60)
    grouper = LLMGrouper(model_of(empty, server, window=window))
    first = grouper(templates)
    sent = len(server.bodies)
    for seed in range(3):
        shuffled = random.Random(seed).sample(templates, len(templates))
        assert grouper(shuffled) == first
    assert len(server.bodies) == sent, "another order is the same request"
    assert set(by_service(first)) == {"disk", "net", "auth", "alarm"}
    assert sum(len(domain.template_ids) for domain in first.domains) == 60
    found = {finding.rule: finding for finding in first.findings}
    assert "adjusted Rand index 1.000" in found["stability"].detail
    stages = {row["stage"] for row in Ledger(empty).bill()}
    assert stages == ({"partition"} if window > 10_000 else {"partition", "merge"})
    assert ("pieces" in found) == (window < 10_000)


def test_the_row_of_a_template(empty: Warehouse, server: LanguageServer) -> None:
    LLMGrouper(model_of(empty, server), stability=False)(templates_of(4))
    (body,) = server.requests
    assert rows_of(body)[0] == {
        "id": "t1",
        "service": "alarm",
        "status": "unlabelled",
        "lines": 9,
        "events": 1,
        "anomalous_labels": 4,
        "template": "alarm unit <*> reports state 3",
        "examples": ["alarm unit <*> reports state 3", "other"],
    }


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["invent", "omit", "repeat"])
@pytest.mark.parametrize("times", [1, 2])
def test_a_wrong_grouping_is_sent_back_once_and_then_repaired_by_rule(
    empty: Warehouse, server: LanguageServer, fault: str, times: int
) -> None:
    server.faults = deque([fault] * times)
    templates = templates_of(12)
    proposal = LLMGrouper(model_of(empty, server), stability=False)(templates)
    assert len(server.bodies) == 2
    assert [finding.rule for finding in proposal.findings] == ["repair"]
    certificate = certify(proposal, templates)
    assert certificate.certified
    assert sorted(i for d in certificate.domains for i in d.template_ids) == sorted(
        t.template_id for t in templates
    )
    broken = {finding.rule for finding in certificate.findings if not finding.passed}
    mended = {"invent": "known templates", "omit": "complete", "repeat": "one domain each"}[fault]
    assert (mended in broken) == (times == 2)


def test_domains_with_too_few_labels_are_named_in_the_repair_request(
    empty: Warehouse, server: LanguageServer
) -> None:
    one = TemplateSummary("a" * 16, "pump <*> rare", "mixed", "pump", 1, 9, 9, 1)
    LLMGrouper(model_of(empty, server), stability=False)([*templates_of(8), one])
    assert (
        "1 anomalous label(s), where an expert needs 3"
        in server.requests[1]["messages"][3]["content"]
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "answer", ["{}", '{"domains": []}', "all normal", '{"domains": [{"name": "x"}]}']
)
def test_an_answer_in_the_wrong_shape_is_a_clear_failure(
    empty: Warehouse, server: LanguageServer, answer: str
) -> None:
    server.answer = lambda body: answer
    with pytest.raises(AnswerError, match="gave two answers"):
        LLMGrouper(model_of(empty, server))(templates_of(8))


def test_a_grouping_that_contradicts_the_labels_is_flagged(
    empty: Warehouse, server: LanguageServer
) -> None:
    def obedient(body: dict) -> str:
        members = [row["id"] for row in rows_of(body)]
        everything = {"name": "All Normal!", "description": "Nothing to see.", "members": members}
        return json.dumps({"domains": [everything]})

    server.answer = obedient
    templates = templates_of(12)
    certificate = certify(LLMGrouper(model_of(empty, server))(templates), templates)
    found = inspect(certificate, templates)
    assert [domain.kind for domain in certificate.domains] == ["mixed"]
    flagged = {f.rule for f in (*certificate.findings, *found) if not f.passed}
    assert {"contradiction", "size"} <= flagged


def test_coherence_calibration_and_stability_are_reported() -> None:
    templates = templates_of(12)
    good = Grouping(tuple(_domains(templates, lambda t: t.service_name or "")), "test")
    bad = Grouping(tuple(_domains(templates, lambda t: str(int(t.template[-1]) % 3))), "test")

    def coherent(grouping: Grouping) -> bool:
        found = inspect(certify(grouping, templates), templates)
        return all(finding.passed for finding in found if finding.rule == "coherence")

    assert coherent(good)
    assert not coherent(bad)
    assert "index 1.000" in stability(good, good, templates).detail
    assert not stability(good, bad, templates).passed
    found = inspect(certify(good, templates), templates)
    assert [f.passed for f in found if f.rule == "calibration"] == [False]


def _domains(templates, key) -> list[Domain]:
    names = sorted({key(t) for t in templates})
    return [
        Domain(f"d-{name}", "It.", tuple(t.template_id for t in templates if key(t) == name))
        for name in names
    ]


def test_the_prompt_states_the_limits(empty: Warehouse, server: LanguageServer) -> None:
    rules = CertificationRules(max_domains=3)
    LLMGrouper(model_of(empty, server), rules, stability=False)(templates_of(12))
    assert "Use between 2 and 3 domains" in server.requests[0]["messages"][1]["content"]
    assert "at most 3 allowed" in server.requests[1]["messages"][3]["content"]


def test_only_new_templates_are_placed_and_the_old_domains_stay(
    opened: Warehouse, server: LanguageServer
) -> None:
    before = read_grouping(opened)
    moved = list(before.domains[0].template_ids[:2])
    opened.connection.execute(
        "DELETE FROM fame.domain_templates WHERE list_contains(?, template_id)", [moved]
    )
    old = read_grouping(opened)

    def place(body: dict) -> str:
        rows = rows_of(body)
        new = [row["id"] for row in rows if row["id"].startswith("t")]
        homes = [old.domains[0].name, "Quite New"]
        return json.dumps(
            {
                "placements": [{"id": i, "domain": d} for i, d in zip(new, homes, strict=True)],
                "new_domains": [{"name": "Quite New", "description": "It."}],
            }
        )

    server.answer = place
    place_new_templates(opened, LLMPlacer(model_of(opened, server)))
    (body,) = server.requests
    assert sum(row["id"].startswith("t") for row in rows_of(body)) == 2
    after = by_service(read_grouping(opened))
    for domain in old.domains:
        assert frozenset(domain.template_ids) <= after[domain.name]
    assert len(after.pop("quite-new")) == 1


def test_a_placement_into_an_unknown_domain_goes_to_the_nearest(
    opened: Warehouse, server: LanguageServer
) -> None:
    before = by_service(read_grouping(opened))
    opened.connection.execute(
        "DELETE FROM fame.domain_templates WHERE template_id = (SELECT min(template_id) "
        "FROM fame.domain_templates)"
    )
    server.answer = lambda body: json.dumps(
        {
            "placements": [{"id": "t1", "domain": "nowhere"}, {"id": "t7", "domain": "x"}],
            "new_domains": [],
        }
    )
    stored = place_new_templates(opened, LLMPlacer(model_of(opened, server)))
    assert len(server.bodies) == 2
    assert by_service(read_grouping(opened)).keys() == before.keys()
    assert any(finding.rule == "complete" for finding in stored.certificate.findings)


def test_without_a_model_new_templates_go_to_the_nearest_domain(opened: Warehouse) -> None:
    before = by_service(read_grouping(opened))
    opened.connection.execute("DELETE FROM fame.domain_templates WHERE template_id < '2'")
    place_new_templates(opened)
    assert by_service(read_grouping(opened)).keys() == before.keys()


def test_a_grouping_as_yaml_and_back(opened: Warehouse) -> None:
    grouping = read_grouping(opened)
    text = to_yaml(grouping, read_summaries(opened))
    again = from_yaml(text)
    assert again.domains == grouping.domains
    assert changes(grouping, again) == []
    odd = TemplateSummary("1e10", "x: [y] # \x1b[2J", "normal", None, 1, 1, 1, 0)
    written = to_yaml(Grouping((Domain("a", "b: c", ("1e10",)),), "x"), [odd])
    assert from_yaml(written).domains == (Domain("a", "b: c", ("1e10",)),)
    assert "\x1b" not in written


@pytest.mark.parametrize(
    "text", ["", "7", "[a]", "a: b", "a: {description: x}", "a: {templates: x}", "{", "a: !!x {}"]
)
def test_a_file_that_is_not_a_grouping(text: str) -> None:
    with pytest.raises(InputError):
        from_yaml(text)


def test_a_person_edits_compares_and_certifies_a_grouping(copied: Path, tmp_path: Path) -> None:
    runner = CliRunner()
    path = tmp_path / "domains.yaml"
    place = ["--warehouse", str(copied)]
    assert runner.invoke(main, ["domains", "edit", "--out", str(path), *place]).exit_code == 0
    edited = from_yaml(path.read_text())
    first, second, *rest = edited.domains
    mine = Domain("mine-own", "Mine.", first.template_ids[:1])
    first = Domain(first.name, "A new description.", first.template_ids[1:])
    path.write_text(to_yaml(Grouping((first, second, *rest, mine), "human"), []))
    shown = runner.invoke(main, ["domains", "diff", str(path), "--json", *place])
    what = [change["what"] for change in json.loads(shown.output)]
    assert what == ["new domain", "new description", "moved"]
    done = runner.invoke(main, ["domains", "certify", str(path), "--json", *place])
    assert done.exit_code == 0, done.output
    assert "mine-own" in {d["name"] for d in json.loads(done.output)["domains"]}
    same = runner.invoke(main, ["domains", "diff", str(path), *place])
    assert f"{path} changes nothing" in same.output
    page = tmp_path / "page.md"
    assert runner.invoke(main, ["domains", "show", "--page", str(page), *place]).exit_code == 0
    assert "## mine-own (" in page.read_text()
    assert "| coherence | mine-own |" in page.read_text()
    describe_ids = runner.invoke(main, ["domains", "show", *place]).output
    assert "mine-own" in describe_ids
    assert "certified" in describe_ids
