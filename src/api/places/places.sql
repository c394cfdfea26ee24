select place, name, above, is_port
from (
    select code, coalesce(name, ''), parent_slug, true from ports
    union all
    select slug, coalesce(name, ''), parent_slug, false from regions
) as places (place, name, above, is_port)
order by is_port desc, place collate "C"
limit $1
