# %% [markdown]
# # What changed since the deploy?
#
# A release went out and something is odd. This notebook compares the time since a moment with the same
# span before it: which messages are new, which are gone, which come more or less often, and which of
# that is bad news.
#
# Set `FAME_WAREHOUSE` to a warehouse and `FAME_DEPLOY` to the moment in UTC, such as
# `2025-03-10T17:00`. Without them, it reads the demonstration's warehouse (`make demo`), in whose last
# fifth new messages begin, as after a deploy. The file is opened read-only.

# %%
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from fame_sql.forensics.charts import heat_map, scores, services
from fame_sql.forensics.differences import Sides, list_differences, since
from fame_sql.forensics.notebook import draw_pictures, show
from fame_sql.forensics.report.gathering import bucket_minutes
from fame_sql.warehouse.warehouse import Warehouse

draw_pictures()
warehouse = Warehouse.open(Path(os.environ.get("FAME_WAREHOUSE", "../demo.duckdb")), read_only=True)
connection = warehouse.connection
if "FAME_DEPLOY" in os.environ:
    deploy = datetime.fromisoformat(os.environ["FAME_DEPLOY"])
else:
    deploy = warehouse.value("SELECT max(until_time) FROM fame.splits")
sides = since(warehouse, deploy)
(start, _), (_, stop) = sides.a, sides.b
period = {"start": start, "deploy": deploy, "stop": stop}
minutes = bucket_minutes(stop - start)
print(f"before: {start:%Y-%m-%d %H:%M} to {deploy:%Y-%m-%d %H:%M}; since: to {stop:%Y-%m-%d %H:%M}")

# %% [markdown]
# ## Which messages differ?
#
# Shares are of the lines of a template's service, so that more traffic alone changes nothing.
# `p_adjusted` is the p-value of a G-test, corrected for the number of templates. It takes lines as
# independent; lines in bursts are not, so that a value near 0.05 means little.

# %%
differences = list_differences(warehouse, sides)


def significant(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what chance alone hardly makes."""
    return [row for row in rows if row["p_adjusted"] is not None and row["p_adjusted"] < 0.05]


changed = significant(differences)
show(
    [
        {
            "change": row["change"],
            "service": row["service_name"],
            "before": row["count_a"],
            "since": row["count_b"],
            "% before": row["percent_a"],
            "% since": row["percent_b"],
            "p_adjusted": row["p_adjusted"],
            "template": row["template"],
        }
        for row in changed
    ],
    at_most=20,
)

# %% [markdown]
# How often would the same test find something where nobody deployed anything? Here it compares the two
# halves of the time before. Few rows or none: the list above means what it says. As many as above: this
# log changes all the time, by the hour or the day of the week, and only what is `new` tells anything.

# %%
middle = start + (deploy - start) / 2
without = list_differences(warehouse, Sides("time", (start, middle), (middle, deploy)))
show(
    [
        {
            "compared": name,
            "templates": len(rows),
            "differ": len(significant(rows)),
            "of them new": sum(row["change"] == "new" for row in significant(rows)),
        }
        for name, rows in (("since the deploy", differences), ("two halves before it", without))
    ]
)

# %% [markdown]
# ## When did it change?
#
# The templates that differ most, in time. What really came with the deploy begins or ends at its moment
# and stays; what is dark in one place is an incident.

# %%
counts = connection.sql(
    """
    SELECT
        time_bucket(to_minutes($minutes), logs.timestamp) AS bucket_start,
        coalesce(templates.template, fame.provisional_template(events.canonical)) AS template,
        count(*) AS lines
    FROM all_logs AS logs
    INNER JOIN events ON logs.event_id = events.event_id
    LEFT JOIN templates ON events.template_id = templates.template_id
    WHERE logs.timestamp BETWEEN $start AND $stop AND list_contains(
        $changed, coalesce(events.template_id, fame.provisional_id(events.canonical))
    )
    GROUP BY ALL
    """,
    params={
        "minutes": minutes,
        "start": start,
        "stop": stop,
        "changed": [row["template_id"] for row in changed[:15]],
    },
)
heat_map.chart(counts, width=560, bucket=f"{minutes} minutes")

# %% [markdown]
# ## Which of the new messages are bad news?
#
# Templates whose first line ever came since the deploy. `worst_score` is what the model makes of words
# that it has never seen together: a guess, to be confirmed by a person.

# %%
new = connection.sql(
    """
    SELECT first_seen, service_name, lines, hosts, worst_score, example, template
    FROM fame.first_seen($deploy, $stop)
    ORDER BY worst_score DESC NULLS LAST, lines DESC, first_seen
    """,
    params={"deploy": deploy, "stop": stop},
)
show(new.project("first_seen, service_name, lines, hosts, worst_score, example"), at_most=12)

# %%
scores.chart(new, width=620)

# %% [markdown]
# ## Do the services fail more often?
#
# Anomalous lines of each service, before and since, with the p-value of a G-test. A service that is
# only busier has more lines of both kinds, and no small p-value.

# %%
show(
    connection.sql(
        """
        WITH counted AS (
            SELECT
                service_name,
                count(*) FILTER (timestamp < $deploy) AS lines_before,
                count(*) FILTER (timestamp >= $deploy) AS lines_since,
                count(*) FILTER (timestamp < $deploy AND is_anomaly) AS anomalous_before,
                count(*) FILTER (timestamp >= $deploy AND is_anomaly) AS anomalous_since
            FROM all_scored_logs
            WHERE timestamp BETWEEN $start AND $stop
            GROUP BY service_name
        )
        SELECT
            service_name,
            anomalous_before,
            anomalous_since,
            100 * anomalous_before / lines_before AS "% before",
            100 * anomalous_since / lines_since AS "% since",
            fame.g_p_value(
                fame.g_statistic(anomalous_since, lines_since, anomalous_before, lines_before)
            ) AS p_value
        FROM counted
        WHERE lines_before > 0 AND lines_since > 0 AND anomalous_before + anomalous_since > 0
        ORDER BY p_value, anomalous_since DESC, service_name
        """,
        params=period,
    )
)

# %%
services.chart(
    connection.sql(
        "FROM fame.timeline($start, $stop, bucket := to_minutes($minutes))",
        params={"start": start, "stop": stop, "minutes": minutes},
    ),
    width=560,
)

# %%
warehouse.close()

# %% [markdown]
# ## To take away
#
# ```sh
# fame diff --since 2025-03-10T17:00
# fame diff 2025-03-09T17:00..2025-03-10T17:00 2025-03-10T17:00..2025-03-11T17:00 --all
# fame report --since 2025-03-10T17:00 --out deploy.html
# ```
#
# ```sql
# -- what is new since the deploy, with what the model makes of it
# SELECT first_seen, service_name, lines, worst_score, example
# FROM fame.first_seen('2025-03-10 17:00', now()::TIMESTAMP);
#
# -- how often each message came before and since, the most different first
# SELECT service_name, template, change, count_a, count_b, p_adjusted
# FROM fame.diff_patterns('2025-03-09 17:00', '2025-03-10 17:00', '2025-03-10 17:00', '2025-03-11 17:00')
# LIMIT 20;
#
# -- lines and anomalies by time, service and domain
# FROM fame.timeline('2025-03-10', '2025-03-11', bucket := INTERVAL 1 HOUR);
# ```
