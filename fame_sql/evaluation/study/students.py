"""The students in a trial, with different groupings of the templates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from fame_sql.domains.domains import group_templates
from fame_sql.domains.grouping import Domain, Grouper, Grouping, TemplateSummary
from fame_sql.domains.proposals.offline import group_offline
from fame_sql.evaluation.metrics import Floats
from fame_sql.evaluation.study.trials import Trial
from fame_sql.models import load_champion
from fame_sql.students import StudentConfig
from fame_sql.training.training import train_students


def one_domain(templates: Sequence[TemplateSummary]) -> Grouping:
    """Put every template in one domain: one expert, so the router has no choice."""
    members = tuple(sorted(template.template_id for template in templates))
    return Grouping((Domain("all", "Every template.", members),), "one")


def by_component(templates: Sequence[TemplateSummary]) -> Grouping:
    """Make each service a domain."""
    members: dict[str, list[str]] = {}
    for template in sorted(templates, key=lambda template: template.template_id):
        members.setdefault(template.service_name or "none", []).append(template.template_id)
    return _group(members, "components")


def at_random(seed: int) -> Grouper:
    """Assign templates at random to as many domains as the offline grouping has."""

    def grouping(templates: Sequence[TemplateSummary]) -> Grouping:
        count = len(group_offline(templates).domains)
        ordered = sorted(template.template_id for template in templates)
        places = np.random.default_rng(seed).integers(count, size=len(ordered))
        members: dict[str, list[str]] = {}
        for template_id, place in zip(ordered, places.tolist(), strict=True):
            members.setdefault(f"random-{place}", []).append(template_id)
        return _group(members, "random")

    return grouping


def by_k_means(seed: int) -> Grouper:
    """Cluster TF-IDF vectors of the templates into as many domains as the offline grouping."""

    def grouping(templates: Sequence[TemplateSummary]) -> Grouping:
        from sklearn.cluster import KMeans
        from sklearn.feature_extraction.text import TfidfVectorizer

        ordered = sorted(templates, key=lambda template: template.template_id)
        count = len(group_offline(templates).domains)
        vectors = TfidfVectorizer(token_pattern=r"[^\s]+").fit_transform(
            template.template for template in ordered
        )
        places = KMeans(count, n_init=4, random_state=seed).fit_predict(vectors)
        members: dict[str, list[str]] = {}
        for template, place in zip(ordered, places.tolist(), strict=True):
            members.setdefault(f"cluster-{place}", []).append(template.template_id)
        return _group(members, "k-means")

    return grouping


def _group(members: dict[str, list[str]], source: str) -> Grouping:
    domains = (Domain(name, f"{source}.", tuple(ids)) for name, ids in sorted(members.items()))
    return Grouping(tuple(domains), source)


def groupers(seed: int) -> dict[str, Grouper]:
    """Return the groupings to compare, by the name of the detector."""
    return {
        "fame": group_offline,
        "one student": one_domain,
        "fame, random domains": at_random(seed),
        "fame, components": by_component,
        "fame, k-means": by_k_means(seed),
    }


@dataclass(frozen=True)
class Detections:
    """The scores of texts, and the names of their domains if the detector gives any."""

    scores: Floats
    domains: tuple[str, ...]


def fit(
    trial: Trial, grouper: Grouper, config: StudentConfig
) -> Callable[[Sequence[str]], Detections]:
    """Group templates, certify, train and publish in the trial's warehouse; return the detector."""
    group_templates(trial.warehouse, grouper)
    train_students(trial.warehouse, config=config, again=True, hold_out=False)
    model = load_champion(trial.warehouse)

    def detect(texts: Sequence[str]) -> Detections:
        verdicts = model.verdicts(texts)
        scores = np.array([verdict.score for verdict in verdicts])
        return Detections(scores, tuple(verdict.domain for verdict in verdicts))

    return detect
