-- What ratesdev keeps beside the dump's own tables. The load of a seed runs this too, in its own transaction,
-- so that the row about the seed is committed with the seed.
create schema if not exists ratesdev;

create table if not exists ratesdev.seed (
    only_row boolean primary key default true check (only_row),
    fingerprint text not null,  -- SHA-256 of the dump, in hexadecimal
    file text not null,         -- the dump's file name
    bytes bigint not null,
    rows bigint not null,       -- rows that its COPY blocks brought
    version text not null,      -- of the ratesdev that loaded it
    loaded_at timestamptz not null default now()
);
