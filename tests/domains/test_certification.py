from __future__ import annotations

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fame_sql.domains.certification.certificate import Certificate, CertificationRules
from fame_sql.domains.certification.certification import certify
from fame_sql.domains.grouping import Domain, Grouping, TemplateSummary
from fame_sql.domains.proposals.offline import group_offline
from fame_sql.errors import InputError, MissingStageError

pytestmark = pytest.mark.any_duckdb


def summary(
    template_id: str, text: str, normal: int, anomalous: int, service: str | None = None
) -> TemplateSummary:
    return TemplateSummary(template_id, text, "unlabelled", service, 1, 9, normal, anomalous)


def propose(**domains: list[str]) -> Grouping:
    """Name domains and their templates; an underscore in a name stands for a space."""
    return Grouping(
        tuple(Domain(name.replace("_", " "), "It.", tuple(ids)) for name, ids in domains.items()),
        source="test",
    )


def outcome(certificate: Certificate) -> dict[str, tuple[str, set[str]]]:
    return {d.name: (d.kind, set(d.template_ids)) for d in certificate.domains}


def broken(certificate: Certificate) -> list[str]:
    return [f.rule for f in certificate.findings if not f.passed and f.rule != "size"]


DISK = summary("disk", "disk error on sector <id>", 5, 5)
SLOW = summary("slow", "slow disk request on sector <id>", 9, 0)
RAID = summary("raid", "disk array degraded, sector lost", 0, 2)
LOGIN = summary("login", "login refused for user <*>", 8, 6)
ENTER = summary("enter", "login accepted for user <*>", 9, 0)
LOCK = summary("lock", "user account locked after login refused", 0, 9)
RARE = summary("rare", "user login rated <*>", 9, 1)
NEW = summary("new", "login offered to user <*>", 0, 0)

