with recursive
    orig_regions (slug) as (
        select slug from regions where slug = $1
        union
        select regions.slug from regions join orig_regions on regions.parent_slug = orig_regions.slug
    ),
    dest_regions (slug) as (
        select slug from regions where slug = $2
        union
        select regions.slug from regions join dest_regions on regions.parent_slug = dest_regions.slug
    )
select day, count(*), sum(price)::bigint
from prices
where orig_code collate "C" = any (array(
        select code from ports where code = $1 or parent_slug in (select slug from orig_regions)
    ))
    and dest_code collate "C" = any (array(
        select code from ports where code = $2 or parent_slug in (select slug from dest_regions)
    ))
    and day between $3 and $4
group by day
