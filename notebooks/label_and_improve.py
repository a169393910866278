# %% [markdown]
# # Label and improve: answer the queue, and see what it is worth
#
# Templates that the model has never seen wait in a queue. Each asks one question: are its lines normal or
# anomalous? An answer is in force at once, for all stored lines and all that come, and the next training
# learns from it. This notebook answers the queue, measures what the answers are worth, and trains.
#
# Set `FAME_WAREHOUSE` to a warehouse of your own; without it, the demonstration's is used (`make demo`).
# Everything happens in a copy, so that trying it changes nothing.

# %%
import os
import random
from pathlib import Path
from tempfile import mkdtemp

from fame_sql.errors import InputError
from fame_sql.evaluation import evaluate
from fame_sql.forensics.charts import label_budget
from fame_sql.forensics.notebook import draw_pictures, show
from fame_sql.labels.answers import GivenAnswer, give_answers, withdraw_answers
from fame_sql.labels.queue import QueueReview, read_queue
from fame_sql.pipeline.pipeline import compile_model
from fame_sql.warehouse.backup import back_up
from fame_sql.warehouse.warehouse import Warehouse

draw_pictures()
original = Path(os.environ.get("FAME_WAREHOUSE", "../demo.duckdb"))
copy = back_up(original, Path(mkdtemp(prefix="label-")) / original.name)
warehouse = Warehouse.open(copy.path)  # To keep what you answer: Warehouse.open(original)
connection = warehouse.connection

# %% [markdown]
# ## The queue
#
# The most suspicious first: what the words say, the level and the number of lines count.

# %%
queue = read_queue(warehouse)
names = ("template_id", "lines", "score", "suspicion", "first_seen", "template")
show([{name: row[name] for name in names} for row in queue], at_most=12)

# %% [markdown]
# ## One question
#
# A template with messages of it, and the templates that people or labels have decided already and that share
# most words with it.

# %%
review = QueueReview(warehouse, author="notebook")
question = review.next_template()
names = ("timestamp", "service_name", "host_name", "severity_text", "body")
show([{name: row[name] for name in names} for row in (question["examples"] if question else [])])

# %%
show(question["neighbours"] if question else [])

# %% [markdown]
# ## Answers
#
# Fill in `answers`, run the cell, look at the queue again. `mixed` means that the lines are of both kinds, so
# that the model goes on deciding. Where the log itself carries labels, as in the demonstration, they play the
# person below.

# %%
answers: dict[str, str] = {
    # "new-0123456789abcdef": "anomalous",
}
give_answers(warehouse, [GivenAnswer(name, label, "me") for name, label in answers.items()])
truth = dict(
    warehouse.rows("""
        SELECT
            provisional.template_id,
            CASE avg((logs.label <> '-')::INTEGER)
                WHEN 0 THEN 'normal' WHEN 1 THEN 'anomalous' ELSE 'mixed'
            END
        FROM fame.provisional_events AS provisional
        INNER JOIN logs ON provisional.event_id = logs.event_id
        WHERE logs.label IS NOT NULL
        GROUP BY provisional.template_id
    """)
)
waiting = [row["template_id"] for row in read_queue(warehouse) if row["template_id"] in truth]
print(f"{len(waiting)} templates wait whose lines carry labels")

# %% [markdown]
# ## What is an answer worth?
#
# What is reported of the lines after the split, after each few answers, in three orders: that of the queue,
# the most frequent templates first, and by chance. An answer can find anomalies (`recall`) or take false alarms
# away. The queue begins with what the words accuse, so it takes false alarms away first. Whether it also finds
# more than chance would, the picture says. A log without labels gives nothing to measure with: then the rows stay
# empty, and what is left is to answer.

