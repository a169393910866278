select service_name, count(*) as incidents, sum(anomalous_lines) as anomalous_lines
from {{ ref('fame', 'fct_anomaly_windows') }}
group by service_name
