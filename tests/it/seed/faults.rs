//! What cannot be loaded, and where: said in one sentence, with nothing left behind.

use std::path::Path;

use super::World;
use super::dump;
use super::finish;

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn every_bad_dump_is_told_in_one_sentence_and_leaves_nothing_behind() {
    let world = World::new();
    let again = "pg_dump --no-owner --file=rates.sql DATABASE";
    let table: Vec<(Vec<u8>, String)> = vec![
        (Vec::new(), format!("E-DUMP-EMPTY: rates.sql: has no SQL statement in it | make the dump again: {again}")),
        (
            b"PGDMP\x01\x0e".to_vec(),
            "E-DUMP-BINARY: rates.sql: is an archive of pg_dump (custom format), not SQL text \
            | make SQL text of it: pg_restore --no-owner --file=rates.plain.sql rates.sql".to_owned(),
        ),
        (
            dump(3, "\\connect rates\n").into(),
            format!("E-DUMP-COMMAND: rates.sql:15: \\connect is a command of psql, not SQL, and cannot be part of a load | make the dump again without --create: {again}"),
        ),
        (
            dump(3, "CREATE DATABASE rates;").into(),
            format!("E-DUMP-COMMAND: rates.sql:15: a statement that makes, changes or drops a database cannot be part of a load, which is one transaction in one database | make the dump again without --create: {again}"),
        ),
        (
            b"-- PostgreSQL database cluster dump\nSET client_encoding = 'UTF8';\nCREATE ROLE app;\n".to_vec(),
            format!("E-DUMP-COMMAND: rates.sql:3: a statement that makes, changes or drops a role cannot be part of a load, which is one transaction in one database | this is a dump of a whole server (pg_dumpall); dump one database instead: {again}"),
        ),
        (
            dump(3, "ROLLBACK;").into(),
            format!("E-DUMP-COMMAND: rates.sql:15: ROLLBACK cannot be part of a load, which is one transaction in one database | make the dump again without --create: {again}"),
        ),
        (
            dump(3, "").replace("CNGGZ", "CNG\u{e9}").replace('\u{e9}', "\u{1}").bytes().map(|b| if b == 1 { 0xe9 } else { b }).collect(),
            "E-DUMP-ENCODING: rates.sql:11: byte 4 of the line is not valid UTF-8 (0xe9) \
            | make the dump again in UTF-8: pg_dump --encoding=UTF8 --no-owner --file=rates.sql DATABASE".to_owned(),
        ),
        (
            dump(3, "").split("2021-01-02").next().unwrap().into(),
            format!("E-DUMP-TRUNCATED: rates.sql:12: the file ends in the middle of the rows of a COPY that begins on line 10 | copy or download the file again, or make the dump again: {again}"),
        ),
        (
            dump(3, "").split("--\n-- PostgreSQL database dump complete").next().unwrap().into(),
            format!("E-DUMP-TRUNCATED: rates.sql:16: the file ends too early: its last line \"-- PostgreSQL database dump complete\" is missing | copy or download the file again, or make the dump again: {again}"),
        ),
        (
            dump(3, "").replace("1001", "10x1").into(),
            "E-DUMP-STATEMENT: rates.sql:12: a row of COPY public.prices (orig_code, dest_code, day, price) FROM stdin is wrong \
            <- ERROR: invalid input syntax for type integer: \"10x1\" | correct line 12 of the dump; nothing of it was loaded".to_owned(),
        ),
        (
            dump(3, "SELECT 1,\n    kode FROM public.ports;").into(),
            "E-DUMP-STATEMENT: rates.sql:16: SELECT 1, kode FROM public.ports failed \
            <- ERROR: column \"kode\" does not exist | Perhaps you meant to reference the column \"ports.code\".".to_owned(),
        ),
        (
            dump(3, "DO $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;").into(),
            "E-DISK-FULL: the database server's disk is full <- ERROR: could not extend file: No space left on device \
            | free space where PostgreSQL keeps its data, then run it again; nothing of the dump was loaded".to_owned(),
        ),
        (
            dump(3, "ALTER TABLE public.ports DROP code; DROP TABLE public.regions;").into(),
            "E-DUMP-SCHEMA: rates.sql: the dump has no table regions, no column ports.code | a seed needs \
            regions(slug, name, parent_slug), ports(code, name, parent_slug) and prices(orig_code, dest_code, day, price) in the schema public".to_owned(),
        ),
        (
            dump(3, "").replace("COPY", "CREATE RULE r AS ON INSERT TO public.prices DO INSTEAD NOTHING;\nCREATE FUNCTION public.no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';\nCREATE TRIGGER t BEFORE INSERT ON public.prices FOR EACH ROW EXECUTE FUNCTION public.no();\nCOPY").into(),
            "E-DUMP-STATEMENT: rates.sql:13: the COPY has 3 rows but PostgreSQL kept 0 | look for a trigger or rule that keeps rows out".to_owned(),
        ),
    ];
    for (dump, expected) in table {
        let ended = world.load_text(dump);
        assert_eq!(ended.told(), expected);
        assert_eq!(ended.code, Some(1));
        assert_eq!(world.server.databases(), ["rates"], "{expected}");
    }
    let missing = world.load(Path::new("nowhere.sql"), &[]).told();
    let expected = "E-DUMP-MISSING: nowhere.sql: there is no such file | check the path, or name another file in the profile: [seed] file";
    assert_eq!(missing, expected);
    std::fs::create_dir(world.folder.path().join("folder")).unwrap();
    let expected = "E-DUMP-BINARY: folder: is a directory, not SQL text | make SQL text of it: pg_restore --no-owner --file=folder.sql folder";
    assert_eq!(world.load(Path::new("folder"), &[]).told(), expected);
}

