"""The services of the simulated data centre, and the lines that they write."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from fame_sql.pipeline.simulator.fields import Draw, Fields, weighted, zipf
from fame_sql.pipeline.simulator.schedule import NODES, Burst, Moment, families
from fame_sql.pipeline.simulator.shapes import Shape, message_shapes

STRAY_SHARE = 0.012
"""The share of anomalies among the lines outside bursts."""
COMPANION_SHARE = 0.1
"""The share of normal lines in a burst."""

Writer = Callable[[Moment, bool], str]
"""Returns a line for a moment, which is in the late era or not."""
_Line = Callable[[Moment, int], str]


class DataCentre:
    """All services, which use one stream of random numbers."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self._fields = Fields(draw)
        shapes = message_shapes()
        first = [shape for shape in shapes if shape.era == "always"]
        late = [shape for shape in shapes if shape.era == "late"]
        self._normal = self._choice(first, False), self._choice(shapes, False)
        self._strays = self._choice(first, True), self._choice(late, True)
        self._number = zipf(range(NODES), draw)
        self._incidents = {}
        for family in families("always") + families("late"):
            parts = [shape for shape in shapes if shape.incident == family]
            calm = [shape for shape in parts if shape.kind != "anomalous"]
            pair = self._choice(parts, True), self._choice(calm or first, False)
            self._incidents[family] = pair

    def background(self, moment: Moment, late: bool) -> str:
        """Return a line outside any burst; half of the late strays have late shapes."""
        if self._draw() >= STRAY_SHARE:
            line = self._normal[late]()
        else:
            line = self._strays[late and self._draw() < 0.5]()
        return line(moment, self._number())

    def incident(self, burst: Burst) -> Writer:
        """Return a writer of the lines of a burst on its nodes."""
        failing, companion = self._incidents[burst.family]
        draw, nodes = self._draw, burst.nodes

        def write(moment: Moment, _late: bool) -> str:
            line = companion() if draw() < COMPANION_SHARE else failing()
            return line(moment, nodes[int(draw() * len(nodes))])

        return write

    def _choice(self, shapes: Sequence[Shape], anomalous: bool) -> Callable[[], _Line]:
        """Return a weighted choice among the shapes that can have this label."""
        excluded = "normal" if anomalous else "anomalous"
        allowed = [shape for shape in shapes if shape.kind != excluded]
        # Anomalies are distributed more evenly than traffic.
        weights = [math.sqrt(s.weight) if anomalous else float(s.weight) for s in allowed]
        return weighted([self._line(shape, anomalous) for shape in allowed], weights, self._draw)

    def _line(self, shape: Shape, anomalous: bool) -> _Line:
        values = (shape.anomalous if anomalous else shape.normal) or ("",)
        texts = [self._fields.pattern(shape.template.replace("{decides}", v)) for v in values]
        label = shape.category if anomalous else "-"
        draw, levels, component = self._draw, shape.levels, shape.component

        def line(moment: Moment, number: int) -> str:
            node = f"{component.lower()}-{number:02d}"
            level = levels[int(draw() * len(levels))]
            message = texts[int(draw() * len(texts))]()
            return (
                f"{label} {moment.epoch} {moment.date} {node} {moment.stamp} {node} "
                f"RAS {component} {level} {message}\n"
            )

        return line
