//! The reader against tables of odd SQL, broken files and any bytes whatever.

use proptest::prelude::*;

use super::*;
use crate::error::Explain;

/// A source that gives so many bytes at a time.
struct Slow<'a>(&'a [u8], usize);

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = buffer.len().min(self.1);
        self.0.read(&mut buffer[..room])
    }
}

/// Everything a dump has, as text: statements, and rows behind `<`.
fn read_in_steps(dump: &[u8], step: usize) -> Result<Vec<(u64, String)>, String> {
    let show = |error: DumpError| error.to_string();
    let mut reader = Reader::new(Slow(dump, step), Path::new("d.sql")).map_err(show)?;
    let mut items = Vec::new();
    while let Some(item) = reader.next_item().map_err(show)? {
        let (Item::Statement(statement) | Item::Copy(statement)) = &item;
        let sql = String::from_utf8_lossy(&statement.sql).into_owned();
        items.push((statement.line, sql));
        if matches!(item, Item::Copy(_)) {
            let line = reader.line();
            let mut rows = Vec::new();
            while let Some(piece) = reader.rows().map_err(show)? {
                rows.extend_from_slice(piece);
            }
            items.push((line, format!("<{}", String::from_utf8_lossy(&rows))));
        }
    }
    Ok(items)
}

fn read(dump: &str) -> Vec<(u64, String)> {
    read_in_steps(dump.as_bytes(), usize::MAX).unwrap()
}

fn statements(dump: &str) -> Vec<String> {
    read(dump).into_iter().map(|(_, sql)| sql).collect()
}

#[test]
fn a_statement_ends_where_psql_would_end_it() {
    let whole = [
        "SELECT ';'",
        "SELECT 'it''s; fine'",
        "SELECT '\\'",
        "SELECT E'\\';'",
        "SELECT e'a\\\\', ';'",
        "SELECT E'a'';\\';'",
        "SELECT E'a'\n  'b\\';'",
        "SELECT E'a'\r\n  'b\\';'",
        "SELECT U&'d\\0061t\\', ';'",
        "SELECT namee'\\'",
        "SELECT N'\\', B'1', X'ff'",
        "SELECT \"a;b\"\"c;\" FROM \"--x\"",
        "SELECT U&\"\\;\"",
        "SELECT $$;'$$",
        "SELECT $a$ $$;$$ $b$;$b$ $a $a$",
        "SELECT $a$ $$a$",
        "SELECT $é1$;$é1$",
        "SELECT a$$, b$x$ FROM t",
        "SELECT $1, $2",
        "SELECT /* ; /* ; */ ; */ 1",
        "SELECT 1 -- ;'\n + 2",
        "SELECT 1 /*-- */ + 2",
        "SELECT 1 - 1, 4 / 2, '/*', '--'",
        "SELECT 3*/* ; */4",
        "CREATE RULE r AS ON INSERT TO t DO ALSO (SELECT 1; SELECT (2);)",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END",
        "CREATE OR REPLACE PROCEDURE p()\nBEGIN atomic\n SELECT CASE WHEN a THEN (CASE b WHEN 1 THEN 2 END) END; END",
        "CREATE TABLE \"begin\" (\"end\" int, atomic int)",
        "BEGIN",
        "END",
    ];
    for sql in whole {
        assert_eq!(
            statements(&format!("{sql};SELECT 2;")),
            [sql, "SELECT 2"],
            "{sql}"
        );
        assert_eq!(
            statements(&format!("\n {sql}\n;\r\n")),
            [format!("{sql}\n")],
            "{sql}"
        );
    }
}

#[test]
fn comments_and_empty_statements_between_statements_are_passed_over() {
    let dump = "-- one;\n/* two; /* three */ */ ; ;;\nSELECT 1; -- four\n\n  SELECT\n2;--five";
    let expected = [(3, "SELECT 1".to_owned()), (5, "SELECT\n2".to_owned())];
    assert_eq!(read(dump), expected);
}

#[test]
fn a_backslash_means_something_in_quotes_only_where_the_dump_says_so() {
    let off = "SET standard_conforming_strings = off;SELECT 'a\\';b';\
        SET standard_conforming_strings TO 'on';SELECT 'a\\';";
    let expected = [
        "SELECT 'a\\';b'",
        "SET standard_conforming_strings TO 'on'",
        "SELECT 'a\\'",
    ];
    assert_eq!(statements(off)[1..], expected);
}

