-- What the server counts of this database since its statistics were reset, and how many sessions it takes.
select coalesce(sum(xact_commit + xact_rollback), 0)::bigint,
       coalesce(sum(blks_hit), 0)::bigint,
       coalesce(sum(blks_read), 0)::bigint,
       current_setting('max_connections')::bigint
from pg_stat_database
where datname = current_database()
