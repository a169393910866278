# %% [markdown]
# # What the alerts found, and what they cost
#
# A report on the tables that the dbt package builds (`make dbt` builds them for the demonstration
# warehouse). Set `FAME_WAREHOUSE` to read your own, and `FAME_DBT_SCHEMA` if your profile has another
# schema. Nothing is written, and no model is needed: these are ordinary tables.

# %%
import os
from pathlib import Path

import duckdb

from fame_sql.forensics.charts import timeline
from fame_sql.forensics.notebook import draw_pictures, show

draw_pictures()
warehouse = Path(os.environ.get("FAME_WAREHOUSE", "../demo.duckdb"))
schema = os.environ.get("FAME_DBT_SCHEMA", "fame_dbt")
connection = duckdb.connect(warehouse, read_only=True)
_ = connection.execute("SET search_path = ?", [schema])

# %% [markdown]
# ## Anomalies by failure domain

# %%
show(
    connection.sql("""
        SELECT
            found.domain,
            count(*) AS anomalous_lines,
            count(DISTINCT found.event_hash) AS events,
            count(DISTINCT found.service_name) AS services,
            max(found.log_time) AS last_seen,
            any_value(domains.kind) AS kind,
            any_value(domains.certified) AS certified
        FROM fct_anomalies AS found
        LEFT JOIN dim_domains AS domains ON found.domain = domains.domain
        GROUP BY found.domain
        ORDER BY anomalous_lines DESC
    """)
)

# %% [markdown]
# ## The largest incidents
#
# `lines_to_read` counts each event of an incident once.

# %%
show(
    connection.sql("""
        SELECT service_name, first_seen, last_seen, anomalous_lines, lines_to_read, hosts, domains
        FROM fct_anomaly_windows
        ORDER BY anomalous_lines DESC, first_seen
        LIMIT 10
    """)
)

# %% [markdown]
# Anomalous lines by domain, every six hours; bars are the largest incidents.

# %%
timeline.chart(
    connection.sql("""
        SELECT
            time_bucket(INTERVAL 6 HOUR, log_time) AS bucket_start,
            domain,
            count(*) AS anomalous_lines
        FROM fct_anomalies
        WHERE log_time IS NOT NULL
        GROUP BY ALL
    """),
    connection.sql("""
        SELECT
            row_number() OVER (ORDER BY anomalous_lines DESC, first_seen)::VARCHAR AS incident_id,
            split_part(domains, ', ', 1) AS domain,
            first_seen,
            last_seen
        FROM fct_anomaly_windows
        ORDER BY anomalous_lines DESC, first_seen
        LIMIT 10
    """),
    width=560,
)

# %% [markdown]
# ## What the alerts cost to read
#
# The same days, with one alert per line or one alert per window. Whoever receives the alert of a
# window has to read the events of that window.

# %%
show(
    connection.sql("""
        SELECT
            alerts_by,
            sum(alerts) AS alerts,
            sum(lines_to_read) AS lines_to_read,
            round(sum(lines_to_read) / sum(alerts), 1) AS lines_an_alert,
            round(sum(engineer_hours), 1) AS engineer_hours
        FROM fct_review_cost
        GROUP BY alerts_by
        ORDER BY lines_to_read
    """)
)

# %% [markdown]
# ## Compared with a classical alert
#
# The z-score of the error rate, by service and window: how often the two alerts agree.

# %%
show(
    connection.sql("""
        SELECT
            baseline_alert,
            fame_alert,
            count(*) AS windows,
            sum(lines) AS lines,
            sum(anomalous_lines) AS anomalous_lines
        FROM fct_baseline_windows
        GROUP BY baseline_alert, fame_alert
        ORDER BY baseline_alert, fame_alert
    """)
)

# %% [markdown]
# ## What changed
#
# Templates that appeared, disappeared or spiked, by a test with a stated error rate. Events without a
# template are shown by an example.

# %%
show(
    connection.sql("""
        WITH drifted AS (
            SELECT
                drift.change,
                round(drift.reference_lines_per_hour, 2) AS lines_an_hour_before,
                round(drift.recent_lines_per_hour, 2) AS lately,
                drift.p_adjusted,
                drift.pattern_id,
                templates.template
            FROM agg_template_drift AS drift
            LEFT JOIN dim_templates AS templates ON drift.pattern_id = templates.template_id
            WHERE drift.is_significant
            ORDER BY drift.p_adjusted, drift.pattern_id
            LIMIT 15
        ),
        unseen AS (
            SELECT event_hash, min_by(body, log_id) AS example
            FROM fct_scored_logs
            WHERE event_hash IN (SELECT pattern_id FROM drifted)
            GROUP BY event_hash
        )
        SELECT
            change,
            lines_an_hour_before,
            lately,
            p_adjusted,
            template IS NOT NULL AS known,
            coalesce(template, example) AS what
        FROM drifted
        LEFT JOIN unseen ON drifted.pattern_id = unseen.event_hash
        ORDER BY p_adjusted, pattern_id
    """)
)

# %% [markdown]
# ## What the labels cost

# %%
show(connection.sql("SELECT * FROM fct_label_cost ORDER BY kind, name"))

# %%
connection.close()
