"""Decide which messages go out, from what is known and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from fame_sql.operations.alerts.channel_pass import ChannelPass
from fame_sql.operations.alerts.channels import Traits
from fame_sql.operations.alerts.decision import Decision
from fame_sql.operations.alerts.holding import note_quiet
from fame_sql.operations.alerts.settings import AlertSettings
from fame_sql.operations.alerts.state import AlertState


def decide(
    state: AlertState, settings: AlertSettings, traits: Mapping[str, Traits], now: datetime
) -> Decision:
    """Decide which messages go out.

    Parameters
    ----------
    state : AlertState
        What is known; new messages are added to it, and what is held back.
    settings : AlertSettings
        The settings.
    traits : mapping
        What the receivers of each channel are like.
    now : datetime
        The time, in UTC.
    """
    decision = Decision()
    note_quiet(state, settings, now)
    _note_unrouted(state, settings, decision)
    for channel in settings.channels:
        ChannelPass(state, settings, traits[channel], channel, now, decision).decide()
    if decision.unannounced:
        decision.notes.append(
            f"{len(decision.unannounced)} incidents were over before they could be announced"
        )
    known = state.holds
    state.holds = {(hold.channel, hold.incident_id): hold for hold in decision.held}
    for key, hold in state.holds.items():
        before = known.get(key)
        if before is not None and (before.kind, before.by) == (hold.kind, hold.by):
            state.holds[key] = replace(hold, since=before.since)
    decision.held = list(state.holds.values())
    state.last_pass = now
    return decision


def _note_unrouted(state: AlertState, settings: AlertSettings, decision: Decision) -> None:
    for followed in state.followed.values():
        is_open = followed.ended_at is None and not followed.is_own
        about = (followed.incident, followed.worst)
        if is_open and not settings.routed(*about) and not settings.ignores(*about):
            decision.notes.append(f"{followed.incident.incident_id}: no channel takes it")
    for told in state.told.values():
        if told.channel in settings.channels or told.what != "opened":
            continue
        told.what = "settled"
        # Only a receiver with a key keeps it open; what people have read needs no closing.
        if told.mark:
            decision.notes.append(
                f"{told.incident_id} is open at the channel {told.channel}, which is not in the "
                "settings any more: close it there by hand"
            )
