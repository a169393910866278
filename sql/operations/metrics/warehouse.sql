-- Metrics with one value, by their names.
SELECT
    (SELECT sum(lines) FROM fame.events)::DOUBLE AS fame_lines,
    (SELECT count(*) FROM fame.events)::DOUBLE AS fame_events,
    (
        SELECT count(*) FROM fame.events
        WHERE event_id NOT IN (SELECT event_id FROM fame.verdicts)
    )::DOUBLE AS fame_events_unscored,
    (SELECT epoch(max(last_seen)) FROM fame.events) AS fame_line_timestamp_seconds,
    (SELECT epoch(max(observed_timestamp)) FROM fame.logs) AS fame_ingest_timestamp_seconds,
    (SELECT epoch(max(scored_at)) FROM fame.scores) AS fame_verdict_timestamp_seconds,
    (SELECT count(*) FROM fame.label_queue)::DOUBLE AS fame_questions_waiting,
    (SELECT count(*) FROM fame.alert_holds WHERE released_at IS NULL)::DOUBLE AS fame_alerts_held,
    (
        SELECT epoch(value::TIMESTAMP) FROM fame.settings WHERE key = 'alert_pass'
    ) AS fame_alert_pass_timestamp_seconds,
    (SELECT sum(cost_usd) FROM fame.llm_calls) AS fame_llm_cost_usd;
