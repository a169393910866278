-- A model of your own, built on the package's tables.
select
    log_time::date as day,
    domain,
    count(*) as anomalous_lines
from {{ ref('fame', 'fct_anomalies') }}
group by day, domain