#[test]
fn rows_of_a_copy_are_given_as_they_stand() {
    let table = [
        ("1\ta\n2\tb\n", "\\.\n"),
        ("", "\\.\n"),
        ("1\r\n2\r\n", "\\.\r\n"),
        ("\\.x\nx\\.\n\\\\.\n\\N\n", "\\.\n"),
        ("a;'$$--\n", "\\.\n"),
        ("é\n", "\\.\n"),
    ];
    for (rows, end) in table {
        let dump = format!("COPY public.t (a, b) FROM stdin;\n{rows}{end}SELECT 1;\n");
        let after = 2 + rows.matches('\n').count() as u64 + 1;
        let expected = [
            (1, "COPY public.t (a, b) FROM stdin".to_owned()),
            (2, format!("<{rows}")),
            (after, "SELECT 1".to_owned()),
        ];
        assert_eq!(read(&dump), expected, "{rows:?}");
    }
}

#[test]
fn a_copy_may_be_the_last_thing_without_a_newline() {
    assert_eq!(
        statements("copy t from\n STDIN with csv ; -- x\r\n1\n\\."),
        ["copy t from\n STDIN with csv ", "<1\n"]
    );
}

#[test]
fn only_a_copy_from_stdin_has_rows() {
    for sql in [
        "COPY t FROM '/tmp/stdin'",
        "COPY (SELECT 1 FROM stdin) TO '/tmp/x'",
        "COPY t TO \"from stdin\"",
        "SELECT 1 FROM stdin",
    ] {
        assert_eq!(
            statements(&format!("{sql};\nSELECT 1;\n")),
            [sql, "SELECT 1"],
            "{sql}"
        );
    }
}

#[test]
fn rows_that_were_not_asked_for_are_passed_over() {
    let dump = b"COPY t FROM stdin;\n1\n2\n\\.\nSELECT 1;";
    let mut reader = Reader::new(&dump[..], Path::new("d.sql")).unwrap();
    assert!(matches!(reader.next_item(), Ok(Some(Item::Copy(_)))));
    let Ok(Some(Item::Statement(statement))) = reader.next_item() else {
        panic!("no statement");
    };
    assert_eq!(
        (statement.line, statement.sql.as_slice()),
        (5, &b"SELECT 1"[..])
    );
}

