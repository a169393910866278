# %% [markdown]
# # First look: a folder of unknown logs
#
# From a folder that nobody has explained to a short list of what to look at first: without labels,
# without a model, and without anything that leaves the machine. Set `FAME_LOGS` to a folder or a file
# of your own; without it, the notebook looks at simulated logs of a data centre, one file a service.
#
# Nothing is changed in the folder. What is read is kept in a temporary warehouse.

# %%
import os
from pathlib import Path
from tempfile import mkdtemp

from simulated import unknown_logs

from fame_sql.forensics.charts import heat_map
from fame_sql.forensics.notebook import draw_pictures, show
from fame_sql.forensics.report.gathering import bucket_minutes
from fame_sql.ingest import Reading, ingest_files
from fame_sql.suspects import look_at
from fame_sql.warehouse.warehouse import Warehouse

draw_pictures()
workplace = Path(mkdtemp(prefix="first-look-"))
logs = Path(os.environ["FAME_LOGS"]) if "FAME_LOGS" in os.environ else unknown_logs(workplace)
warehouse = Warehouse.open(workplace / "look.duckdb", create=True, external_access=True)
connection = warehouse.connection

# %% [markdown]
# ## Was everything read?
#
# Nothing below is worth more than this table. A file that `failed` is missing from all that follows;
# many `parse_errors` mean that a format was guessed wrongly (`fame formats try FILE` says why); lines
# without a time are in no chart.

# %%
reports = list(ingest_files(warehouse, [logs], Reading()))
show(
    [
        {
            "file": Path(report.source_path).name,
            "state": report.state,
            "format": report.read_as or report.format,
            "lines": report.rows,
            "with a time": report.timed,
            "with a level": report.levelled,
            "parse_errors": report.errors,
            "reason": report.error,
        }
        for report in reports
    ]
)

# %% [markdown]
# ## What fills it?
#
# Lines that differ only in their values are one *template*. A few templates usually make most of the
# log: they are its pulse, and the rest is what there is to read.

# %%
look = look_at(warehouse, fraction=1.0)
print(f"{look.lines:,} lines follow {look.templates:,} templates")
show(
    connection.sql("""
        SELECT lines, round(100 * lines / sum(lines) OVER (), 1) AS percent, template
        FROM templates
        ORDER BY lines DESC, template
        LIMIT 8
    """)
)

# %% [markdown]
# When they come, in the time that 98 % of the lines lie in: one file of another year would leave no room for the
# rest. A row that begins late, stops, or is dark in one place alone is worth a question, whatever its words say.

# %%
[[start, stop]] = warehouse.rows("""
    SELECT
        quantile_disc(coalesce(timestamp, observed_timestamp), 0.01),
        quantile_disc(coalesce(timestamp, observed_timestamp), 0.99)
    FROM logs
    WHERE timestamp IS NOT NULL OR (SELECT count(timestamp) = 0 FROM logs)
""")
print(f"{start:%Y-%m-%d %H:%M} to {stop:%Y-%m-%d %H:%M}")
minutes = bucket_minutes(stop - start)
heat_map.chart(
    connection.sql(
        """
        SELECT * FROM fame.template_counts(to_minutes($minutes))
        WHERE bucket_start BETWEEN $start AND $stop
        """,
        params={"minutes": minutes, "start": start, "stop": stop},
    ),
    width=560,
    bucket=f"{minutes} minutes",
)

# %% [markdown]
# ## What to look at first
#
# *Suspects* are ranked by level, words of failure, number of lines and whether they come from one
# place. Those that say nearly the same, or that come and go together, are one row; `with it` says how
# many others. A failure that says nothing of failing is not found here.

# %%
matters = look.matters or look.closest
show(
    [
        {
            "strength": matter.suspect.strength or "below both",
            "example": matter.suspect.example,
            "why": "; ".join(matter.suspect.reasons()),
            "with it": len(matter.others) or None,
        }
        for matter in matters[:10]
    ]
)

# %% [markdown]
# When the suspects came. Rows that are dark in the same place may be one story.

# %%
suspected = connection.sql(
    """
    SELECT
        time_bucket(to_minutes($minutes), lines.timestamp) AS bucket_start,
        left(suspects.example, 80) AS template,
        count(*) AS lines
    FROM fame.suspect_lines AS lines
    INNER JOIN suspects ON lines.suspect_id = suspects.suspect_id
    WHERE lines.timestamp BETWEEN $start AND $stop AND list_contains($suspects, lines.suspect_id)
    GROUP BY ALL
    """,
    params={
        "minutes": minutes,
        "start": start,
        "stop": stop,
        "suspects": [matter.suspect.suspect_id for matter in matters[:10]],
    },
)
heat_map.chart(suspected, width=560, bucket=f"{minutes} minutes")

# %% [markdown]
# ## The first suspect, and what came around it
#
# `place` 0 is its first line. The others are the nearest lines of the same service and host, or of the
# same file if the log names neither.

# %%
first = warehouse.value(
    "SELECT min(log_id) FROM fame.suspect_lines WHERE suspect_id = ?",
    [matters[0].suspect.suspect_id],
)
show(
    connection.sql(
        f"""
        SELECT
            near.place, near.seconds, near.severity_text,
            parse_filename(logs.source_path) AS file, near.body
        FROM fame.neighbours({first:d}, each_way := 5) AS near
        INNER JOIN logs ON near.log_id = logs.log_id
        ORDER BY near.place
        """
    )
)

# %% [markdown]
# ## What is new?
#
# Templates whose first line ever lies in the last fifth of the time: a deploy, a rare path, or the
# failure itself.

# %%
show(
    connection.sql(
        """
        SELECT new.first_seen, parse_filename(logs.source_path) AS file, new.lines, new.example
        FROM fame.first_seen($late, $stop) AS new
        INNER JOIN logs ON new.log_id = logs.log_id
        ORDER BY new.lines DESC, new.first_seen
        LIMIT 10
        """,
        params={"late": start + (stop - start) * 0.8, "stop": stop},
    )
)

# %%
warehouse.close()

# %% [markdown]
# ## To take away
#
# Keep the lines in a warehouse, and ask again whenever you like:
#
# ```sh
# fame look /path/to/logs --warehouse app.duckdb
# fame query --warehouse app.duckdb "SELECT strength, lines, example FROM suspects LIMIT 10"
# fame show --warehouse app.duckdb 1
# ```
#
# ```sql
# -- what to look at first, and all lines of the first suspect
# SELECT rank, strength, lines, example, suspect_id FROM suspects WHERE strength IS NOT NULL;
# SELECT timestamp, body FROM fame.suspect_lines
# WHERE suspect_id = (SELECT suspect_id FROM suspects WHERE rank = 1);
#
# -- lines of each template in each hour
# FROM fame.template_counts(INTERVAL 1 HOUR);
#
# -- what is new since a moment
# FROM fame.first_seen('2025-03-06 12:00', now()::TIMESTAMP);
#
# -- what came around a line, and which values are rare behind the wildcards of its template
# FROM fame.neighbours(1, each_way := 10);
# FROM fame.rare_values((SELECT template_id FROM templates ORDER BY lines DESC LIMIT 1));
# ```
#
# Suspects are a guess by words. With a few labels, a model judges every line: *Label and improve*
# (`label_and_improve.ipynb`) shows how.
