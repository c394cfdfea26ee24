select pg_terminate_backend(pid)
from pg_stat_activity
where pid = $1 and coalesce(extract(epoch from query_start) * 1000000, 0)::bigint = $2 and state <> 'active'
