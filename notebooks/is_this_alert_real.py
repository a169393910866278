# %% [markdown]
# # Is this alert real?
#
# An alert woke somebody. This notebook gathers what speaks for it and against it, so that the answer takes
# minutes: what it says, why the model reported it, whether such verdicts were right before, what is known of
# it, and what came around it.
#
# Set `FAME_WAREHOUSE` to a warehouse and `FAME_INCIDENT` to the identifier that the alert names (its
# beginning will do). Without them, it takes the worst incident of the demonstration's warehouse (`make demo`,
# then `fame incidents update`). The file is opened read-only.

# %%
import os
from pathlib import Path

from fame_sql.forensics.charts import contributions, reliability, timeline
from fame_sql.forensics.line import read_line
from fame_sql.forensics.notebook import draw_pictures, show
from fame_sql.forensics.report.gathering import bucket_minutes, period_of
from fame_sql.warehouse.warehouse import Warehouse

draw_pictures()
warehouse = Warehouse.open(Path(os.environ.get("FAME_WAREHOUSE", "../demo.duckdb")), read_only=True)
connection = warehouse.connection
incidents = warehouse.records(
    """
    SELECT * FROM incidents
    WHERE starts_with(incident_id, $named)
    ORDER BY list_position(['critical', 'error', 'warning', 'info'], severity), lines DESC, first_seen
    LIMIT 1
    """,
    {"named": os.environ.get("FAME_INCIDENT", "")},
)
if not incidents:
    raise LookupError(
        "there is no such incident: run 'fame incidents update', then 'fame incidents'"
    )
[incident] = incidents
wanted = {"incident_id": incident["incident_id"]}

# %% [markdown]
# ## What does it say?
#
# `lines_to_read` counts each event once: that is how much there is to read.

# %%
names = ("incident_id", "severity", "service_name", "first_seen", "last_seen", "lines")
show(
    [
        {"what": name, "is": incident[name] or ""}
        for name in (*names, "lines_to_read", "counts", "confidence", "known")
    ]
)

# %%
show(
    connection.sql(
        """
        SELECT
            min(timestamp) AS first_seen,
            count(*) AS lines,
            count(DISTINCT host_name) AS hosts,
            max(score) AS score,
            bool_and(known_template) AS known,
            arg_max(body, (score, -log_id)) AS message
        FROM fame.incident_lines($incident_id)
        GROUP BY event_id
        ORDER BY score DESC NULLS LAST, lines DESC, first_seen
        """,
        params=wanted,
    ),
    at_most=12,
)

# %% [markdown]
# ## Was there more at that time?
#
# Anomalous lines of all services around it; bars are incidents. One service alone is one cause; several at
# the same moment have a common one, and the alert is only where it was seen first.

# %%
start, stop = period_of(incident)
minutes = max(1, bucket_minutes(stop - start))
around = connection.sql(
    "FROM fame.timeline($start, $stop, bucket := to_minutes($minutes))",
    params={"start": start, "stop": stop, "minutes": minutes},
)
others = connection.sql(
    "SELECT * FROM incidents WHERE first_seen < $stop AND last_seen >= $start",
    params={"start": start, "stop": stop},
)
timeline.chart(around, others, width=560)

# %% [markdown]
# ## Why was it reported?
#
# The worst line, coloured by what each word adds to its score. Words that name the failure are a good
# reason. A name, a number or a path that carries the score is a bad one: the model has learned an accident.

# %%
[[log_id]] = warehouse.rows(
    """
    SELECT log_id FROM fame.incident_lines($incident_id)
    ORDER BY score DESC NULLS LAST, log_id
    LIMIT 1
    """,
    wanted,
)
line = read_line(warehouse, log_id, each_way=6)
why = line.explanation
contributions.chart(why["words"], width=620) if why and why["words"] else print(
    "nothing is stored of why"
)

# %%
show(
    [
        {"what": "message", "is": line.facts["body"]},
        {"what": "score", "is": line.facts["score"]},
        {"what": "template known", "is": line.facts["known_template"]},
        {"what": "domain", "is": f"{why['domain']['name']} ({why['domain']['kind']})"},
        {
            "what": "labels of the domain",
            "is": f"{why['domain']['normal_labels']} normal, "
            f"{why['domain']['anomalous_labels']} anomalous",
        },
        {"what": "nearest labelled message", "is": why["nearest"]["message"]},
        {"what": "its label", "is": why["nearest"]["label"]},
    ]
    if why
    else []
)

# %% [markdown]
# ## Were such verdicts right before?
#
# Labelled lines after the split, which the model has not learned from: how many of the lines with about this
# score were anomalous? On the dashed line, a score means what it says; below it, scores are too high. Known and
# unseen templates are counted apart, because a verdict on the unseen is a guess. Fifths of the scale with fewer
# than five lines are left out.

