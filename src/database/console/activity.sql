-- Every session of a client but this one. A statement's age counts from its start, that of a state from its change.
select pid,
       coalesce(extract(epoch from query_start) * 1000000, 0)::bigint,
       coalesce(datname, '')::text,
       coalesce(usename, '')::text,
       coalesce(application_name, ''),
       greatest(extract(epoch from clock_timestamp() - case
           when state = 'active' then query_start else state_change
       end), 0)::float8,
       coalesce(state, 'unknown'),
       case when state = 'active' then wait_event_type || ': ' || wait_event end,
       left(query, 4000)
from pg_stat_activity
where backend_type = 'client backend' and pid <> pg_backend_pid()
order by query_start nulls last, pid
