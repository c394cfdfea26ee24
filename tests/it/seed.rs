//! `ratesdev load` against a real server; psql is the judge of what a dump means.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io::BufRead;
use std::io::BufReader;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Instant;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::eventually;
use crate::support::postgres::Postgres;
#[cfg(target_os = "linux")]
use crate::support::process::peak_memory;

const ODD: &str = include_str!("../dumps/odd.sql");

/// The smallest dump that is a seed, with so many prices and something more at its end.
fn dump(prices: usize, more: &str) -> String {
    let row = |n: usize| format!("CNGGZ\tEETLL\t2021-01-{:02}\t{}\n", 1 + n % 31, 1000 + n);
    let rows: String = (0..prices).map(row).collect();
    format!(
        "--\n-- PostgreSQL database dump\n--\n\nSET client_encoding = 'UTF8';\n\
        SELECT pg_catalog.set_config('search_path', '', false);\n\
        CREATE TABLE public.regions (slug text NOT NULL, name text NOT NULL, parent_slug text);\n\
        CREATE TABLE public.ports (code text NOT NULL, name text NOT NULL, parent_slug text NOT NULL);\n\
        CREATE TABLE public.prices (orig_code text NOT NULL, dest_code text NOT NULL, day date NOT NULL, price integer NOT NULL);\n\
        COPY public.prices (orig_code, dest_code, day, price) FROM stdin;\n{rows}\\.\n{more}\n\
        --\n-- PostgreSQL database dump complete\n--\n"
    )
}

/// A server and a folder for dumps.
struct World {
    server: Postgres,
    folder: TempDir,
}

/// How a load ended.
struct Ended {
    code: Option<i32>,
    events: Vec<Value>,
}

impl Ended {
    fn last(&self) -> &Value {
        self.events.last().expect("an event")
    }

    fn outcome(&self) -> &str {
        self.last()["data"]["outcome"]
            .as_str()
            .unwrap_or_else(|| panic!("{}", self.last()))
    }

    /// What the user reads: code, message, causes, hint.
    fn told(&self) -> String {
        let report = &self.last()["data"];
        let text = |key: &str| report[key].as_str().unwrap_or("-").to_owned();
        let causes = report["causes"].as_array().into_iter().flatten();
        let causes: Vec<&str> = causes
            .flat_map(|cause| [" <- ", cause.as_str().unwrap()])
            .collect();
        let causes = causes.concat();
        format!(
            "{}: {}{causes} | {}",
            text("code"),
            text("message"),
            text("hint")
        )
    }

    fn notices(&self) -> Vec<&str> {
        let notices = self
            .events
            .iter()
            .filter(|event| event["event"] == "notice");
        notices
            .map(|event| event["data"].as_str().unwrap())
            .collect()
    }
}

