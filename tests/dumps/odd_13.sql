--
-- PostgreSQL database dump
--

-- Dumped from database version 13.16 (Debian 13.16-0+deb11u1)
-- Dumped by pg_dump version 13.16 (Debian 13.16-0+deb11u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: odd; schema; Type: SCHEMA; Schema: -; Owner: rates
--

CREATE SCHEMA "odd; schema";


ALTER SCHEMA "odd; schema" OWNER TO rates;

--
-- Name: select; Type: SCHEMA; Schema: -; Owner: rates
--

CREATE SCHEMA "select";


ALTER SCHEMA "select" OWNER TO rates;

--
-- Name: positive; Type: DOMAIN; Schema: odd; schema; Owner: rates
--

CREATE DOMAIN "odd; schema".positive AS integer
	CONSTRAINT positive_check CHECK ((VALUE > 0));


ALTER DOMAIN "odd; schema".positive OWNER TO rates;

--
-- Name: floatrange2; Type: TYPE; Schema: public; Owner: rates
--

CREATE TYPE public.floatrange2 AS RANGE (
    subtype = double precision,
    subtype_diff = float8mi
);


ALTER TYPE public.floatrange2 OWNER TO rates;

--
-- Name: mood; Type: TYPE; Schema: public; Owner: rates
--

CREATE TYPE public.mood AS ENUM (
    'sad',
    'it''s; ok',
    'h"appy',
    '$$',
    'back\slash'
);


ALTER TYPE public.mood OWNER TO rates;

--
-- Name: pair; Type: TYPE; Schema: public; Owner: rates
--

CREATE TYPE public.pair AS (
	a integer,
	"b;" text
);


ALTER TYPE public.pair OWNER TO rates;

--
-- Name: quoted(); Type: FUNCTION; Schema: public; Owner: odd "role"
--

CREATE FUNCTION public.quoted() RETURNS text
    LANGUAGE plpgsql
    AS $_$
DECLARE
    x text := $$ ; ' $$; -- it's; "odd"
BEGIN
    /* a; comment /* nested */ */
    RETURN x || $inner$ $body $$ ; $inner$ || E'\';';
END;
$_$;


ALTER FUNCTION public.quoted() OWNER TO "odd ""role""";

--
-- Name: single_quoted(); Type: FUNCTION; Schema: public; Owner: rates
--

CREATE FUNCTION public.single_quoted() RETURNS text
    LANGUAGE sql
    AS $$SELECT 'a;b' || E'\\''; ' -- ;$$;


ALTER FUNCTION public.single_quoted() OWNER TO rates;

--
-- Name: trigger_function(); Type: FUNCTION; Schema: public; Owner: rates
--

CREATE FUNCTION public.trigger_function() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN NEW.a := NEW.a + 1; RETURN NEW; END; $$;


ALTER FUNCTION public.trigger_function() OWNER TO rates;

--
-- Name: nowhere; Type: FOREIGN DATA WRAPPER; Schema: -; Owner: rates
--

CREATE FOREIGN DATA WRAPPER nowhere;


ALTER FOREIGN DATA WRAPPER nowhere OWNER TO rates;

--
-- Name: nowhere; Type: SERVER; Schema: -; Owner: rates
--

CREATE SERVER nowhere FOREIGN DATA WRAPPER nowhere;


ALTER SERVER nowhere OWNER TO rates;

--
-- Name: USER MAPPING app SERVER nowhere; Type: USER MAPPING; Schema: -; Owner: rates
--

CREATE USER MAPPING FOR app SERVER nowhere OPTIONS (
    "user" 'it''s; app'
);


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: a "table"; --; Type: TABLE; Schema: odd; schema; Owner: rates
--

CREATE TABLE "odd; schema"."a ""table""; --" (
    "id;" integer NOT NULL,
    "name's" text DEFAULT 'it''s; $$ not /* a -- comment'::text,
    "\back" "odd; schema".positive,
    mood public.mood DEFAULT 'it''s; ok'::public.mood,
    doubled integer GENERATED ALWAYS AS ((("\back")::integer * 2)) STORED
);


ALTER TABLE "odd; schema"."a ""table""; --" OWNER TO rates;

--
-- Name: a "table"; --_id;_seq; Type: SEQUENCE; Schema: odd; schema; Owner: rates
--

ALTER TABLE "odd; schema"."a ""table""; --" ALTER COLUMN "id;" ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME "odd; schema"."a ""table""; --_id;_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: prices; Type: TABLE; Schema: public; Owner: rates
--

CREATE TABLE public.prices (
    orig_code text NOT NULL,
    dest_code text NOT NULL,
    day date NOT NULL,
    price integer NOT NULL
);


ALTER TABLE public.prices OWNER TO rates;

--
-- Name: averages; Type: VIEW; Schema: public; Owner: rates
--

CREATE VIEW public.averages AS
 SELECT prices.day,
    avg(prices.price) AS "avg; price",
    'it''s'::text AS q
   FROM public.prices
  GROUP BY prices.day;


ALTER TABLE public.averages OWNER TO rates;

--
-- Name: booked; Type: TABLE; Schema: public; Owner: rates
--

CREATE TABLE public.booked (
    room integer,
    during tsrange
);


ALTER TABLE public.booked OWNER TO rates;

--
-- Name: empty; Type: TABLE; Schema: public; Owner: app
--

CREATE TABLE public.empty (
    a integer
);


ALTER TABLE public.empty OWNER TO app;

--
-- Name: child; Type: TABLE; Schema: public; Owner: rates
--

CREATE TABLE public.child (
    extra text
)
INHERITS (public.empty);


ALTER TABLE public.child OWNER TO rates;

--
-- Name: types; Type: TABLE; Schema: public; Owner: rates
--

CREATE TABLE public.types (
    i2 smallint,
    i4 integer,
    i8 bigint,
    n numeric,
    f4 real,
    f8 double precision,
    b boolean,
    t text,
    vc character varying(10),
    c character(5),
    bytes bytea,
    d date,
    ts timestamp without time zone,
    tstz timestamp with time zone,
    tm time without time zone,
    iv interval,
    j json,
    jb jsonb,
    u uuid,
    inet inet,
    mac macaddr,
    xs text[],
    ys integer[],
    r int4range,
    p public.pair,
    bits bit(3),
    x xml,
    pt point,
    tsv tsvector
);


ALTER TABLE public.types OWNER TO rates;

--
-- Name: TABLE types; Type: COMMENT; Schema: public; Owner: rates
--

COMMENT ON TABLE public.types IS 'it''s; a "comment" -- with $$ and \ and
a new line /* ';


--
-- Name: COLUMN types.t; Type: COMMENT; Schema: public; Owner: rates
--

COMMENT ON COLUMN public.types.t IS 'x';


--
-- Name: counter; Type: SEQUENCE; Schema: public; Owner: rates
--

CREATE SEQUENCE public.counter
    START WITH 5
    INCREMENT BY 5
    NO MINVALUE
    MAXVALUE 500
    CACHE 1
    CYCLE;


ALTER TABLE public.counter OWNER TO rates;

--
-- Name: counter; Type: SEQUENCE OWNED BY; Schema: public; Owner: rates
--

ALTER SEQUENCE public.counter OWNED BY public.types.i4;


--
-- Name: cyclic; Type: VIEW; Schema: public; Owner: rates
--

CREATE VIEW public.cyclic AS
SELECT
    NULL::text AS code,
    NULL::text AS name;


ALTER TABLE public.cyclic OWNER TO rates;

--
-- Name: daily; Type: MATERIALIZED VIEW; Schema: public; Owner: rates
--

CREATE MATERIALIZED VIEW public.daily AS
 SELECT prices.day,
    count(*) AS count
   FROM public.prices
  GROUP BY prices.day
  WITH NO DATA;


ALTER TABLE public.daily OWNER TO rates;

--
-- Name: measured; Type: TABLE; Schema: public; Owner: rates
--

CREATE TABLE public.measured (
    at date NOT NULL,
    value integer
)
PARTITION BY RANGE (at);


ALTER TABLE public.measured OWNER TO rates;

--
-- Name: measured_2021; Type: TABLE; Schema: public; Owner: rates
--

CREATE TABLE public.measured_2021 (
    at date NOT NULL,
    value integer
);
ALTER TABLE ONLY public.measured ATTACH PARTITION public.measured_2021 FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');


ALTER TABLE public.measured_2021 OWNER TO rates;

--
-- Name: measured_rest; Type: TABLE; Schema: public; Owner: rates
--

CREATE TABLE public.measured_rest (
    at date NOT NULL,
    value integer
);
ALTER TABLE ONLY public.measured ATTACH PARTITION public.measured_rest DEFAULT;


ALTER TABLE public.measured_rest OWNER TO rates;

--
-- Name: no_columns; Type: TABLE; Schema: public; Owner: rates
--

CREATE TABLE public.no_columns (
);


ALTER TABLE public.no_columns OWNER TO rates;

--
-- Name: ports; Type: TABLE; Schema: public; Owner: rates
--

CREATE TABLE public.ports (
    code text NOT NULL,
    name text NOT NULL,
    parent_slug text NOT NULL
);


ALTER TABLE public.ports OWNER TO rates;

--
-- Name: regions; Type: TABLE; Schema: public; Owner: rates
--

CREATE TABLE public.regions (
    slug text NOT NULL,
    name text NOT NULL,
    parent_slug text
);


ALTER TABLE public.regions OWNER TO rates;

--
-- Name: unlogged; Type: TABLE; Schema: public; Owner: rates
--

CREATE UNLOGGED TABLE public.unlogged (
    a integer
);


ALTER TABLE public.unlogged OWNER TO rates;

--
-- Name: 4242; Type: BLOB; Schema: -; Owner: rates
--

SELECT pg_catalog.lo_create('4242');


ALTER LARGE OBJECT 4242 OWNER TO rates;

--
-- Name: LARGE OBJECT 4242; Type: COMMENT; Schema: -; Owner: rates
--

COMMENT ON LARGE OBJECT 4242 IS 'large; object';


--
-- Data for Name: a "table"; --; Type: TABLE DATA; Schema: odd; schema; Owner: rates
--

COPY "odd; schema"."a ""table""; --" ("id;", "name's", "\back", mood) FROM stdin;
1	x	1	it's; ok
2	\N	2	it's; ok
3	\\.	3	it's; ok
4		4	it's; ok
\.


--
-- Data for Name: booked; Type: TABLE DATA; Schema: public; Owner: rates
--

COPY public.booked (room, during) FROM stdin;
1	["2021-01-01 00:00:00","2021-01-02 00:00:00")
\.


--
-- Data for Name: child; Type: TABLE DATA; Schema: public; Owner: rates
--

COPY public.child (a, extra) FROM stdin;
1	x
\.


--
-- Data for Name: empty; Type: TABLE DATA; Schema: public; Owner: app
--

COPY public.empty (a) FROM stdin;
\.


--
-- Data for Name: measured_2021; Type: TABLE DATA; Schema: public; Owner: rates
--

COPY public.measured_2021 (at, value) FROM stdin;
2021-05-05	1
\.


--
-- Data for Name: measured_rest; Type: TABLE DATA; Schema: public; Owner: rates
--

COPY public.measured_rest (at, value) FROM stdin;
2020-05-05	2
\.


--
-- Data for Name: no_columns; Type: TABLE DATA; Schema: public; Owner: rates
--

COPY public.no_columns  FROM stdin;

\.


--
-- Data for Name: ports; Type: TABLE DATA; Schema: public; Owner: rates
--

COPY public.ports (code, name, parent_slug) FROM stdin;
CNGGZ	Guangzhou	world
EETLL	Tallinn	baltic
\.


--
-- Data for Name: prices; Type: TABLE DATA; Schema: public; Owner: rates
--

COPY public.prices (orig_code, dest_code, day, price) FROM stdin;
CNGGZ	EETLL	2021-01-02	1001
CNGGZ	EETLL	2021-01-03	1002
CNGGZ	EETLL	2021-01-04	1003
CNGGZ	EETLL	2021-01-05	1004
CNGGZ	EETLL	2021-01-06	1005
CNGGZ	EETLL	2021-01-07	1006
CNGGZ	EETLL	2021-01-08	1007
CNGGZ	EETLL	2021-01-09	1008
CNGGZ	EETLL	2021-01-10	1009
CNGGZ	EETLL	2021-01-11	1010
CNGGZ	EETLL	2021-01-12	1011
CNGGZ	EETLL	2021-01-13	1012
CNGGZ	EETLL	2021-01-14	1013
CNGGZ	EETLL	2021-01-15	1014
CNGGZ	EETLL	2021-01-16	1015
CNGGZ	EETLL	2021-01-17	1016
CNGGZ	EETLL	2021-01-18	1017
CNGGZ	EETLL	2021-01-19	1018
CNGGZ	EETLL	2021-01-20	1019
CNGGZ	EETLL	2021-01-21	1020
CNGGZ	EETLL	2021-01-22	1021
CNGGZ	EETLL	2021-01-23	1022
CNGGZ	EETLL	2021-01-24	1023
CNGGZ	EETLL	2021-01-25	1024
CNGGZ	EETLL	2021-01-26	1025
CNGGZ	EETLL	2021-01-27	1026
CNGGZ	EETLL	2021-01-28	1027
CNGGZ	EETLL	2021-01-29	1028
CNGGZ	EETLL	2021-01-30	1029
CNGGZ	EETLL	2021-01-31	1030
CNGGZ	EETLL	2021-01-01	1031
CNGGZ	EETLL	2021-01-02	1032
CNGGZ	EETLL	2021-01-03	1033
CNGGZ	EETLL	2021-01-04	1034
CNGGZ	EETLL	2021-01-05	1035
CNGGZ	EETLL	2021-01-06	1036
CNGGZ	EETLL	2021-01-07	1037
CNGGZ	EETLL	2021-01-08	1038
CNGGZ	EETLL	2021-01-09	1039
CNGGZ	EETLL	2021-01-10	1040
CNGGZ	EETLL	2021-01-11	1041
CNGGZ	EETLL	2021-01-12	1042
CNGGZ	EETLL	2021-01-13	1043
CNGGZ	EETLL	2021-01-14	1044
CNGGZ	EETLL	2021-01-15	1045
CNGGZ	EETLL	2021-01-16	1046
CNGGZ	EETLL	2021-01-17	1047
CNGGZ	EETLL	2021-01-18	1048
CNGGZ	EETLL	2021-01-19	1049
CNGGZ	EETLL	2021-01-20	1050
CNGGZ	EETLL	2021-01-21	1051
CNGGZ	EETLL	2021-01-22	1052
CNGGZ	EETLL	2021-01-23	1053
CNGGZ	EETLL	2021-01-24	1054
CNGGZ	EETLL	2021-01-25	1055
CNGGZ	EETLL	2021-01-26	1056
CNGGZ	EETLL	2021-01-27	1057
CNGGZ	EETLL	2021-01-28	1058
CNGGZ	EETLL	2021-01-29	1059
CNGGZ	EETLL	2021-01-30	1060
CNGGZ	EETLL	2021-01-31	1061
CNGGZ	EETLL	2021-01-01	1062
CNGGZ	EETLL	2021-01-02	1063
CNGGZ	EETLL	2021-01-03	1064
CNGGZ	EETLL	2021-01-04	1065
CNGGZ	EETLL	2021-01-05	1066
CNGGZ	EETLL	2021-01-06	1067
CNGGZ	EETLL	2021-01-07	1068
CNGGZ	EETLL	2021-01-08	1069
CNGGZ	EETLL	2021-01-09	1070
CNGGZ	EETLL	2021-01-10	1071
CNGGZ	EETLL	2021-01-11	1072
CNGGZ	EETLL	2021-01-12	1073
CNGGZ	EETLL	2021-01-13	1074
CNGGZ	EETLL	2021-01-14	1075
CNGGZ	EETLL	2021-01-15	1076
CNGGZ	EETLL	2021-01-16	1077
CNGGZ	EETLL	2021-01-17	1078
CNGGZ	EETLL	2021-01-18	1079
CNGGZ	EETLL	2021-01-19	1080
CNGGZ	EETLL	2021-01-20	1081
CNGGZ	EETLL	2021-01-21	1082
CNGGZ	EETLL	2021-01-22	1083
CNGGZ	EETLL	2021-01-23	1084
CNGGZ	EETLL	2021-01-24	1085
CNGGZ	EETLL	2021-01-25	1086
CNGGZ	EETLL	2021-01-26	1087
CNGGZ	EETLL	2021-01-27	1088
CNGGZ	EETLL	2021-01-28	1089
CNGGZ	EETLL	2021-01-29	1090
CNGGZ	EETLL	2021-01-30	1091
CNGGZ	EETLL	2021-01-31	1092
CNGGZ	EETLL	2021-01-01	1093
CNGGZ	EETLL	2021-01-02	1094
CNGGZ	EETLL	2021-01-03	1095
CNGGZ	EETLL	2021-01-04	1096
CNGGZ	EETLL	2021-01-05	1097
CNGGZ	EETLL	2021-01-06	1098
CNGGZ	EETLL	2021-01-07	1099
CNGGZ	EETLL	2021-01-08	1100
CNGGZ	EETLL	2021-01-09	1101
CNGGZ	EETLL	2021-01-10	1102
CNGGZ	EETLL	2021-01-11	1103
CNGGZ	EETLL	2021-01-12	1104
CNGGZ	EETLL	2021-01-13	1105
CNGGZ	EETLL	2021-01-14	1106
CNGGZ	EETLL	2021-01-15	1107
CNGGZ	EETLL	2021-01-16	1108
CNGGZ	EETLL	2021-01-17	1109
CNGGZ	EETLL	2021-01-18	1110
CNGGZ	EETLL	2021-01-19	1111
CNGGZ	EETLL	2021-01-20	1112
CNGGZ	EETLL	2021-01-21	1113
CNGGZ	EETLL	2021-01-22	1114
CNGGZ	EETLL	2021-01-23	1115
CNGGZ	EETLL	2021-01-24	1116
CNGGZ	EETLL	2021-01-25	1117
CNGGZ	EETLL	2021-01-26	1118
CNGGZ	EETLL	2021-01-27	1119
CNGGZ	EETLL	2021-01-28	1120
CNGGZ	EETLL	2021-01-29	1121
CNGGZ	EETLL	2021-01-30	1122
CNGGZ	EETLL	2021-01-31	1123
CNGGZ	EETLL	2021-01-01	1124
CNGGZ	EETLL	2021-01-02	1125
CNGGZ	EETLL	2021-01-03	1126
CNGGZ	EETLL	2021-01-04	1127
CNGGZ	EETLL	2021-01-05	1128
CNGGZ	EETLL	2021-01-06	1129
CNGGZ	EETLL	2021-01-07	1130
CNGGZ	EETLL	2021-01-08	1131
CNGGZ	EETLL	2021-01-09	1132
CNGGZ	EETLL	2021-01-10	1133
CNGGZ	EETLL	2021-01-11	1134
CNGGZ	EETLL	2021-01-12	1135
CNGGZ	EETLL	2021-01-13	1136
CNGGZ	EETLL	2021-01-14	1137
CNGGZ	EETLL	2021-01-15	1138
CNGGZ	EETLL	2021-01-16	1139
CNGGZ	EETLL	2021-01-17	1140
CNGGZ	EETLL	2021-01-18	1141
CNGGZ	EETLL	2021-01-19	1142
CNGGZ	EETLL	2021-01-20	1143
CNGGZ	EETLL	2021-01-21	1144
CNGGZ	EETLL	2021-01-22	1145
CNGGZ	EETLL	2021-01-23	1146
CNGGZ	EETLL	2021-01-24	1147
CNGGZ	EETLL	2021-01-25	1148
CNGGZ	EETLL	2021-01-26	1149
CNGGZ	EETLL	2021-01-27	1150
CNGGZ	EETLL	2021-01-28	1151
CNGGZ	EETLL	2021-01-29	1152
CNGGZ	EETLL	2021-01-30	1153
CNGGZ	EETLL	2021-01-31	1154
CNGGZ	EETLL	2021-01-01	1155
CNGGZ	EETLL	2021-01-02	1156
CNGGZ	EETLL	2021-01-03	1157
CNGGZ	EETLL	2021-01-04	1158
CNGGZ	EETLL	2021-01-05	1159
CNGGZ	EETLL	2021-01-06	1160
CNGGZ	EETLL	2021-01-07	1161
CNGGZ	EETLL	2021-01-08	1162
CNGGZ	EETLL	2021-01-09	1163
CNGGZ	EETLL	2021-01-10	1164
CNGGZ	EETLL	2021-01-11	1165
CNGGZ	EETLL	2021-01-12	1166
CNGGZ	EETLL	2021-01-13	1167
CNGGZ	EETLL	2021-01-14	1168
CNGGZ	EETLL	2021-01-15	1169
CNGGZ	EETLL	2021-01-16	1170
CNGGZ	EETLL	2021-01-17	1171
CNGGZ	EETLL	2021-01-18	1172
CNGGZ	EETLL	2021-01-19	1173
CNGGZ	EETLL	2021-01-20	1174
CNGGZ	EETLL	2021-01-21	1175
CNGGZ	EETLL	2021-01-22	1176
CNGGZ	EETLL	2021-01-23	1177
CNGGZ	EETLL	2021-01-24	1178
CNGGZ	EETLL	2021-01-25	1179
CNGGZ	EETLL	2021-01-26	1180
CNGGZ	EETLL	2021-01-27	1181
CNGGZ	EETLL	2021-01-28	1182
CNGGZ	EETLL	2021-01-29	1183
CNGGZ	EETLL	2021-01-30	1184
CNGGZ	EETLL	2021-01-31	1185
CNGGZ	EETLL	2021-01-01	1186
CNGGZ	EETLL	2021-01-02	1187
CNGGZ	EETLL	2021-01-03	1188
CNGGZ	EETLL	2021-01-04	1189
CNGGZ	EETLL	2021-01-05	1190
CNGGZ	EETLL	2021-01-06	1191
CNGGZ	EETLL	2021-01-07	1192
CNGGZ	EETLL	2021-01-08	1193
CNGGZ	EETLL	2021-01-09	1194
CNGGZ	EETLL	2021-01-10	1195
CNGGZ	EETLL	2021-01-11	1196
CNGGZ	EETLL	2021-01-12	1197
CNGGZ	EETLL	2021-01-13	1198
CNGGZ	EETLL	2021-01-14	1199
CNGGZ	EETLL	2021-01-15	1200
\.


--
-- Data for Name: regions; Type: TABLE DATA; Schema: public; Owner: rates
--

COPY public.regions (slug, name, parent_slug) FROM stdin;
world	World	\N
baltic	Baltic; "the" 'sea'	world
\.


--
-- Data for Name: types; Type: TABLE DATA; Schema: public; Owner: rates
--

COPY public.types (i2, i4, i8, n, f4, f8, b, t, vc, c, bytes, d, ts, tstz, tm, iv, j, jb, u, inet, mac, xs, ys, r, p, bits, x, pt, tsv) FROM stdin;
-1	2147483647	-9223372036854775808	1.10	NaN	-Infinity	t	tab\there\nnewline\r\nreturn \\ backslash \\. \\N \b\fv "quote" 'single' é 漢字 🚢	v	c    	\\x00ff5c2e0a	0044-03-15 BC	infinity	2021-01-01 00:00:00+00	23:59:59.999	1 mon -3 days	{"a": "b\\nc", "d": "\\\\."}	{"k": [1, null, "it's"]}	00000000-0000-0000-0000-000000000001	::1	08:00:2b:01:02:03	{"a,b",NULL,"\\"","\\\\","{}",""}	{{1,2},{3,4}}	[1,5)	(1,"x""y")	101	<a>;</a>	(1,2)	'a':1 'b':2
\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N
\N	\N	\N	\N	\N	\N	\N	\\.		     	\\x	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	{}	{}	empty	\N	\N	\N	\N	\N
\N	\N	\N	\N	\N	\N	\N	long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' long \\ line\twith; 'everything' 	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N
\.


--
-- Data for Name: unlogged; Type: TABLE DATA; Schema: public; Owner: rates
--

COPY public.unlogged (a) FROM stdin;
\.


--
-- Name: a "table"; --_id;_seq; Type: SEQUENCE SET; Schema: odd; schema; Owner: rates
--

SELECT pg_catalog.setval('"odd; schema"."a ""table""; --_id;_seq"', 4, true);


--
-- Name: counter; Type: SEQUENCE SET; Schema: public; Owner: rates
--

SELECT pg_catalog.setval('public.counter', 10, true);


--
-- Data for Name: BLOBS; Type: BLOBS; Schema: -; Owner: -
--

BEGIN;

SELECT pg_catalog.lo_open('4242', 131072);
SELECT pg_catalog.lowrite(0, '\xdeadbeef');
SELECT pg_catalog.lo_close(0);

COMMIT;

--
-- Name: a "table"; -- a "table"; --_pkey; Type: CONSTRAINT; Schema: odd; schema; Owner: rates
--

ALTER TABLE ONLY "odd; schema"."a ""table""; --"
    ADD CONSTRAINT "a ""table""; --_pkey" PRIMARY KEY ("id;");


--
-- Name: booked booked_during_excl; Type: CONSTRAINT; Schema: public; Owner: rates
--

ALTER TABLE ONLY public.booked
    ADD CONSTRAINT booked_during_excl EXCLUDE USING gist (during WITH &&);


--
-- Name: types check; it; Type: CHECK CONSTRAINT; Schema: public; Owner: rates
--

ALTER TABLE public.types
    ADD CONSTRAINT "check; it" CHECK (((i2 <> 77) AND (t <> ';'::text))) NOT VALID;


--
-- Name: ports ports_pkey; Type: CONSTRAINT; Schema: public; Owner: rates
--

ALTER TABLE ONLY public.ports
    ADD CONSTRAINT ports_pkey PRIMARY KEY (code);


--
-- Name: regions regions_pkey; Type: CONSTRAINT; Schema: public; Owner: rates
--

ALTER TABLE ONLY public.regions
    ADD CONSTRAINT regions_pkey PRIMARY KEY (slug);


--
-- Name: daily; index; Type: INDEX; Schema: public; Owner: rates
--

CREATE INDEX "daily; index" ON public.daily USING btree (day);


--
-- Name: measured_at_value_idx; Type: INDEX; Schema: public; Owner: rates
--

CREATE INDEX measured_at_value_idx ON ONLY public.measured USING btree (at) INCLUDE (value);


--
-- Name: measured_2021_at_value_idx; Type: INDEX; Schema: public; Owner: rates
--

CREATE INDEX measured_2021_at_value_idx ON public.measured_2021 USING btree (at) INCLUDE (value);


--
-- Name: measured_rest_at_value_idx; Type: INDEX; Schema: public; Owner: rates
--

CREATE INDEX measured_rest_at_value_idx ON public.measured_rest USING btree (at) INCLUDE (value);


--
-- Name: partial; index; Type: INDEX; Schema: public; Owner: rates
--

CREATE UNIQUE INDEX "partial; index" ON public.types USING btree (lower(t), i4) WHERE ((t IS NOT NULL) AND (i4 > 0));


--
-- Name: measured_2021_at_value_idx; Type: INDEX ATTACH; Schema: public; Owner: rates
--

ALTER INDEX public.measured_at_value_idx ATTACH PARTITION public.measured_2021_at_value_idx;


--
-- Name: measured_rest_at_value_idx; Type: INDEX ATTACH; Schema: public; Owner: rates
--

ALTER INDEX public.measured_at_value_idx ATTACH PARTITION public.measured_rest_at_value_idx;


--
-- Name: two; Type: STATISTICS; Schema: public; Owner: rates
--

CREATE STATISTICS public.two (dependencies) ON i2, i4 FROM public.types;


ALTER STATISTICS public.two OWNER TO rates;

--
-- Name: cyclic _RETURN; Type: RULE; Schema: public; Owner: rates
--

CREATE OR REPLACE VIEW public.cyclic AS
 SELECT ports.code,
    ports.name
   FROM public.ports
  GROUP BY ports.code;


--
-- Name: unlogged a; rule; Type: RULE; Schema: public; Owner: rates
--

CREATE RULE "a; rule" AS
    ON INSERT TO public.unlogged DO ( INSERT INTO public.empty (a)
  VALUES (new.a);
 DELETE FROM public.empty
  WHERE (empty.a = 99);
);


--
-- Name: empty a; trigger; Type: TRIGGER; Schema: public; Owner: app
--

CREATE TRIGGER "a; trigger" BEFORE INSERT ON public.empty FOR EACH ROW WHEN ((new.a > 0)) EXECUTE FUNCTION public.trigger_function();


--
-- Name: ports ports_parent_slug_fkey; Type: FK CONSTRAINT; Schema: public; Owner: rates
--

ALTER TABLE ONLY public.ports
    ADD CONSTRAINT ports_parent_slug_fkey FOREIGN KEY (parent_slug) REFERENCES public.regions(slug);


--
-- Name: prices prices_dest_code_fkey; Type: FK CONSTRAINT; Schema: public; Owner: rates
--

ALTER TABLE ONLY public.prices
    ADD CONSTRAINT prices_dest_code_fkey FOREIGN KEY (dest_code) REFERENCES public.ports(code);


--
-- Name: prices prices_orig_code_fkey; Type: FK CONSTRAINT; Schema: public; Owner: rates
--

ALTER TABLE ONLY public.prices
    ADD CONSTRAINT prices_orig_code_fkey FOREIGN KEY (orig_code) REFERENCES public.ports(code);


--
-- Name: regions regions_parent_slug_fkey; Type: FK CONSTRAINT; Schema: public; Owner: rates
--

ALTER TABLE ONLY public.regions
    ADD CONSTRAINT regions_parent_slug_fkey FOREIGN KEY (parent_slug) REFERENCES public.regions(slug);


--
-- Name: empty; Type: ROW SECURITY; Schema: public; Owner: app
--

ALTER TABLE public.empty ENABLE ROW LEVEL SECURITY;

--
-- Name: empty everyone; Type: POLICY; Schema: public; Owner: app
--

CREATE POLICY everyone ON public.empty USING ((a > 0));


--
-- Name: empty only_app; Type: POLICY; Schema: public; Owner: app
--

CREATE POLICY only_app ON public.empty FOR SELECT TO app USING (((a)::text <> 'to; x'::text));


--
-- Name: pub; Type: PUBLICATION; Schema: -; Owner: rates
--

CREATE PUBLICATION pub WITH (publish = 'insert, update, delete, truncate');


ALTER PUBLICATION pub OWNER TO rates;

--
-- Name: pub prices; Type: PUBLICATION TABLE; Schema: public; Owner: rates
--

ALTER PUBLICATION pub ADD TABLE ONLY public.prices;


--
-- Name: SCHEMA "odd; schema"; Type: ACL; Schema: -; Owner: rates
--

GRANT USAGE ON SCHEMA "odd; schema" TO "odd ""role""";


--
-- Name: FUNCTION quoted(); Type: ACL; Schema: public; Owner: odd "role"
--

REVOKE ALL ON FUNCTION public.quoted() FROM PUBLIC;


--
-- Name: TABLE prices; Type: ACL; Schema: public; Owner: rates
--

GRANT SELECT ON TABLE public.prices TO app;


--
-- Name: COLUMN ports.code; Type: ACL; Schema: public; Owner: rates
--

GRANT SELECT(code) ON TABLE public.ports TO app WITH GRANT OPTION;


--
-- Name: COLUMN ports.name; Type: ACL; Schema: public; Owner: rates
--

GRANT UPDATE(name) ON TABLE public.ports TO app WITH GRANT OPTION;


--
-- Name: DEFAULT PRIVILEGES FOR TABLES; Type: DEFAULT ACL; Schema: -; Owner: app
--

ALTER DEFAULT PRIVILEGES FOR ROLE app GRANT SELECT ON TABLES  TO "odd ""role""";


--
-- Name: daily; Type: MATERIALIZED VIEW DATA; Schema: public; Owner: rates
--

REFRESH MATERIALIZED VIEW public.daily;


--
-- PostgreSQL database dump complete
--

