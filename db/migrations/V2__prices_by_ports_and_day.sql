-- Answers every question of the API from the index alone.
create index if not exists prices_by_ports_and_day on prices (orig_code, dest_code, day) include (price);