impl World {
    fn new() -> Self {
        Self {
            server: Postgres::start(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn write(&self, name: &str, dump: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, dump).unwrap();
        path
    }

    fn command(&self, dump: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ratesdev"));
        command
            .arg("load")
            .arg(dump.file_name().unwrap())
            .args(arguments)
            .current_dir(self.folder.path())
            .env("DB_HOST", "127.0.0.1")
            .env("DB_PORT", self.server.port().to_string())
            .env("DB_USER", "rates")
            .env("DB_PASSWORD", "secret")
            .stdout(Stdio::piped());
        command
    }

    fn load(&self, dump: &Path, arguments: &[&str]) -> Ended {
        finish(self.command(dump, arguments).spawn().unwrap())
    }

    fn load_text(&self, dump: impl AsRef<[u8]>) -> Ended {
        self.load(&self.write("rates.sql", dump), &["--reset"])
    }

    /// What psql makes of the dump, in a database of that name, with the index and the triggers that ratesdev adds.
    fn psql(&self, database: &str, dump: &Path) {
        self.server.sql(
            "postgres",
            &format!("CREATE DATABASE {database} TEMPLATE template0"),
        );
        let mut psql = self.server.psql(database);
        psql.args(["-1", "-o", "/dev/null", "-f"]).arg(dump);
        let output = psql.output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let index = include_str!("../../db/migrations/V2__prices_by_ports_and_day.sql");
        let triggers = include_str!("../../db/migrations/V3__tell_of_changed_rates.sql");
        self.server.sql(database, index);
        self.server.sql(database, triggers);
    }

    /// The dump of a database without what ratesdev keeps beside it, and without the random token of `pg_dump`.
    fn dumped(&self, database: &str) -> String {
        let mut command = self.server.pg_dump(database);
        let output = command
            .args(["--exclude-schema=ratesdev", "--blobs"])
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let text = String::from_utf8(output.stdout).unwrap();
        let lines = text.lines().filter(|line| !line.contains("restrict "));
        lines.collect::<Vec<_>>().join("\n")
    }

    fn prices(&self) -> String {
        self.server
            .sql("rates", "SELECT count(*) FROM public.prices")
    }
}

fn finish(mut child: Child) -> Ended {
    let stdout = BufReader::new(child.stdout.take().unwrap());
    let lines = stdout
        .lines()
        .map(|line| serde_json::from_str(&line.unwrap()).unwrap());
    let events = lines.collect();
    let code = child.wait().unwrap().code();
    Ended { code, events }
}

fn same(ours: &str, theirs: &str) {
    let differing = ours.lines().zip(theirs.lines()).find(|(a, b)| a != b);
    assert_eq!(differing, None);
    assert_eq!(ours.len(), theirs.len());
}

#[test]
fn a_dump_of_everything_odd_means_what_psql_makes_of_it() {
    let world = World::new();
    let odd = world.write("odd.sql", ODD);
    let without_roles = world.load(&odd, &[]);
    assert_eq!(without_roles.outcome(), "loaded");
    assert_eq!(
        without_roles.notices(),
        [
            "7 OWNER TO / GRANT statements for roles that do not exist here (app, odd \"role\") were left out",
            "1 POLICY statement for roles that do not exist here (app) was left out",
            "1 USER MAPPING statement for roles that do not exist here (app) was left out",
        ]
    );
    world.server.sql(
        "postgres",
        "CREATE ROLE app; CREATE ROLE \"odd \"\"role\"\"\"",
    );
    let crlf = ODD.replace('\n', "\r\n");
    let bom = format!("\u{feff}{ODD}");
    let mut variants = vec![
        ("no_final_newline".to_owned(), ODD.trim_end().to_owned()),
        ("crlf".to_owned(), crlf),
        ("bom".to_owned(), bom),
    ];
    variants.extend(corpus());
    for (name, dump) in &variants {
        let path = world.write(&format!("{name}.sql"), dump);
        let ended = world.load(&path, &["--reset"]);
        assert_eq!((name.as_str(), ended.outcome()), (name.as_str(), "loaded"));
        assert_eq!(ended.notices(), Vec::<&str>::new(), "{name}");
        world.psql(name, &path);
        same(&world.dumped("rates"), &world.dumped(name));
    }
}

/// Every dump that is kept beside these tests, with its name.
fn corpus() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dumps");
    let paths = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let is_dump = |path: &PathBuf| {
        path.extension().is_some_and(|end| end == "sql") && !path.ends_with("source.sql")
    };
    let dumps = paths.filter(is_dump).map(|path| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, std::fs::read_to_string(path).unwrap())
    });
    let dumps: Vec<_> = dumps.collect();
    assert!(dumps.len() > 1);
    dumps
}

/// What `pg_dump` writes with these arguments of the database `odd`.
fn dump_of_odd(world: &World, database: &str, arguments: &[&str]) -> Vec<u8> {
    let mut pg_dump = world.server.pg_dump(database);
    let output = pg_dump.args(arguments).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {complaint}");
    output.stdout
}

