-- Tells whoever listens that rates have changed, when the transaction that changed them commits, and never when it does
-- not: the API keeps answers until it hears of it. The function stands beside the tables, so that a dump of them can be
-- loaded anywhere. The triggers fire always, also for a load that has switched off foreign keys in its session.
create or replace function ratesdev_tell_of_change() returns trigger language plpgsql as $$
begin
    notify ratesdev_rates_changed;
    return null;
end
$$;

drop trigger if exists ratesdev_tell_of_change on prices;
create trigger ratesdev_tell_of_change after insert or update or delete or truncate on prices
    for each statement execute function ratesdev_tell_of_change();
alter table prices enable always trigger ratesdev_tell_of_change;

drop trigger if exists ratesdev_tell_of_change on ports;
create trigger ratesdev_tell_of_change after insert or update or delete or truncate on ports
    for each statement execute function ratesdev_tell_of_change();
alter table ports enable always trigger ratesdev_tell_of_change;

drop trigger if exists ratesdev_tell_of_change on regions;
create trigger ratesdev_tell_of_change after insert or update or delete or truncate on regions
    for each statement execute function ratesdev_tell_of_change();
alter table regions enable always trigger ratesdev_tell_of_change;
