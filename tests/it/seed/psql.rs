//! A dump means what psql makes of it.

use std::path::Path;
use std::path::PathBuf;

use super::World;
use super::dump;

const ODD: &str = include_str!("../../dumps/odd.sql");

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
