select day, count(*), sum(price)::bigint
from prices
where orig_code = $1 and dest_code = $2 and day between $3 and $4
group by day
