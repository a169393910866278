"""Value heads: what the values behind a template's wildcards change of its events' verdicts.

All messages of an event share a canonical text, and so a verdict. Where ``disk sda is 91% full``
is normal and ``98%`` is not, no reading of that text can tell them apart. For such a template a
head reads the message itself.

**What it reads.** A message is split at white space, so that its words stand at the places of the
template's. Each word gives a number, its form (whole or fraction), its unit, the first folders of
a path, and, where few distinct ones were labelled, itself (``fame_sql.canonical.parameters``).

**What it is.** A boosted model without interactions is fitted to the template's labels, weighted
by class, and compiled into a table of bins: a range of numbers, or a category, with a weight in
millionths of log-odds. A score is a sum of integers, so that neither the order nor the engine
changes a bit of it. The sum includes a share of the log-odds of the event's own verdict, which is
the smaller the more labels there are.

**When it is used.** Only if labels that it was not fitted to are predicted better, by log-loss,
than by a verdict on the event that was not fitted to them either.

**Where it enters.** It is a layer on top of the event's verdict, as an answer is. ``fame.scores``
keeps one row for each event, lines get no column, and nothing is stored for a message: the
weights are a table (``fame.value_weights``), and the score of a line is computed from it when it
is read, by ``fame.valued`` in SQL and :class:`~fame_sql.values.heads.ValueHeads` in Python. So a
message with values that never came before has its score at once in a program without Python, and
live cannot differ from stored. The key that the lines of an event need is the sum of their bins.
It is computed as well, and stored only in ``fame.past_lines``, where the messages are gone.

**One definition.** ``fame_sql.verdict.statements`` says which columns of a verdict values change,
and fills them into every view, macro and statement that reads the verdicts of lines. Without value
heads it fills in nothing: the views are, word for word, those of a warehouse that never had any,
and their plans too. Publishing or promoting a model with heads defines them again.

The planner leaves the messages of such templates to the live functions and joins all others; so
does the dbt project. Spark's scoring job judges each distinct message of such a template from its
event's verdict. Tables exported for Spark hold the sum of the bins of each such line and the score
of each event and sum, because ``fame.valued`` is not transpiled.

**By default** heads are fitted with the preset ``words``. A warehouse whose champion has none from
before that keeps models without them until asked (``fame_sql.warehouse.values``).
"""