#[test]
fn a_byte_order_mark_and_the_restrict_lines_are_accepted() {
    let dump = "\u{feff}--\n-- PostgreSQL database dump\n--\n\n\\restrict aB1\n\nSELECT 1;\n\
        --\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict aB1";
    assert_eq!(read(dump), [(7, "SELECT 1".to_owned())]);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn what_cannot_be_read_is_told_in_one_sentence() {
    let table: [(&[u8], &str); 27] = [
        (b"", "d.sql: has no SQL statement in it"),
        (
            b"\n-- nothing\n/* here */;\n",
            "d.sql: has no SQL statement in it",
        ),
        (
            b"PGDMP\x01\x0e\0",
            "d.sql: is an archive of pg_dump (custom format), not SQL text",
        ),
        (
            b"\x1f\x8b\x08",
            "d.sql: is compressed by gzip, not SQL text",
        ),
        (
            b"\x28\xb5\x2f\xfd",
            "d.sql: is compressed by zstd, not SQL text",
        ),
        (b"SELECT 1;\nSELECT\0;", "d.sql:2: is binary, not SQL text"),
        (
            b"\xff\xfeS\0E\0",
            "d.sql: is UTF-16 text; PowerShell writes that when > is used",
        ),
        (
            b"SELECT 'a';\nSELECT\n 'ab\xe9';",
            "d.sql:3: byte 5 of the line is not valid UTF-8 (0xe9)",
        ),
        (
            b"  SELECT '\xe9';",
            "d.sql:1: byte 11 of the line is not valid UTF-8 (0xe9)",
        ),
        (
            b"COPY t FROM stdin;\nok\nab\xe9\n\\.\n",
            "d.sql:3: byte 3 of the line is not valid UTF-8 (0xe9)",
        ),
        (
            b"SET client_encoding = 'SJIS';",
            "d.sql:1: the dump is in the encoding SJIS, which cannot be loaded as it is",
        ),
        (
            b"SELECT 1;\n\\connect rates\n",
            "d.sql:2: \\connect is a command of psql, not SQL, and cannot be part of a load",
        ),
        (
            b"\\c rates",
            "d.sql:1: \\c is a command of psql, not SQL, and cannot be part of a load",
        ),
        (
            b"SELECT 1 \\gexec\n",
            "d.sql:1: \\gexec is a command of psql, not SQL, and cannot be part of a load",
        ),
        (
            b"SELECT 1 \\restrict x\n;",
            "d.sql:1: \\restrict is a command of psql, not SQL, and cannot be part of a load",
        ),
        (
            b"COPY t FROM stdin;\n1\n2",
            "d.sql:3: the file ends in the middle of the rows of a COPY that begins on line 1",
        ),
        (
            b"COPY t FROM stdin;\n",
            "d.sql:2: the file ends in the middle of the rows of a COPY that begins on line 1",
        ),
        (
            b"SELECT 1;\nSELECT\n2",
            "d.sql:3: the file ends in the middle of a statement that begins on line 2",
        ),
        (
            b"SELECT\n'a;\n",
            "d.sql:3: the file ends in the middle of a text in quotes that begins on line 2",
        ),
        (
            b"SELECT E'\\';",
            "d.sql:1: the file ends in the middle of a text in quotes that begins on line 1",
        ),
        (
            b"SELECT \"a;",
            "d.sql:1: the file ends in the middle of a name in double quotes that begins on line 1",
        ),
        (
            b"SELECT $f$;$f;",
            "d.sql:1: the file ends in the middle of a text in $f$ that begins on line 1",
        ),
        (
            b"SELECT 1;/* ;\n",
            "d.sql:2: the file ends in the middle of a comment (/*) that begins on line 1",
        ),
        (
            b"SELECT\n(1;",
            "d.sql:2: the file ends in the middle of a parenthesis that begins on line 2",
        ),
        (
            b"CREATE FUNCTION f() BEGIN ATOMIC SELECT 1;",
            "d.sql:1: the file ends in the middle of a body (BEGIN ATOMIC) that begins on line 1",
        ),
        (
            b"-- PostgreSQL database dump\nSELECT 1;\n",
            "d.sql:3: the file ends too early: its last line \"-- PostgreSQL database dump complete\" is missing",
        ),
        (
            b"COPY t FROM stdin; SELECT 1;\n",
            "d.sql:1: something follows COPY … FROM stdin; on its line, where the rows must begin on the next",
        ),
    ];
    for (dump, expected) in table {
        for step in [usize::MAX, 1] {
            let told = read_in_steps(dump, step).unwrap_err();
            assert_eq!(told, expected);
        }
    }
}

#[test]
fn a_second_dump_in_the_file_needs_its_own_last_line() {
    let dump = |table: &str| {
        format!(
            "--\n-- PostgreSQL database dump\n--\n\nCREATE TABLE {table} ();\n\n--\n-- PostgreSQL database dump complete\n--\n"
        )
    };
    let both = dump("a") + &dump("b");
    assert_eq!(statements(&both).len(), 2);
    let cut = both.rfind("--\n-- PostgreSQL").unwrap();
    let error = read_in_steps(&both.as_bytes()[..cut], 7).unwrap_err();
    assert!(error.contains("the file ends too early"), "{error}");
}

#[test]
fn a_tar_is_recognised() {
    let mut tar = vec![b'x'; 600];
    tar[257..262].copy_from_slice(b"ustar");
    let told = read_in_steps(&tar, 7).unwrap_err();
    assert_eq!(told, "d.sql: is a tar archive, not SQL text");
}

#[test]
fn every_fault_has_a_code_and_most_have_a_cure() {
    let error = |dump: &[u8]| {
        let mut reader = Reader::new(dump, Path::new("d.sql"))?;
        while reader.next_item()?.is_some() {}
        Ok::<_, DumpError>(())
    };
    let told = |dump: &[u8]| {
        let error = error(dump).unwrap_err();
        (error.code().as_str(), error.hint().unwrap_or_default())
    };
    let again = "pg_dump --no-owner --file=rates.sql DATABASE";
    assert_eq!(
        told(b"\\c x"),
        (
            "E-DUMP-COMMAND",
            format!("make the dump again without --create: {again}")
        )
    );
    assert_eq!(told(b"").0, "E-DUMP-EMPTY");
    assert_eq!(told(b"SELECT '").0, "E-DUMP-TRUNCATED");
    assert_eq!(told(b"SELECT '\xe9';").0, "E-DUMP-ENCODING");
    assert_eq!(
        told(b"PGDMP"),
        (
            "E-DUMP-BINARY",
            "make SQL text of it: pg_restore --no-owner --file=d.plain.sql d.sql".to_owned()
        )
    );
}

#[test]
fn a_dump_in_latin_1_is_read_as_bytes() {
    let dump = b"SET client_encoding = 'LATIN1';SELECT '\xe9';\nCOPY t FROM stdin;\n\xe9\n\\.\n";
    let mut reader = Reader::new(&dump[..], Path::new("d.sql")).unwrap();
    reader.next_item().unwrap();
    assert_eq!(*reader.encoding(), Encoding::Server("LATIN1".to_owned()));
    let Ok(Some(Item::Statement(statement))) = reader.next_item() else {
        panic!("no statement");
    };
    assert_eq!(statement.sql, b"SELECT '\xe9'");
    reader.next_item().unwrap();
    assert_eq!(reader.rows().unwrap(), Some(&b"\xe9\n"[..]));
}

#[test]
fn rows_longer_than_the_buffer_are_given_in_pieces_of_whole_characters() {
    let long = "é\\.".repeat(BUFFER);
    let dump = format!("COPY t FROM stdin;\n{long}\n\\.\n");
    assert_eq!(statements(&dump)[1], format!("<{long}\n"));
    assert_eq!(read_in_steps(dump.as_bytes(), 4097).unwrap(), read(&dump));
}

/// Pieces of SQL that are whole by themselves.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,6}",
        "[0-9]{1,3}",
        "'([a-z;\"$ \n\\\\-]|'')*'",
        "E'([a-z;\"$ \n-]|''|\\\\[^\0])*'::text",
        "\"([a-z;'$ \n\\\\-]|\"\")*\"",
        "[$]Q[$][a-z;'\"$ \n\\\\-]* [$]Q[$]",
        "[$][$][a-z;'\" \n\\\\-]*[$][$]",
        "/[*][a-z;'\"$ \n\\\\-]*[*]/",
        "--[a-z;'\"$ \\\\-]*\n",
        "[(][a-z;]*[)]",
        "[,.=<>+]",
    ]
}

