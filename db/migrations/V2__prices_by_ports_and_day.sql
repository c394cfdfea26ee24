-- Answers every question of the API from the index alone. Codes are compared byte by byte, as the API's statements do too:
-- that costs a fraction of comparing them by the rules of a language, when the index is built and when it is searched.
create index if not exists prices_by_ports_and_day
    on prices (orig_code collate "C", dest_code collate "C", day) include (price);