#[test]
fn tables_of_the_wrong_shape_are_told_with_what_they_should_be() {
    let world = World::new();
    let told = |change: &str| world.load_text(dump(3, change)).told();
    let table = [
        (
            "ALTER TABLE public.prices ALTER price TYPE numeric(10,2);",
            "column prices.price is numeric(10,2); a seed needs integer",
        ),
        (
            "ALTER TABLE public.prices ALTER day TYPE timestamp;",
            "column prices.day is timestamp without time zone; a seed needs date",
        ),
        (
            "ALTER TABLE public.ports ALTER code TYPE integer USING 1;",
            "column ports.code is integer; a seed needs text",
        ),
        (
            "ALTER TABLE public.prices RENAME TO p; CREATE VIEW public.prices AS SELECT * FROM public.p;",
            "prices is a view; a seed needs a table",
        ),
        (
            "DROP TABLE public.regions; ALTER TABLE public.ports ALTER name TYPE bytea USING '', ALTER code TYPE xml USING NULL;",
            "the dump has no table regions; column ports.code is xml; a seed needs text; column ports.name is bytea; a seed needs text",
        ),
    ];
    for (change, expected) in table {
        let told = told(change);
        let expected = format!("E-DUMP-SCHEMA: rates.sql: {expected} | ");
        assert!(told.starts_with(&expected), "{told}");
    }
    let fits = "ALTER TABLE public.prices ALTER price TYPE bigint, ALTER orig_code TYPE varchar(5), ALTER dest_code TYPE char(5);";
    assert_eq!(world.load_text(dump(3, fits)).outcome(), "loaded");
}

#[test]
fn a_dump_that_is_not_the_expected_one_is_rolled_back() {
    let world = World::new();
    let path = world.write("rates.sql", dump(10, ""));
    let ended = world.load(&path, &["--fingerprint", &"ab".repeat(32)]);
    assert!(
        ended
            .told()
            .starts_with("E-DUMP-CHANGED: rates.sql: the dump's fingerprint is "),
        "{}",
        ended.told()
    );
    assert_eq!(world.server.databases(), ["rates"]);
    assert_eq!(
        world
            .server
            .sql("rates", "SELECT to_regclass('prices') IS NULL"),
        "t"
    );
}

#[test]
fn every_fault_of_the_environment_is_told_at_once() {
    let world = World::new();
    let path = world.write("rates.sql", dump(3, ""));
    let mut command = world.command(&path, &[]);
    command
        .env("DB_HOST", "")
        .env("DB_PORT", "many")
        .env("DB_PASSWORD", "");
    let ended = finish(command.spawn().unwrap());
    assert_eq!(
        ended.told(),
        "E-USAGE: the environment variables do not say where the database is \
        | set DB_HOST, DB_PORT, DB_NAME, DB_USER and DB_PASSWORD or DB_PASSWORD_FILE"
    );
    let detail = serde_json::json!([
        "the environment variable DB_HOST is not set",
        "DB_PORT=many is not a port number",
        "the environment variable DB_PASSWORD_FILE is not set",
    ]);
    assert_eq!(ended.last()["data"]["detail"], detail);
}

#[test]
fn a_wrong_password_or_user_is_told_at_once() {
    let world = World::new();
    let path = world.write("rates.sql", dump(10, ""));
    let child = world
        .command(&path, &[])
        .env("DB_USER", "nobody")
        .spawn()
        .unwrap();
    let told = finish(child).told();
    assert!(
        told.starts_with(
            "E-DATABASE-UNREACHABLE: cannot connect to the database postgres on 127.0.0.1:"
        ),
        "{told}"
    );
    assert!(
        told.contains("<- FATAL: role \"nobody\" does not exist"),
        "{told}"
    );
}
