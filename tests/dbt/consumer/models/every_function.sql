with lines as (select msg from app.lines order by uid limit 20)
select
    msg,
    fame_score(msg) as score,
    fame_is_anomaly(msg) as is_anomaly,
    fame_domain(msg) as domain,
    fame_template(msg) as template,
    fame_canonical(msg) as canonical,
    fame_novelty(msg) as novelty,
    fame_verdict(msg) as verdict,
    fame_explain(msg) as why
from lines
