select day, count(*), sum(price)::bigint
from prices
where orig_code collate "C" = $1 and dest_code collate "C" = $2 and day between $3 and $4
group by day