CASES = {
    "what is right stays": (
        [DISK, SLOW, LOGIN, LOCK],
        propose(disk=["disk", "slow"], login=["login"], locks=["lock"]),
        {
            "disk": ("mixed", {"disk", "slow"}),
            "login": ("mixed", {"login"}),
            "locks": ("anomalous", {"lock"}),
        },
        [],
    ),
    "invented, repeated and empty": (
        [DISK, LOGIN],
        propose(disk=["disk", "disk", "ghost"], login=["login", "disk"], void=[], ghosts=["g2"]),
        {"disk": ("mixed", {"disk"}), "login": ("mixed", {"login"})},
        ["known templates", "one domain each", "not empty"],
    ),
    "left out goes to the nearest": (
        [DISK, SLOW, LOGIN, ENTER],
        propose(disk=["disk"], login=["login"]),
        {"disk": ("mixed", {"disk", "slow"}), "login": ("mixed", {"login", "enter"})},
        ["complete", "complete"],
    ),
    "nothing usable is one domain": (
        [DISK, LOGIN],
        propose(void=[], ghosts=["ghost"]),
        {"all-templates": ("mixed", {"disk", "login"})},
        ["known templates", "not empty", "number of domains", "complete"],
    ),
    "no domain at all": (
        [ENTER],
        propose(),
        {"all-templates": ("normal", {"enter"})},
        ["number of domains", "complete"],
    ),
    "starved: anomalous-only templates are split out": (
        [SLOW, RAID, LOGIN],
        propose(disk=["slow", "raid"], login=["login"]),
        {
            "disk": ("normal", {"slow"}),
            "login": ("mixed", {"login"}),
            "disk-anomalies": ("anomalous", {"raid"}),
        },
        ["labels"],
    ),
    "starved for normal labels: split as well": (
        [LOCK, summary("one", "login seen once", 1, 0), DISK],
        propose(login=["lock", "one"], disk=["disk"]),
        {
            "login": ("normal", {"one"}),
            "disk": ("mixed", {"disk"}),
            "login-anomalies": ("anomalous", {"lock"}),
        },
        ["labels"],
    ),
    "starved mixed template: merged with the nearest that has an expert": (
        [RARE, LOGIN, DISK, LOCK],
        propose(risk=["rare"], disk=["disk"], login=["login"], locks=["lock"]),
        {
            "disk": ("mixed", {"disk"}),
            "login": ("mixed", {"login", "rare"}),
            "locks": ("anomalous", {"lock"}),
        },
        ["labels"],
    ),
    "starved and no expert: merged with normal ones, the anomalous stays pure while it can": (
        [RARE, ENTER, LOCK, summary("odd", "user login odd <*>", 4, 2)],
        propose(risk=["rare"], locks=["lock"], enter=["enter"], odd=["odd"]),
        {
            "odd": ("mixed", {"rare", "odd"}),
            "locks": ("anomalous", {"lock"}),
            "enter": ("normal", {"enter"}),
        },
        ["labels"],
    ),
    "an unlabelled domain is normal": (
        [DISK, NEW],
        propose(disk=["disk"], new=["new"]),
        {"disk": ("mixed", {"disk"}), "new": ("normal", {"new"})},
        [],
    ),
    "names are slugs": (
        [DISK, LOGIN],
        propose(**{"Disk;_DROP_TABLE": ["disk"], "磁盘": ["login"]}),
        {"disk-drop-table": ("mixed", {"disk"}), "domain-2": ("mixed", {"login"})},
        ["names", "names"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_each_rule(case: str) -> None:
    templates, proposal, expected, rules_broken = CASES[case]
    certificate = certify(proposal, templates)
    assert outcome(certificate) == expected
    assert broken(certificate) == rules_broken
    assert certificate.certified


def test_too_few_labels_fall_back_to_one_domain_with_a_finding() -> None:
    templates = [RARE, ENTER, SLOW]
    certificate = certify(propose(a=["rare"], b=["enter"], c=["slow"]), templates)
    ((kind, members),) = outcome(certificate).values()
    assert (kind, members) == ("mixed", {"rare", "enter", "slow"})
    assert not certificate.certified
    last = [f for f in certificate.findings if f.rule == "labels"][-1]
    assert "1 anomalous" in last.detail
    assert last.action is not None
    assert "one domain" in last.action


def test_a_split_without_room_joins_the_nearest_anomalous_domain() -> None:
    certificate = certify(
        propose(disk=["slow", "raid"], locks=["lock"]),
        [SLOW, RAID, LOCK],
        CertificationRules(max_domains=2),
    )
    assert outcome(certificate) == {
        "disk": ("normal", {"slow"}),
        "locks": ("anomalous", {"lock", "raid"}),
    }


def test_domains_beyond_the_limit_join_similar_ones() -> None:
    templates = [DISK, SLOW, LOGIN, ENTER, LOCK, RAID]
    proposal = propose(
        disk=["disk", "slow"], login=["login", "enter"], locks=["lock"], raid=["raid"]
    )
    certificate = certify(proposal, templates, CertificationRules(max_domains=3))
    assert outcome(certificate) == {
        "disk": ("mixed", {"disk", "slow"}),
        "login": ("mixed", {"login", "enter"}),
        "locks": ("anomalous", {"lock", "raid"}),
    }
    assert broken(certificate) == ["number of domains"]


def test_findings_describe_the_repairs_in_plain_words() -> None:
    certificate = certify(propose(risk=["rare"], login=["login"]), [RARE, LOGIN, SLOW])
    said = [f"{f.detail} -> {f.action}" for f in certificate.findings if f.action]
    assert len(said) == 2
    assert said[0].startswith("1 template(s) (slow) were left out -> put into 'risk'")
    assert re.search(
        r"mixed domain with \d+ normal and 1 anomalous label\(s\), where an expert needs 3 of each "
        r"-> .*nearest mixed domain by text \(TF-IDF cosine 0\.\d\d\)",
        said[1],
    )


def test_a_hostile_proposal_is_certified_quickly_in_printable_text() -> None:
    templates = [
        summary(f"t{n}", f"word{'abcdefghij'[n % 10]} seen", n % 3, n % 2) for n in range(2_000)
    ]
    evil = "\x1b[2J\u202e\ud800'; DROP TABLE fame.domains; --" * 50
    domains = [Domain(evil, evil, (f"t{n}", evil + str(n), f"t{n // 2}")) for n in range(2_000)]
    certificate = certify(Grouping(tuple(domains), evil), templates)
    assert len(certificate.domains) <= 16
    for domain in certificate.domains:
        assert domain.description.isprintable()
    for finding in certificate.findings:
        text = f"{finding.detail}{finding.action}{finding.domain}"
        assert text.isprintable()
        assert text.encode()
        assert len(text) < 1_000


def test_the_order_of_the_templates_does_not_matter() -> None:
    templates = [DISK, SLOW, RAID, LOGIN, ENTER, LOCK, RARE, NEW]
    proposal = propose(one=["disk", "raid"], two=["rare", "login"])
    expected = certify(proposal, templates)
    for seed in range(4):
        random.Random(seed).shuffle(templates)
        assert certify(proposal, templates) == expected


def test_an_offline_grouping_is_certified() -> None:
    templates = [DISK, SLOW, RAID, LOGIN, ENTER, LOCK, RARE, NEW]
    certificate = certify(group_offline(templates), templates)
    assert certificate.certified
    assert not {"known templates", "one domain each", "not empty", "names"} & set(
        broken(certificate)
    )


@pytest.mark.parametrize(
    "options", [{"min_labels_per_class": 0}, {"max_domains": 0}, {"max_share": 0.0}]
)
def test_impossible_rules_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(InputError, match="leave"):
        CertificationRules(**options)


def test_templates_must_be_given_once() -> None:
    with pytest.raises(MissingStageError, match="fame mine"):
        certify(propose(), [])
    with pytest.raises(InputError, match="'disk' is given 2 times"):
        certify(propose(), [DISK, DISK])


WORDS = st.sampled_from(["disk", "login", "cache", "<id>", "memory parity", "磁盘", ""])
LABELS = st.integers(0, 5) | st.just(0)


@st.composite
def template_lists(draw: st.DrawFn) -> list[TemplateSummary]:
    rows = draw(
        st.lists(st.tuples(st.lists(WORDS, max_size=4), LABELS, LABELS), min_size=1, max_size=14)
    )
    return [
        summary(f"t{n}", " ".join(words), normal, anomalous)
        for n, (words, normal, anomalous) in enumerate(rows)
    ]


NAMES = st.text(max_size=60) | st.sampled_from(["a", "a", "a-2", "", "\x00", "a-anomalies"])
IDS = st.integers(0, 20).map(lambda n: f"t{n}") | st.text(max_size=5)
PARTITIONS = st.lists(
    st.builds(Domain, NAMES, st.text(max_size=30), st.lists(IDS, max_size=8).map(tuple)),
    max_size=8,
).map(lambda domains: Grouping(tuple(domains), "hostile"))
RULES = st.builds(
    CertificationRules,
    min_labels_per_class=st.integers(1, 6),
    max_domains=st.integers(1, 6),
)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(template_lists(), PARTITIONS, RULES)
def test_any_proposal_gives_a_usable_grouping(
    templates: list[TemplateSummary], proposal: Grouping, rules: CertificationRules
) -> None:
    certificate = certify(proposal, templates, rules)
    domains = certificate.domains
    named = [template_id for domain in domains for template_id in domain.template_ids]
    assert sorted(named) == sorted(template.template_id for template in templates)
    assert 1 <= len(domains) <= rules.max_domains
    assert len({domain.name for domain in domains}) == len(domains)
    starved = 0
    for domain in domains:
        assert domain.template_ids
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", domain.name)
        assert len(domain.name) <= 40
        assert domain.description.isprintable()
        members = [t for t in templates if t.template_id in domain.template_ids]
        normal = sum(t.normal_labels for t in members)
        anomalous = sum(t.anomalous_labels for t in members)
        kinds = {(True, False): "normal", (False, True): "anomalous", (True, True): "mixed"}
        assert domain.kind == kinds.get((normal > 0, anomalous > 0), "normal")
        starved += 0 < min(normal, anomalous) < rules.min_labels_per_class
    assert certificate.certified == (starved == 0)
    assert starved == 0 or len(domains) == 1

    again = Grouping(
        tuple(Domain(d.name, d.description, d.template_ids) for d in domains), "certified"
    )
    second = certify(again, templates, rules)
    assert second.domains == domains
    assert second.certified == certificate.certified
    assert set(broken(second)) <= ({"labels"} if starved else set())
