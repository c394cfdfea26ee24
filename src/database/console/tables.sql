-- Every table that is not the server's own, those of the schema public first, as the server guesses it: a lock on a table
-- does not hold this up.
select namespace.nspname::text,
       class.relname::text,
       format('%I.%I', namespace.nspname, class.relname),
       greatest(class.reltuples, 0)::bigint,
       class.relpages::bigint * current_setting('block_size')::bigint,
       coalesce((
           select sum(other.relpages) * current_setting('block_size')::bigint
           from pg_index index
           join pg_class other on other.oid = index.indexrelid
           where index.indrelid = class.oid
       ), 0)::bigint
from pg_class class
join pg_namespace namespace on namespace.oid = class.relnamespace
where class.relkind in ('r', 'p', 'm')
  and namespace.nspname not in ('pg_catalog', 'information_schema')
  and namespace.nspname not like 'pg\_toast%'
  and namespace.nspname not like 'pg\_temp%'
order by namespace.nspname <> 'public', 1, 2
limit 500