# %%
MEASURED = """
    SELECT
        count(*) FILTER (periods.label <> '-' AND reported.log_id IS NOT NULL)
        / nullif(count(*) FILTER (periods.label <> '-'), 0) AS recall,
        count(*) FILTER (periods.label <> '-' AND reported.log_id IS NOT NULL)
        / nullif(count(reported.log_id), 0) AS precision,
        count(reported.log_id) FILTER (periods.label = '-') AS false_alarms
    FROM fame.log_periods AS periods
    LEFT JOIN anomalies AS reported ON periods.log_id = reported.log_id
    WHERE periods.period = 'later' AND periods.label IS NOT NULL
"""
STEP = max(1, len(waiting) // 10)


def answer_in(order: list[str], strategy: str) -> list[dict[str, object]]:
    """Answer templates in an order; return what is measured after each step. All is taken back."""
    measured = [{"strategy": strategy, "labels": 0, **warehouse.records(MEASURED)[0]}]
    for start in range(0, len(order), STEP):
        step = order[start : start + STEP]
        give_answers(warehouse, [GivenAnswer(name, truth[name], "the log") for name in step])
        rates = warehouse.records(MEASURED)[0]
        measured.append({"strategy": strategy, "labels": start + len(step), **rates})
    withdraw_answers(warehouse, order, "human")
    return measured


lines = {row["template_id"]: row["lines"] for row in queue}
orders = {
    "the queue's order": waiting,
    "most lines first": sorted(waiting, key=lambda name: (-lines[name], name)),
    "by chance": random.Random(0).sample(sorted(waiting), len(waiting)),
}
measured = [row for strategy, order in orders.items() for row in answer_in(order, strategy)]
budgets = sorted({row["labels"] for row in measured})
shown = {budgets[round(share * (len(budgets) - 1))] for share in (0, 0.2, 0.4, 0.6, 1)}
show(
    [
        {"answered": row["labels"], "order": row["strategy"]}
        | {name: row[name] for name in ("recall", "precision", "false_alarms")}
        for row in sorted(measured, key=lambda row: row["labels"])
        if row["labels"] in shown
    ]
)

# %%
label_budget.chart(measured, width=420, unit="templates answered")

# %% [markdown]
# ## Learn from them
#
# Half of the queue is answered, the other half is not. What does the next model make of the lines that nobody
# has answered? `evaluate` leaves answered lines out, because an answer decides them without any model.

# %%
answered = waiting[: len(waiting) // 2]
give_answers(warehouse, [GivenAnswer(name, truth[name], "the log") for name in answered])


def quality(when: str) -> list[dict[str, object]]:
    """Return how good the champion is on later lines that nobody has answered."""
    try:
        parts = evaluate(warehouse).outcomes["fame"]
    except InputError as error:
        return [{"when": when, "templates": str(error)}]
    return [
        {
            "when": when,
            "templates": part,
            "lines": outcome.lines,
            "anomalous": outcome.anomalies,
            "recall": outcome.recall,
            "precision": outcome.precision,
        }
        for part, outcome in parts.items()
    ]


before = quality("before training")
compile_model(warehouse)
show([*before, *quality("after training")])

# %% [markdown]
# The rows of one kind have different lines where templates became known by the training. If nothing rises, the
# answers do not speak about what is still unseen: then their worth is the curve above, and it is enough.

# %%
warehouse.close()

# %% [markdown]
# ## To take away
#
# ```sh
# fame queue --top 20
# fame queue review
# fame queue --answer new-0f3a=anomalous --why "disk is full"
# fame compile
# fame evaluate
# ```
#
# ```sql
# -- what waits for an answer, the most suspicious first
# SELECT template_id, lines, score, suspicion, example FROM label_queue ORDER BY suspicion DESC LIMIT 20;
#
# -- what was answered, by whom, and why
# SELECT answered_at, label, author, evidence, template FROM fame.answers ORDER BY answered_at DESC;
#
# -- where labels of two sources contradict each other
# FROM fame.label_disagreements;
#
# -- templates whose labels are of both kinds: candidates for value heads
# SELECT lines, status, template FROM templates WHERE status = 'mixed';
# ```