fn sql() -> impl Strategy<Value = String> {
    proptest::collection::vec(piece(), 0..8)
        .prop_map(|pieces| format!("SELECT {}", pieces.join(" ")))
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(dump in proptest::collection::vec(any::<u8>(), 0..400)) {
        drop(read_in_steps(&dump, usize::MAX));
    }

    #[test]
    fn no_sql_like_text_makes_it_panic_and_steps_do_not_matter(
        dump in "(COPY t FROM stdin;\n|\\\\[.]\r?\n|[$]a?[$]|'|\"|--|/[*]|[*]/|;|\n|\r\n|[(]|[)]|E'|\\\\|é|x| |BEGIN ATOMIC|CREATE|END|SET standard_conforming_strings=off;){0,40}",
        step in 1_usize..6,
    ) {
        let whole = read_in_steps(dump.as_bytes(), usize::MAX);
        prop_assert_eq!(read_in_steps(dump.as_bytes(), step), whole);
    }

    #[test]
    fn any_bytes_read_in_steps_are_read_alike(
        dump in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'\''), Just(b';'), Just(b'\n')], 0..200),
        step in 1_usize..4,
    ) {
        prop_assert_eq!(read_in_steps(&dump, step), read_in_steps(&dump, usize::MAX));
    }

    #[test]
    fn statements_come_out_as_they_went_in(list in proptest::collection::vec(sql(), 1..6)) {
        let dump = list.join("\n;\n-- between ; ' $$\n") + "\n;";
        let expected: Vec<String> = list.iter().map(|sql| format!("{sql}\n")).collect();
        prop_assert_eq!(statements(&dump), expected);
    }
}