# %%
judged = connection.sql("""
    SELECT
        CASE WHEN logs.known_template THEN 'known templates' ELSE 'unseen templates' END AS detector,
        avg(logs.score) AS score,
        avg((periods.label <> '-')::INTEGER) AS share,
        count(*) AS lines
    FROM fame.log_periods AS periods
    INNER JOIN scored_logs AS logs ON periods.log_id = logs.log_id
    WHERE periods.period = 'later' AND periods.label IS NOT NULL AND logs.score IS NOT NULL
    GROUP BY logs.known_template, least(4, floor(5 * logs.score))
    HAVING count(*) >= 5
    ORDER BY detector, score
""")
show(
    judged.project(
        'detector AS templates, score AS "mean score", share AS "share anomalous", lines'
    )
)

# %%
reliability.chart(judged, width=300)

# %% [markdown]
# ## What is known of it?
#
# Earlier incidents of the same fingerprint, and what people said of them; then how often its worst message
# came, by day. What comes every day and was never confirmed is a candidate for `fame dismiss`.

# %%
show(
    connection.sql(
        """
        SELECT first_seen, incident_id, severity, lines, known
        FROM incidents
        WHERE fingerprint = $fingerprint AND first_seen <= $first_seen
        ORDER BY first_seen DESC
        LIMIT 8
        """,
        params={name: incident[name] for name in ("fingerprint", "first_seen")},
    )
)

# %%
show(line.said or [{"said": "nobody has said anything of this message"}])

# %%
show(line.history)

# %% [markdown]
# ## Where does it concentrate?
#
# Hosts, attributes and values that its lines have far more often than the other lines of the service.

# %%
show(connection.sql("FROM fame.influencers($incident_id)", params=wanted), at_most=6)

# %% [markdown]
# ## What came around the worst line?
#
# The nearest lines of the same trace, service and host; `place` 0 is the line itself.

# %%
names = ("place", "seconds", "service_name", "host_name", "severity_text", "score", "body")
show([{name: row[name] for name in names} for row in line.neighbours], at_most=25, longest=110)

# %% [markdown]
# ## For and against
#
# Rules of thumb, and no verdict: what counts here is whether the row that surprises you has a good reason.

# %%
[facts] = warehouse.records(
    """
    SELECT
        coalesce(avg(lines.known_template::INTEGER), 0) AS known,
        count(DISTINCT lines.host_name) AS hosts,
        (
            SELECT sum(labels.anomalous_labels) FROM fame.event_labels AS labels
            WHERE labels.event_id IN (SELECT event_id FROM fame.incident_lines($incident_id))
        ) AS anomalous,
        (
            SELECT sum(labels.normal_labels) FROM fame.event_labels AS labels
            WHERE labels.event_id IN (SELECT event_id FROM fame.incident_lines($incident_id))
        ) AS normal
    FROM fame.incident_lines($incident_id) AS lines
    """,
    wanted,
)
confidence = incident["confidence"] or 0


def judged_by(good: bool, bad: bool) -> str:
    """Return what a fact speaks for."""
    return "real" if good else "false alarm" if bad else "open"


show(
    [
        {
            "question": "How sure is the model?",
            "answer": f"mean score {confidence:.2f}",
            "speaks for": judged_by(confidence >= 0.9, confidence < 0.6),
        },
        {
            "question": "Does it know these messages?",
            "answer": f"{facts['known']:.0%} of the lines"
            + ("; the others are guesses by words" if facts["known"] < 1 else ""),
            "speaks for": judged_by(facts["known"] > 0.5, False),
        },
        {
            "question": "How were they labelled?",
            "answer": f"{facts['anomalous'] or 0} anomalous, {facts['normal'] or 0} normal",
            "speaks for": judged_by(
                (facts["anomalous"] or 0) > (facts["normal"] or 0), (facts["normal"] or 0) > 0
            ),
        },
        {
            "question": "Do they come more often than before?",
            "answer": f"anomalous counts: {incident['counts']}",
            "speaks for": judged_by(incident["counts"] > 0, False),
        },
        {
            "question": "Is it more than one line?",
            "answer": f"{incident['lines']} lines, {incident['lines_to_read']} different, "
            f"{facts['hosts']} hosts",
            "speaks for": judged_by(incident["lines_to_read"] > 2, False),
        },
    ]
)

# %%
warehouse.close()

# %% [markdown]
# ## To take away
#
# Say what you found, so that nobody is woken twice: a dismissal silences the same trouble, and the next
# `fame compile` learns from both.
#
# ```sh
# fame incidents show i5a8e1
# fame show 14993
# fame confirm i5a8e1 --reason "disk of db-03 failed"
# fame dismiss i5a8e1 --reason "load test" --expires 7d
# ```
#
# ```sql
# -- incidents that are not over, the worst first
# SELECT incident_id, severity, service_name, lines, lines_to_read, known
# FROM incidents WHERE state NOT IN ('resolved') ORDER BY worst_score DESC;
#
# -- how often scores like these were right, on labelled lines that no model has learned from
# SELECT known_template, floor(10 * score) / 10 AS score, count(*) AS lines,
#     avg((periods.label <> '-')::INTEGER) AS share
# FROM fame.log_periods AS periods INNER JOIN scored_logs USING (log_id)
# WHERE periods.period = 'later' AND periods.label IS NOT NULL
# GROUP BY ALL ORDER BY ALL;
#
# -- why, and what came around a line
# SELECT fame.explain(body) FROM logs WHERE log_id = 1;
# FROM fame.neighbours(1, each_way := 10);
# ```
