"""How a training goes through its steps, and when it stops."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fame_sql.console import SilentProgress
from fame_sql.errors import InputError
from fame_sql.students import DomainSpec, LabelledEvents, StudentConfig, train
from fame_sql.students.config import anomaly_columns
from fame_sql.students.fitting.checkpoints import Checkpoints
from fame_sql.students.fitting.early_stopping import CHECK
from fame_sql.students.fitting.fitting import Fitting, reproducible
from fame_sql.students.fitting.losses import training_targets
from fame_sql.students.fitting.schedule import one_cycle, sample_batches
from fame_sql.students.network.tokenizer import train_tokenizer

pytestmark = pytest.mark.any_duckdb

DOMAINS = (DomainSpec("disks", "mixed"), DomainSpec("jobs", "normal"))
SMALL = StudentConfig(
    preset="compact",
    hidden=16,
    layers=1,
    heads=2,
    feed_forward=32,
    vocab=256,
    min_steps=200,
    max_steps=200,
)


def examples(count: int = 80, *, random_labels: bool = False) -> LabelledEvents:
    """Return events whose first word decides, or, for nothing to be learned, chance does."""
    texts = [f"{'bad' if i % 2 else 'good'} unit {chr(97 + i % 26)}" for i in range(count)]
    truth = np.arange(count) % 2
    if random_labels:
        truth = np.random.default_rng(5).integers(2, size=count)
    late = np.arange(count) >= count // 2
    domain = np.zeros(count, dtype=np.int64)
    template = np.arange(count) % 2
    return LabelledEvents(texts, truth.astype(float), domain, np.ones(count), late, template)


@pytest.mark.parametrize("steps", [11, 99, 300, 301, 800])
def test_the_schedule_is_that_of_torch(steps: int) -> None:
    import torch
    from torch.optim.lr_scheduler import OneCycleLR

    layer = torch.nn.Linear(1, 1)
    optimizer = torch.optim.AdamW(layer.parameters(), 1e-3)
    cycle = OneCycleLR(optimizer, 1e-3, total_steps=steps, pct_start=0.1, anneal_strategy="linear")
    for step in range(steps):
        group = optimizer.param_groups[0]
        assert one_cycle(step, steps, 1e-3) == (group["lr"], group["betas"][0])
        optimizer.step()
        if step < steps - 1:
            cycle.step()


@given(st.integers(1, 60), st.floats(1e-6, 1.0))
def test_the_schedule_never_leaves_its_bounds(steps: int, peak: float) -> None:
    for step in range(steps):
        rate, momentum = one_cycle(step, steps, peak)
        assert 0 < rate <= peak * (1 + 1e-12)
        assert 0.85 - 1e-12 <= momentum <= 0.95 + 1e-12


@given(st.integers(1, 50), st.integers(0, 3))
def test_every_event_is_drawn_equally_often(events: int, seed: int) -> None:
    config = replace(SMALL, batch=4, pool=2, seed=seed)
    lengths = np.random.default_rng(seed).integers(3, 20, size=events)
    drawn = np.concatenate(list(islice(sample_batches(lengths, config), 2 * events)))
    count = np.bincount(drawn, minlength=events)
    assert len(drawn) == 8 * events
    assert count.max() - count.min() <= 2


def test_training_targets_balance_the_classes() -> None:
    made = examples()
    rare = replace(made, is_anomaly=(np.arange(80) % 8 == 0).astype(float))
    targets = training_targets(rare, anomaly_columns(DOMAINS), 10.0)
    positive, negative = targets.positive.sum(dim=0), targets.negative.sum(dim=0)
    assert positive.tolist() == pytest.approx(negative.tolist())
    bounded = training_targets(rare, anomaly_columns(DOMAINS), 1.0)
    assert bounded.positive.sum() < bounded.negative.sum()


def fitted(config: StudentConfig, *, random_labels: bool) -> Fitting:
    made = examples(random_labels=random_labels)
    early, late = made.where(~made.calibration), made.where(made.calibration)
    tokenizer = train_tokenizer(made.canonical, [], config.vocab, config.max_tokens)
    with reproducible(config):
        fitting = Fitting(early, tokenizer, DOMAINS, config, held_out=late)
        fitting.run("calibrating", SilentProgress(), Checkpoints.none())
    return fitting


def test_patience_stops_where_nothing_can_be_learned() -> None:
    fitting = fitted(replace(SMALL, patience=2), random_labels=True)
    assert fitting.done < 200
    assert fitting.done % CHECK == 0


@pytest.mark.slow
def test_the_best_weights_are_taken() -> None:
    from fame_sql.students.fitting.early_stopping import EarlyStopping

    fitting = fitted(replace(SMALL, patience=2), random_labels=True)
    stopping = fitting.stopping
    assert isinstance(stopping, EarlyStopping)
    best = stopping.best
    again = EarlyStopping(stopping.tokens, stopping.targets, 1)
    again.evaluate(fitting.network, CHECK)
    assert again.best == best


@pytest.mark.slow
def test_patience_lets_what_helps_go_on() -> None:
    assert fitted(replace(SMALL, patience=4), random_labels=False).done > 100


@pytest.mark.slow
def test_without_patience_all_steps_are_taken() -> None:
    fitting = fitted(SMALL, random_labels=True)
    assert fitting.done == 200
    assert fitting.stopping is None


class Told(SilentProgress):
    """Remembers how many steps each network was to take."""

    def __init__(self) -> None:
        self.steps: dict[str, int | None] = {}

    def step(self, what: str, total: int | None = None):  # type: ignore[no-untyped-def, override]
        self.steps[what] = total
        return super().step(what, total)


@pytest.mark.slow
@pytest.mark.parametrize("needed", [10, 1000])
def test_the_second_network_takes_as_many_steps(needed: int) -> None:
    """Only where the calibration slice is large enough to be believed."""
    config = replace(SMALL, patience=1, calibration_events=needed)
    made, told = examples(random_labels=True), Told()
    train(made, made.canonical, DOMAINS, config, [], told)
    assert told.steps["calibrating"] == 200
    stopped = told.steps["training"]
    assert stopped is not None
    assert (stopped < 200) == (needed == 10)


def test_patience_is_no_new_setting_at_its_default() -> None:
    assert "patience" not in StudentConfig(preset="compact").settings()
    assert StudentConfig(preset="compact", patience=3).settings()["patience"] == 3
    with pytest.raises(InputError, match="patience -1"):
        StudentConfig(patience=-1)