#[test]
fn whatever_the_options_of_pg_dump_it_means_what_psql_makes_of_it() {
    let world = World::new();
    let roles = "CREATE ROLE app SUPERUSER; CREATE ROLE \"odd \"\"role\"\"\" SUPERUSER";
    world.server.sql("postgres", roles);
    let odd = world.write("odd.sql", ODD);
    world.psql("odd", &odd);
    world
        .server
        .sql("postgres", "CREATE DATABASE western TEMPLATE odd");
    let only_western =
        "UPDATE types SET t = 'd\u{e9}j\u{e0} \\ '' ;' WHERE t ~ '[^\\u0001-\\u00ff]'";
    world.server.sql("western", only_western);

    let of = |arguments: &[&str]| dump_of_odd(&world, "odd", arguments);
    let off = "options='-c standard_conforming_strings=off' dbname=odd";
    let variants = [
        ("inserts", of(&["--inserts"])),
        (
            "column_inserts",
            of(&["--column-inserts", "--rows-per-insert=3"]),
        ),
        ("clean", of(&["--clean", "--if-exists"])),
        ("in_two_parts", [of(&["-s"]), of(&["-a"])].concat()),
        (
            "latin_1",
            dump_of_odd(&world, "western", &["--encoding=LATIN1"]),
        ),
        ("old_strings", of(&["-d", off])),
        ("old_strings_inserts", of(&["-d", off, "--inserts"])),
        ("sessions", of(&["--use-set-session-authorization"])),
    ];
    for (name, dump) in variants {
        let says_off = dump
            .windows(34)
            .any(|text| text == b"standard_conforming_strings = off;");
        assert_eq!(says_off, name.starts_with("old_strings"), "{name}");
        let path = world.write(&format!("{name}.sql"), dump);
        let ended = world.load(&path, &["--reset"]);
        assert_eq!((name, ended.outcome()), (name, "loaded"));
        world.psql(name, &path);
        same(&world.dumped("rates"), &world.dumped(name));
    }
    let told = world.load_text(of(&["--create"])).told();
    let refused = "a statement that makes, changes or drops a database cannot be part of a load";
    assert!(
        told.starts_with("E-DUMP-COMMAND: ") && told.contains(refused),
        "{told}"
    );
}

#[test]
fn the_same_dump_is_loaded_once_and_another_only_when_asked() {
    let world = World::new();
    let first = world.write("first.sql", dump(10, ""));
    let second = world.write("second.sql", dump(20, ""));
    let loaded = world.load(&first, &[]);
    assert_eq!((loaded.outcome(), loaded.code), ("loaded", Some(0)));
    let seed = &loaded.last()["data"]["seed"];
    assert_eq!(
        (seed["rows"].as_u64(), seed["file"].as_str()),
        (Some(10), Some("first.sql"))
    );
    let again = world.load(&first, &[]);
    assert_eq!(again.outcome(), "unchanged");
    assert_eq!(&again.last()["data"]["seed"], seed);

    world.server.sql("rates", "CREATE TABLE mine (a int)");
    let differs = world.load(&second, &[]);
    assert_eq!((differs.outcome(), differs.code), ("differs", Some(0)));
    assert_eq!(&differs.last()["data"]["seed"], seed);
    assert_eq!(world.prices(), "10");
    assert_eq!(world.server.sql("rates", "SELECT count(*) FROM mine"), "0");

    assert_eq!(world.load(&second, &["--reset"]).outcome(), "loaded");
    assert_eq!(world.prices(), "20");
    assert_eq!(world.server.databases(), ["rates"]);
}

