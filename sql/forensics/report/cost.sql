-- What the language model cost: for opinions on the incidents of the period, and for everything so far.
SELECT
    (
        SELECT count(*)
        FROM fame.second_opinions AS opinions
        INNER JOIN fame.incidents AS incidents ON opinions.incident_id = incidents.incident_id
        WHERE incidents.first_seen < $stop::TIMESTAMP AND incidents.last_seen >= $start::TIMESTAMP
    ) AS opinions,
    (SELECT count(*) FROM fame.llm_calls WHERE response IS NOT NULL) AS requests,
    (SELECT sum(cost_usd) FROM fame.llm_calls) AS dollars,
    (SELECT count(*) FROM fame.labels) AS labels;
