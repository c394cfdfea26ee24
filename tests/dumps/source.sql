-- Everything a dump may hold that is hard to read; make.sh dumps it into odd.sql.

CREATE TABLE regions (slug text PRIMARY KEY, name text NOT NULL, parent_slug text REFERENCES regions);
CREATE TABLE ports (code text PRIMARY KEY, name text NOT NULL, parent_slug text NOT NULL REFERENCES regions);
CREATE TABLE prices (
    orig_code text NOT NULL REFERENCES ports(code),
    dest_code text NOT NULL REFERENCES ports(code),
    day date NOT NULL,
    price integer NOT NULL
);
INSERT INTO regions VALUES ('world', 'World', NULL), ('baltic', 'Baltic; "the" ''sea''', 'world');
INSERT INTO ports VALUES ('CNGGZ', 'Guangzhou', 'world'), ('EETLL', 'Tallinn', 'baltic');
INSERT INTO prices SELECT 'CNGGZ', 'EETLL', date '2021-01-01' + n % 31, 1000 + n FROM generate_series(1, 200) n;

CREATE SCHEMA "odd; schema";
CREATE SCHEMA "select";
CREATE DOMAIN "odd; schema".positive AS integer CHECK (VALUE > 0);
CREATE TYPE mood AS ENUM ('sad', 'it''s; ok', 'h"appy', '$$', E'back\\slash');
CREATE TYPE pair AS (a integer, "b;" text);
CREATE TYPE floatrange2 AS RANGE (subtype = float8, subtype_diff = float8mi);

CREATE TABLE "odd; schema"."a ""table""; --" (
    "id;" integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    "name's" text DEFAULT 'it''s; $$ not /* a -- comment',
    "\back" "odd; schema".positive,
    mood mood DEFAULT 'it''s; ok',
    doubled integer GENERATED ALWAYS AS ("\back" * 2) STORED
);
INSERT INTO "odd; schema"."a ""table""; --" ("name's", "\back") VALUES ('x', 1), (NULL, 2), (E'\\.', 3), ('', 4);

CREATE TABLE types (
    i2 smallint, i4 integer, i8 bigint, n numeric, f4 real, f8 double precision, b boolean,
    t text, vc varchar(10), c char(5), bytes bytea, d date, ts timestamp, tstz timestamptz, tm time, iv interval,
    j json, jb jsonb, u uuid, inet inet, mac macaddr, xs text[], ys integer[][], r int4range, p pair, bits bit(3), x xml,
    pt point, tsv tsvector
);
INSERT INTO types VALUES (
    -1, 2147483647, -9223372036854775808, 1.10, 'NaN', '-Infinity', true,
    E'tab\there\nnewline\r\nreturn \\ backslash \\. \\N \b\f\v "quote" ''single'' é 漢字 🚢', 'v', 'c',
    '\x00ff5c2e0a', '0044-03-15 BC', 'infinity', '2021-01-01 00:00+00', '23:59:59.999', '1 mon -3 days',
    '{"a": "b\nc", "d": "\\."}', '{"k": [1, null, "it''s"]}', '00000000-0000-0000-0000-000000000001', '::1/128',
    '08:00:2b:01:02:03', ARRAY['a,b', NULL, '"', E'\\', '{}', ''], '{{1,2},{3,4}}', '[1,5)', ROW(1, 'x"y'), B'101', '<a>;</a>',
    '(1,2)', 'a:1 b:2'
);
INSERT INTO types DEFAULT VALUES;
INSERT INTO types (t, vc, c, bytes, xs, ys, r) VALUES ('\.', '', '', '', '{}', '{}', 'empty');
INSERT INTO types (t) SELECT repeat(E'long \\ line\twith; ''everything'' ', 400);
CREATE TABLE no_columns ();
INSERT INTO no_columns DEFAULT VALUES;
CREATE TABLE empty (a integer);
CREATE UNLOGGED TABLE unlogged (a integer);

CREATE SEQUENCE counter START 5 INCREMENT 5 CYCLE MAXVALUE 500 OWNED BY types.i4;
SELECT nextval('counter'), nextval('counter');

CREATE FUNCTION quoted() RETURNS text LANGUAGE plpgsql AS $body$
DECLARE
    x text := $$ ; ' $$; -- it's; "odd"
