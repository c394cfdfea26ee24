select exists (select from pg_listening_channels() channel where channel = 'ratesdev_rates_changed')
    and (
        select count(*) = 3
        from pg_trigger
        where tgrelid in (to_regclass('prices'), to_regclass('ports'), to_regclass('regions'))
            and tgname = 'ratesdev_tell_of_change' and tgenabled = 'A'
    )