#[test]
fn a_database_of_somebody_else_is_left_alone() {
    let world = World::new();
    world.server.sql("rates", "CREATE TABLE mine (a int)");
    let path = world.write("rates.sql", dump(10, ""));
    let ended = world.load(&path, &[]);
    assert_eq!(ended.outcome(), "differs");
    assert_eq!(ended.last()["data"]["foreign"], 1);
    assert_eq!(ended.last()["data"]["seed"], Value::Null);
    world
        .server
        .sql("postgres", "CREATE DATABASE rates_loading");
    world
        .server
        .sql("rates_loading", "CREATE TABLE theirs (a int)");
    let ended = world.load(&path, &["--reset"]);
    assert_eq!(
        ended.told(),
        "E-NAME-TAKEN: the database rates_loading is in the way: it is not ratesdev's and it is not empty \
        | rename it (ALTER DATABASE \"rates_loading\" RENAME TO …) or drop it"
    );
    assert_eq!(ended.code, Some(1));
    assert_eq!(world.server.databases(), ["rates", "rates_loading"]);
}

#[test]
fn a_database_that_does_not_exist_is_made() {
    let world = World::new();
    let path = world.write("rates.sql", dump(10, ""));
    let child = world
        .command(&path, &[])
        .env("DB_NAME", "Other; \"name\"")
        .spawn()
        .unwrap();
    assert_eq!(finish(child).outcome(), "loaded");
    assert_eq!(world.server.databases(), ["Other; \"name\"", "rates"]);
}

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
fn what_hand_made_dumps_and_newer_servers_write_is_loaded_with_a_notice() {
    let world = World::new();
    let text = dump(
        3,
        "COMMIT;\nCOMMENT ON DATABASE prod IS 'x';\nSAVEPOINT s;\nROLLBACK TO s;",
    );
    let text = text.replace(
        "SET client_encoding",
        "BEGIN;\nSET transaction_timeout_of_tomorrow = 0;\nSET client_encoding",
    );
    let ended = world.load_text(text);
    assert_eq!(ended.outcome(), "loaded");
    assert_eq!(
        ended.notices(),
        [
            "1 DATABASE statement about the dumped database itself was left out",
            "settings that this server does not know were left out: transaction_timeout_of_tomorrow",
        ]
    );
}

#[test]
fn a_dump_in_latin_1_is_loaded_as_psql_loads_it_however_it_says_so() {
    let world = World::new();
    let text = dump(
        3,
        "COMMENT ON TABLE public.prices IS 'd\u{e9}j\u{e0}';\nCOPY public.regions FROM stdin;\nbaltic\t\u{e9}\u{df}\t\\N\n\\.\n",
    );
    let text = text.replace(
        "COPY public.prices",
        "COMMENT ON TABLE public.ports IS '\u{e0}';\nCOPY public.prices",
    );
    let spellings = [
        ("plain", "SET client_encoding = 'LATIN1';"),
        ("names", "SET NAMES 'LATIN1';"),
        ("session", "SET SESSION client_encoding TO latin1;"),
        ("local", "SET LOCAL Client_Encoding = 'LATIN1';"),
    ];
    for (name, spelling) in spellings {
        let text = text.replace("SET client_encoding = 'UTF8';", spelling);
        let path = world.write(&format!("{name}.sql"), latin_1(&text));
        assert_eq!(
            world.load(&path, &["--reset"]).outcome(),
            "loaded",
            "{name}"
        );
        let region = world.server.sql("rates", "SELECT name FROM regions");
        assert_eq!(region, "éß", "{name}");
        world.psql(name, &path);
        same(&world.dumped("rates"), &world.dumped(name));
    }
}

fn latin_1(text: &str) -> Vec<u8> {
    let bytes = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap());
    bytes.collect()
}

