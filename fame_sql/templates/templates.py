"""Templates: a frozen set that matches canonical texts by Drain's exact match."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from fame_sql.warehouse.warehouse import Warehouse

if TYPE_CHECKING:
    from drain3.drain import Drain

SIMILARITY = 0.4
DEPTH = 4


@dataclass(frozen=True, slots=True)
class Template:
    """A frozen template; its wildcards are ``<*>`` and the placeholders of the masks.

    Parameters
    ----------
    template_id : str
        Content hash of ``text``.
    text : str
        Words separated by one space.
    """

    template_id: str
    text: str

    @classmethod
    def of(cls, text: str) -> Template:
        """Return the template with this text."""
        return cls(hashlib.md5(text.encode()).hexdigest()[:16], text)


@dataclass(frozen=True)
class TemplateSet:
    """Frozen templates in match order."""

    templates: tuple[Template, ...]

    @cached_property
    def _tree(self) -> Drain:
        from drain3.drain import LogCluster

        tree = empty_tree()
        for number, template in enumerate(self.templates, 1):
            cluster = LogCluster(template.text.split(), number)
            tree.id_to_cluster[number] = cluster
            tree.add_seq_to_prefix_tree(tree.root_node, cluster)
        return tree

    def match(self, canonical: str) -> Template | None:
        """Return the template that matches a canonical text, or None.

        Matching does not change the set. It must not run in several threads at once.
        """
        cluster = self._tree.match(canonical, full_search_strategy="fallback")
        return None if cluster is None else self.templates[cluster.cluster_id - 1]


def empty_tree() -> Drain:
    """Return an empty Drain tree with the settings of mining and matching."""
    from drain3.drain import Drain

    return Drain(depth=DEPTH, sim_th=SIMILARITY, max_clusters=None)


def read_templates(warehouse: Warehouse) -> TemplateSet:
    """Return the warehouse's templates in match order."""
    rows = warehouse.rows("SELECT template_id, template FROM fame.templates ORDER BY match_order")
    return TemplateSet(tuple(Template(template_id, text) for template_id, text in rows))
