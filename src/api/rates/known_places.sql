select code from ports
union all
select slug from regions