#[test]
fn a_dump_of_a_loaded_database_can_be_loaded() {
    let world = World::new();
    let first = world.write("first.sql", dump(10, ""));
    assert_eq!(world.load(&first, &[]).outcome(), "loaded");
    let whole = world.server.pg_dump("rates").output().unwrap();
    let second = world.write("second.sql", whole.stdout);
    let ended = world.load(&second, &["--reset"]);
    assert_eq!(ended.outcome(), "loaded");
    let seed = &ended.last()["data"]["seed"];
    assert_eq!(seed["file"], "second.sql");
    assert_eq!(world.load(&second, &[]).outcome(), "unchanged");
    let files = "SELECT string_agg(file, ',') FROM ratesdev.seed";
    assert_eq!(world.server.sql("rates", files), "second.sql");
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
fn statements_about_roles_that_do_not_exist_are_left_out_and_counted_by_kind() {
    let world = World::new();
    let text = "CREATE POLICY a ON public.ports FOR SELECT TO app USING (true);\nCREATE POLICY b ON public.ports USING (true);\n\
        ALTER POLICY b ON public.ports TO app;\nCREATE FOREIGN DATA WRAPPER w;\nCREATE SERVER s FOREIGN DATA WRAPPER w;\n\
        CREATE USER MAPPING FOR app SERVER s OPTIONS (\"user\" 'x');\nCREATE USER MAPPING FOR PUBLIC SERVER s;\n\
        GRANT app TO rates;\nREVOKE ADMIN OPTION FOR app FROM rates;\nGRANT SELECT ON public.ports TO app;";
    let ended = world.load_text(dump(3, text));
    assert_eq!(ended.outcome(), "loaded");
    assert_eq!(
        ended.notices(),
        [
            "3 OWNER TO / GRANT statements for roles that do not exist here (app) were left out",
            "2 POLICY statements for roles that do not exist here (app) were left out",
            "1 USER MAPPING statement for roles that do not exist here (app) was left out",
        ]
    );
}

#[test]
fn a_row_may_go_over_several_lines_with_backslashes() {
    let world = World::new();
    let rows = "COPY public.regions FROM stdin;\nbaltic\tone\\\ntwo\\\\\\\n\\\\\t\\N\nworld\tback\\\\\t\\N\nend\t\\N\\\\\t\\N\n\\.\n";
    let path = world.write("rates.sql", dump(3, rows));
    let ended = world.load(&path, &[]);
    assert_eq!(ended.outcome(), "loaded");
    assert_eq!(ended.last()["data"]["seed"]["rows"], 6);
    world.psql("judge", &path);
    same(&world.dumped("rates"), &world.dumped("judge"));
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
#[cfg(target_os = "linux")]
fn a_dump_larger_than_the_memory_it_may_use_is_loaded() {
    const ROWS: usize = 300_000;
    let world = World::new();
    let name = "x".repeat(300);
    let rows = format!("many\t{name}\t\\N\n").repeat(ROWS);
    let more = format!("COPY public.regions FROM stdin;\n{rows}\\.\n");
    let path = world.write("large.sql", dump(3, &more));
    assert!(std::fs::metadata(&path).unwrap().len() > 88_000_000);
    let mut child = world.command(&path, &[]).spawn().unwrap();
    let events = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut peak = 0;
    let mut last = String::new();
    for event in events {
        last = event.unwrap();
        peak = peak_memory(&child).unwrap_or(peak);
    }
    assert!(child.wait().unwrap().success(), "{last}");
    let seed = &serde_json::from_str::<Value>(&last).unwrap()["data"]["seed"];
    assert_eq!(seed["rows"], ROWS + 3);
    assert!((1..64 * 1024).contains(&peak), "{peak} KiB");
}

#[test]
fn two_loads_at_once_load_once() {
    let world = World::new();
    let path = world.write("rates.sql", dump(2000, ""));
    let both = [(); 2].map(|()| world.command(&path, &[]).spawn().unwrap());
    let mut ended = both.map(finish);
    ended.sort_by_key(|ended| ended.outcome().to_owned());
    assert_eq!(
        ended.each_ref().map(Ended::outcome),
        ["loaded", "unchanged"]
    );
    assert_eq!(world.server.databases(), ["rates"]);
}

#[test]
fn sessions_in_the_old_database_do_not_keep_it() {
    let world = World::new();
    let mut session = world.server.psql("rates");
    let session = session
        .args(["-c", "SELECT pg_sleep(600)"])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let here = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'rates'";
    eventually("the session is there", || {
        (world.server.sql("postgres", here) == "1").then_some(())
    });
    let path = world.write("rates.sql", dump(10, ""));
    assert_eq!(world.load(&path, &[]).outcome(), "loaded");
    assert!(!session.wait_with_output().unwrap().status.success());
    assert_eq!(world.prices(), "10");
}

/// A load that waits on the server at the end of its dump.
fn waiting_load(world: &World) -> Child {
    let path = world.write("waits.sql", dump(10, "SELECT pg_sleep(600);"));
    let child = world.command(&path, &["--reset"]).spawn().unwrap();
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
    eventually("the load waits", || {
        (world.server.sql("postgres", waits) == "1").then_some(())
    });
    child
}

#[test]
fn a_server_that_goes_away_is_told_and_the_next_run_goes_on() {
    let mut world = World::new();
    let child = waiting_load(&world);
    world.server.down();
    let told = finish(child).told();
    assert!(
        told.starts_with(
            "E-DATABASE-UNREACHABLE: the connection to the database was lost at line 22 of the dump"
        ),
        "{told}"
    );
    assert!(
        told.ends_with(" | run it again: it begins anew, and nothing of this load is left"),
        "{told}"
    );
    let path = world.write("rates.sql", dump(10, ""));
    // The server comes up while the load already waits for it.
    let child = world.command(&path, &[]).spawn().unwrap();
    world.server.resume();
    assert_eq!(finish(child).outcome(), "loaded");
    assert_eq!(world.server.databases(), ["rates"]);
}

#[test]
fn a_signal_ends_a_load_and_rolls_it_back() {
    let world = World::new();
    let child = waiting_load(&world);
    let killed = Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status();
    assert!(killed.unwrap().success());
    let ended = finish(child);
    assert_eq!(
        ended.told(),
        "E-INTERRUPTED: the load was interrupted; nothing was changed | -"
    );
    assert_eq!(ended.code, Some(130));
    assert_eq!(world.server.databases(), ["rates"]);
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

#[test]
fn killed_at_any_instant_it_leaves_the_old_state_or_the_new_one() {
    let world = World::new();
    let dumps = [1000, 2000].map(|prices| {
        (
            prices.to_string(),
            world.write(&format!("{prices}.sql"), dump(prices, "")),
        )
    });
    let began = Instant::now();
    assert_eq!(world.load(&dumps[0].1, &[]).outcome(), "loaded");
    let usual = began.elapsed();
    let mut old = 0;
    for round in 0..24_u32 {
        let new = 1 - old;
        let mut child = world.command(&dumps[new].1, &["--reset"]).spawn().unwrap();
        let random = u32::try_from(RandomState::new().hash_one(round) % 1000).unwrap();
        let (_keep, never) = mpsc::channel::<()>();
        assert!(
            never
                .recv_timeout(usual * (round * 1000 + random) / 22_000)
                .is_err()
        );
        child.kill().unwrap();
        child.wait().unwrap();
        // What the server was told before the kill may end a moment later.
        let count = "SELECT count(*) FROM public.prices";
        let prices = eventually("the database answers", || {
            world.server.try_sql("rates", count).ok()
        });
        let states = dumps.each_ref().map(|(prices, _)| prices.as_str());
        assert!(
            states.contains(&prices.as_str()),
            "round {round}: {prices} prices"
        );
        assert_eq!(
            world.load(&dumps[new].1, &["--reset"]).outcome(),
            "loaded",
            "round {round}"
        );
        assert_eq!(world.prices(), dumps[new].0, "round {round}");
        assert_eq!(world.server.databases(), ["rates"], "round {round}");
        old = new;
    }
}
