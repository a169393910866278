{#- Stands for whatever brings log lines: a slice of what is to arrive, once. -#}
{% macro load_slice() %}
{% if env_var('CONSUMER_SLICE', '') %}
insert into app.lines
select * exclude (slice) from app.arrivals
where slice = {{ env_var('CONSUMER_SLICE') }} and uid not in (select uid from app.lines)
{% else %}
select 1
{% endif %}
{% endmacro %}