BEGIN
    /* a; comment /* nested */ */
    RETURN x || $inner$ $body $$ ; $inner$ || E'\';';
END;
$body$;
CREATE FUNCTION single_quoted() RETURNS text LANGUAGE sql AS 'SELECT ''a;b'' || E''\\''''; '' -- ;';
CREATE FUNCTION atomic(a integer) RETURNS integer LANGUAGE sql
BEGIN ATOMIC
    SELECT 1;
    SELECT CASE WHEN a > 0 THEN CASE a WHEN 1 THEN 2 ELSE 3 END ELSE (SELECT 4) END;
END;
CREATE PROCEDURE atomic_procedure() LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO empty VALUES (1);
    DELETE FROM empty WHERE a = 1;
END;
CREATE FUNCTION returning_expression(a integer) RETURNS integer LANGUAGE sql RETURN a + 1;
CREATE FUNCTION trigger_function() RETURNS trigger LANGUAGE plpgsql AS $_$ BEGIN NEW.a := NEW.a + 1; RETURN NEW; END; $_$;
CREATE TRIGGER "a; trigger" BEFORE INSERT ON empty FOR EACH ROW WHEN (NEW.a > 0) EXECUTE FUNCTION trigger_function();
CREATE RULE "a; rule" AS ON INSERT TO unlogged DO ALSO (INSERT INTO empty VALUES (NEW.a); DELETE FROM empty WHERE a = 99);

CREATE VIEW averages AS SELECT day, avg(price) AS "avg; price", 'it''s'::text AS q FROM prices GROUP BY day;
CREATE MATERIALIZED VIEW daily AS SELECT day, count(*) FROM prices GROUP BY day;
CREATE INDEX "daily; index" ON daily (day);
CREATE VIEW cyclic AS SELECT code, name FROM ports GROUP BY code;

CREATE TABLE measured (at date NOT NULL, value integer) PARTITION BY RANGE (at);
CREATE TABLE measured_2021 PARTITION OF measured FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
CREATE TABLE measured_rest PARTITION OF measured DEFAULT;
INSERT INTO measured VALUES ('2021-05-05', 1), ('2020-05-05', 2);
CREATE INDEX ON measured (at) INCLUDE (value);
CREATE TABLE child (extra text) INHERITS (empty);
INSERT INTO child VALUES (1, 'x');

CREATE TABLE booked (room integer, during tsrange, EXCLUDE USING gist (during WITH &&));
INSERT INTO booked VALUES (1, '[2021-01-01,2021-01-02)');
CREATE UNIQUE INDEX "partial; index" ON types ((lower(t)), i4) WHERE t IS NOT NULL AND i4 > 0;
ALTER TABLE types ADD CONSTRAINT "check; it" CHECK (i2 <> 77 AND t <> ';') NOT VALID;
CREATE STATISTICS two (dependencies) ON i2, i4 FROM types;

COMMENT ON TABLE types IS E'it''s; a "comment" -- with $$ and \\ and\na new line /* ';
COMMENT ON COLUMN types.t IS 'x';
COMMENT ON FUNCTION atomic(integer) IS 'BEGIN ATOMIC; END';

SELECT lo_from_bytea(4242, '\xdeadbeef');
COMMENT ON LARGE OBJECT 4242 IS 'large; object';

ALTER TABLE empty ENABLE ROW LEVEL SECURITY;
CREATE POLICY everyone ON empty USING (a > 0);
CREATE POLICY only_app ON empty FOR SELECT TO app USING (a::text <> 'to; x');
CREATE FOREIGN DATA WRAPPER nowhere;
CREATE SERVER nowhere FOREIGN DATA WRAPPER nowhere;
CREATE USER MAPPING FOR app SERVER nowhere OPTIONS ("user" 'it''s; app');
CREATE PUBLICATION pub FOR TABLE prices;

GRANT SELECT ON prices TO app;
GRANT SELECT (code), UPDATE (name) ON ports TO app WITH GRANT OPTION;
GRANT USAGE ON SCHEMA "odd; schema" TO "odd ""role""";
REVOKE ALL ON FUNCTION quoted() FROM PUBLIC;
ALTER TABLE empty OWNER TO app;
ALTER FUNCTION quoted() OWNER TO "odd ""role""";
ALTER DEFAULT PRIVILEGES FOR ROLE app GRANT SELECT ON TABLES TO "odd ""role""";
