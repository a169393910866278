"""A grouping without a language model: templates with similar words form a domain."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fame_sql.domains.grouping import Domain, Grouping, TemplateSummary, unique_slugs
from fame_sql.domains.proposals.text import SERVICE, Floats, TextSpace, terms, unit
from fame_sql.errors import MissingStageError

MAX_DOMAINS = 12
MAX_CLUSTERED = 4_000
"""Maximum number of distinct texts to cluster; the rest join the nearest domain."""


def group_offline(templates: Sequence[TemplateSummary]) -> Grouping:
    """Group templates by their words and services.

    The distinct texts are represented by TF-IDF, reduced to a few latent dimensions and
    clustered by Ward's method. The number of domains is between half the square root and the
    square root of the number of texts, and at most 12; it is the one with the widest gap between
    the heights of the merges. Labels are not used, and the order of the templates does not matter.

    Parameters
    ----------
    templates : sequence of TemplateSummary
        At least one.

    Raises
    ------
    MissingStageError
        If there are no templates.
    """
    if not templates:
        raise MissingStageError("no templates to group", "fame mine")
    ordered = sorted(templates, key=lambda t: (t.template, t.template_id))
    space = TextSpace.of(ordered)
    groups = _groups(ordered, space)
    groups.sort(key=lambda group: (-len(group), group))
    services = [_service([ordered[row] for row in group]) for group in groups]
    words = _characteristic_words(space, groups)
    names = unique_slugs(map(_name, services, words))
    domains = [
        Domain(name, _describe(len(g), s, w), tuple(sorted(ordered[row].template_id for row in g)))
        for name, g, s, w in zip(names, groups, services, words, strict=True)
    ]
    return Grouping(tuple(domains), source="offline")


def _groups(templates: Sequence[TemplateSummary], space: TextSpace) -> list[list[int]]:
    """Return the row numbers of each domain."""
    same: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for row, template in enumerate(templates):
        same[tuple(sorted(terms(template)))].append(row)
    # The texts with the most lines come first and are clustered.
    texts = sorted(same.values(), key=lambda rows: (-sum(templates[r].lines for r in rows), rows))
    clustered, others = texts[:MAX_CLUSTERED], texts[MAX_CLUSTERED:]
    labels = _cluster(_reduced(space.vectors[[rows[0] for rows in clustered]]))
    groups: dict[int, list[int]] = defaultdict(list)
    for rows, label in zip(clustered, labels, strict=True):
        groups[label] += rows
    found = list(groups.values())
    if others:
        near = space.similarities([rows[0] for rows in others], space.centroids(found))
        for rows, label in zip(others, near.argmax(axis=1), strict=True):
            found[label] += rows
    return [sorted(group) for group in found]


def _bounds(texts: int) -> tuple[int, int]:
    """Return the minimum and the maximum number of domains for ``texts`` distinct texts."""
    root = math.sqrt(texts)
    fewest = max(2, min(MAX_DOMAINS // 2, round(root / 2)))
    return fewest, max(fewest, min(MAX_DOMAINS, round(root)))


def _reduced(sparse: Any) -> Floats:
    """Reduce vectors to as many latent dimensions as the maximum number of domains.

    Few texts share a word. Latent dimensions (Deerwester et al. 1990), in which words that occur
    together are similar, prevent most texts from ending up in one large domain.
    """
    from sklearn.decomposition import TruncatedSVD

    dimensions = min(_bounds(sparse.shape[0])[1], min(sparse.shape) - 1)
    if dimensions < 2:
        return np.asarray(sparse.toarray(), dtype=np.float64)
    svd = TruncatedSVD(dimensions, algorithm="arpack", random_state=0)
    latent: Floats = svd.fit_transform(sparse)
    return unit(latent, least=1e-6).round(9)


def _cluster(vectors: Floats) -> list[int]:
    """Return the cluster of each row."""
    from sklearn.cluster import AgglomerativeClustering

    count = len(vectors)
    if count == 1:
        return [0]
    tree = AgglomerativeClustering(n_clusters=None, distance_threshold=0.0).fit(vectors)
    return _cut(tree.children_, _number_of_domains(tree.distances_))


def _number_of_domains(heights: Floats) -> int:
    """Return the number of domains with the widest gap below the lowest merge that is undone.

    Parameters
    ----------
    heights : array, shape (texts - 1,)
        Heights of the merges, in increasing order.
    """
    fewest, most = _bounds(len(heights) + 1)
    padded = np.concatenate([[0.0], heights])
    gaps = {k: round(float(padded[-(k - 1)] - padded[-k]), 9) for k in range(fewest, most + 1)}
    return max(gaps, key=lambda k: (gaps[k], k))


def _cut(merges: npt.NDArray[np.int64], domains: int) -> list[int]:
    """Cut a tree of merges into ``domains`` clusters and return the cluster of each leaf."""
    leaves = len(merges) + 1
    cluster: dict[int, int] = {}
    for step in reversed(range(leaves - domains)):
        node = leaves + step
        for child in merges[step]:
            cluster[int(child)] = cluster.get(node, node)
    return [cluster.get(leaf, leaf) for leaf in range(leaves)]


def _characteristic_words(space: TextSpace, groups: Sequence[Sequence[int]]) -> list[list[str]]:
    """Return the words that distinguish each group, the most characteristic first."""
    centroids = space.centroids(groups)
    contrast = centroids - centroids.mean(axis=0) if len(groups) > 1 else centroids
    found = []
    for weights in contrast.round(9):
        order = np.lexsort((np.arange(len(weights)), -weights))
        terms_found = (space.vocabulary[column] for column in order if weights[column] > 0)
        found.append([term for term in terms_found if term and not term.startswith(SERVICE)])
    return found


def _name(service: str, words: Sequence[str]) -> str:
    """Return a domain name such as ``kernel-cache-parity``."""
    others = [word[:16] for word in words if word not in service.split("-")]
    return "-".join([service, *others[:2]] if service else others[:3])


def _describe(templates: int, service: str, words: Sequence[str]) -> str:
    """Return one sentence that describes a domain."""
    count = "1 template" if templates == 1 else f"{templates} templates"
    origin = f", mostly of service {service}" if service else ""
    topic = f", about {', '.join(word[:30] for word in words[:5])}" if words else ""
    return f"{count}{origin}{topic}."


def _service(members: Sequence[TemplateSummary]) -> str:
    """Return the service of more than half of the members, or an empty string."""
    counts = Counter(
        term[len(SERVICE) :] for t in members for term in terms(t) if term.startswith(SERVICE)
    )
    service, count = max(counts.items(), key=lambda item: (item[1], item[0]), default=("", 0))
    return service if 2 * count > len(members) else ""
