//! A server of the test's own: what its sessions can do, and what the server keeps them from doing.

use std::net::Ipv4Addr;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use tempfile::TempDir;

use super::*;
use crate::database::Password;
use crate::error::Explain;

const DEADLINE: Duration = Duration::from_mins(1);

struct Server {
    _folder: TempDir,
    port: u16,
    child: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A program of the newest PostgreSQL that is installed, as the user that it runs as.
fn program(name: &str) -> Command {
    let installed = std::fs::read_dir("/usr/lib/postgresql").expect("a PostgreSQL is installed");
    let folders = installed.map(|entry| entry.unwrap().path().join("bin"));
    let newest: Option<PathBuf> = folders.max();
    let program = newest.unwrap().join(name);
    if !rustix::process::getuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args([
        "--reuid",
        "postgres",
        "--regid",
        "postgres",
        "--clear-groups",
    ]);
    command.arg(program);
    command
}

impl Server {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        if rustix::process::getuid().is_root() {
            let mut chown = Command::new("chown");
            assert!(
                chown
                    .arg("postgres")
                    .arg(folder.path())
                    .status()
                    .unwrap()
                    .success()
            );
        }
        let data = folder.path().join("data");
        let mut initdb = program("initdb");
        initdb.args([
            "--auth=trust",
            "--no-locale",
            "--encoding=UTF8",
            "--no-sync",
            "--username=rates",
        ]);
        let made = initdb
            .arg("--pgdata")
            .arg(&data)
            .stdout(Stdio::null())
            .status();
        assert!(made.unwrap().success());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let mut postgres = program("postgres");
        postgres
            .arg("-D")
            .arg(&data)
            .args(["-p", &port.to_string()]);
        postgres.args([
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "unix_socket_directories=",
        ]);
        postgres.args(["-c", "fsync=off", "-c", "shared_buffers=16MB"]);
        let child = postgres.stderr(Stdio::null()).spawn().unwrap();
        let server = Self {
            _folder: folder,
            port,
            child,
        };
        let deadline = Instant::now() + DEADLINE;
        while Session::connect(&server.settings(), Access::Writing)
            .await
            .is_err()
        {
            assert!(Instant::now() < deadline, "the server does not answer");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        server
    }

    fn settings(&self) -> Settings {
        Settings {
            host: "127.0.0.1".to_owned(),
            port: self.port,
            name: "postgres".to_owned(),
            user: "rates".to_owned(),
            password: Password::new("any"),
        }
    }

    async fn session(&self, access: Access) -> Session {
        Session::connect(&self.settings(), access).await.unwrap()
    }

    async fn run(&self, access: Access, sql: &str) -> Result<Page, ConsoleError> {
        self.session(access).await.run(sql).await
    }

    async fn write(&self, sql: &str) {
        self.run(Access::Writing, sql).await.unwrap();
    }

    async fn count(&self) -> String {
        let page = self
            .run(Access::ReadOnly, "select count(*) from t")
            .await
            .unwrap();
        page.rows[0][0].clone().unwrap()
    }
}

fn words(error: &ConsoleError) -> String {
    let detail = error.detail().join("\n");
    format!("{error}\n{detail}\n{}", error.hint().unwrap_or_default())
}

#[tokio::test]
async fn reading_never_writes_whatever_is_typed() {
    let server = Server::start().await;
    server.write("create table t (a int)").await;
    server.write("create sequence s").await;
    server.write("create procedure p() language plpgsql as $$ begin commit; insert into t values (1); end $$").await;
    let refused = [
        "insert into t values (1)",
        "with w as (insert into t values (1) returning a) select a from w",
        "set transaction read write; insert into t values (1)",
        "commit; insert into t values (1)",
        "do $$ begin set transaction read write; insert into t values (1); end $$",
        "do $$ begin perform set_config('transaction_read_only', 'off', false); insert into t values (1); end $$",
        "do $$ begin commit; insert into t values (1); end $$",
        "call p()",
        "select set_config('transaction_read_only', 'off', false)",
        "set transaction read write",
        "select nextval('s')",
        "select a into u from t",
        "create table u (a int)",
        "drop table t",
        "truncate t",
        "explain analyze insert into t values (1)",
        "vacuum t",
        "alter system set work_mem = '1MB'",
        "copy t from program 'echo 1'",
        "copy (select 1) to program 'cat'",
        "table t for update",
    ];
    for sql in refused {
        let result = server.run(Access::ReadOnly, sql).await;
        assert!(result.is_err(), "{sql}: {result:?}");
    }
    // These are nobody's harm, and they are forgotten with their session.
    for sql in [
        "commit",
        "set default_transaction_read_only = off",
        "begin read write",
        "rollback",
        "notify x",
    ] {
        drop(server.run(Access::ReadOnly, sql).await);
    }
    assert_eq!(server.count().await, "0");
    let off = server
        .run(Access::ReadOnly, "insert into t values (1)")
        .await
        .unwrap_err();
    assert!(words(&off).contains("writing is off"), "{}", words(&off));
}

#[tokio::test]
async fn what_is_written_is_kept_at_once() {
    let server = Server::start().await;
    server.write("create table t (a int)").await;
    let page = server
        .run(Access::Writing, "insert into t values (1), (2) returning a")
        .await
        .unwrap();
    assert_eq!(
        (page.columns, page.rows.len(), page.affected),
        (vec!["a".to_owned()], 2, 2)
    );
    assert_eq!(server.count().await, "2");
}

#[tokio::test]
async fn values_of_every_type_are_text_as_psql_shows_it() {
    let server = Server::start().await;
    let sql = "select 1.50::numeric, null, '{1,2}'::int[], '2021-01-31'::date, '{\"a\":1}'::jsonb, interval '1 day', true";
    let page = server.run(Access::ReadOnly, sql).await.unwrap();
    let row: Vec<_> = page.rows[0]
        .iter()
        .map(|value| value.as_deref().unwrap_or("∅"))
        .collect();
    assert_eq!(
        row,
        [
            "1.50",
            "∅",
            "{1,2}",
            "2021-01-31",
            "{\"a\": 1}",
            "1 day",
            "t"
        ]
    );
}

#[tokio::test]
async fn rows_come_page_by_page_from_one_snapshot_and_short_results_hold_nothing_up() {
    let server = Server::start().await;
    let session = server.session(Access::ReadOnly).await;
    let sql = "select n from generate_series(1, 450) n -- all";
    let mut page = session.run(sql).await.unwrap();
    let mut rows = page.rows.len();
    assert_eq!((rows, page.more), (200, true));
    while page.more {
        page = session.fetch(sql).await.unwrap();
        rows += page.rows.len();
    }
    assert_eq!(rows, 450);
    let other = server.session(Access::ReadOnly).await;
    let survey = other.survey(false).await.unwrap();
    assert_eq!(
        (survey.activities.len(), survey.idle),
        (0, 1),
        "its transaction has ended"
    );
    for sql in [
        "show server_version",
        "explain select 1",
        "(select 1)",
        "values (1)",
        "table pg_class",
    ] {
        let page = server.run(Access::ReadOnly, sql).await.unwrap();
        assert!(!page.rows.is_empty() && !page.columns.is_empty(), "{sql}");
    }
}

#[tokio::test]
async fn an_error_points_at_its_place_and_keeps_the_words_of_the_server() {
    let server = Server::start().await;
    let error = server
        .run(Access::ReadOnly, "select a from nowhere")
        .await
        .unwrap_err();
    let said = words(&error);
    let expected =
        "42P01 relation \"nowhere\" does not exist\nselect a from nowhere\n              ^\n";
    assert!(said.starts_with(expected), "{said}");
    let error = server
        .run(Access::ReadOnly, "select 1/0")
        .await
        .unwrap_err();
    assert!(
        words(&error).starts_with("22012 division by zero"),
        "{error}"
    );
    let error = server
        .run(Access::ReadOnly, "select 1; select 2")
        .await
        .unwrap_err();
    assert!(words(&error).contains("one statement at a time"), "{error}");
}

#[tokio::test]
async fn a_survey_counts_tables_and_its_statements_can_be_cancelled() {
    let server = Server::start().await;
    server.write("create table t (a int primary key)").await;
    server
        .write("insert into t select generate_series(1, 1234)")
        .await;
    server.write("create table \"Odd \"\"one\" (a int)").await;
    let lock = server.session(Access::Writing).await;
    lock.client
        .batch_execute("begin; lock table \"Odd \"\"one\"")
        .await
        .unwrap();
    let busy = server.session(Access::ReadOnly).await;
    let running = TaskTracker::new().spawn(async move { busy.run("select pg_sleep(600)").await });
    let observer = server.session(Access::Writing).await;
    let deadline = Instant::now() + DEADLINE;
    let survey = loop {
        let survey = observer.survey(true).await.unwrap();
        if survey
            .activities
            .iter()
            .any(|one| one.sql.contains("pg_sleep"))
        {
            break survey;
        }
        assert!(Instant::now() < deadline, "{survey:?}");
    };
    let held = survey.held.unwrap();
    let rows: Vec<_> = held
        .tables
        .iter()
        .map(|table| (table.name.as_str(), table.rows))
        .collect();
    assert_eq!(
        rows,
        [("Odd \"one", Count::About(0)), ("t", Count::Exact(1234))]
    );
    assert!(held.tables[1].bytes > 0 && held.tables[1].index_bytes > 0 && held.bytes > 0);
    for activity in &survey.activities {
        assert!(observer.end(activity).await.unwrap(), "{activity:?}");
    }
    let cancelled = running.await.unwrap().unwrap_err();
    assert!(words(&cancelled).starts_with("57014"), "{cancelled}");
    // The session that held the lock is gone.
    let free = server
        .run(Access::Writing, "drop table \"Odd \"\"one\"")
        .await;
    assert!(free.is_ok(), "{free:?}");
    let late = observer.end(&survey.activities[0]).await.unwrap();
    assert!(!late, "what has ended cannot be ended");
}

#[tokio::test]
async fn figures_come_again_and_again_through_one_session_and_name_who_waits() {
    let server = Server::start().await;
    server.write("create table t (a int)").await;
    let gauge = Gauge::new(server.session(Access::ReadOnly).await).await;
    let gauge = gauge.unwrap();
    let alone = gauge.read().await.unwrap();
    assert_eq!(
        (alone.sessions(), alone.most),
        (0, 100),
        "its own does not count"
    );
    let lock = server.session(Access::Writing).await;
    let locked = lock.client.batch_execute("begin; lock table t").await;
    locked.unwrap();
    let busy = server.session(Access::ReadOnly).await;
    let waiting = TaskTracker::new().spawn(async move { busy.run("table t").await });
    let deadline = Instant::now() + DEADLINE;
    let seen = loop {
        let seen = gauge.read().await.unwrap();
        // What sessions did is counted a moment after they did it.
        if seen.waiting == 1 && seen.transactions > alone.transactions {
            break seen;
        }
        assert!(Instant::now() < deadline, "{seen:?}");
    };
    assert_eq!((seen.active, seen.in_transaction), (1, 1), "{seen:?}");
    assert!(seen.slowest[0].waits_for_a_lock(), "{seen:?}");
    assert!(seen.hits + seen.reads > 0, "{seen:?}");
    waiting.abort();
}

#[tokio::test]
async fn a_statement_is_cancelled_from_outside() {
    let server = Server::start().await;
    let session = server.session(Access::ReadOnly).await;
    let cancel = session.cancel();
    let run = session.run("select pg_sleep(600)");
    let observer = server.session(Access::ReadOnly).await;
    let end = async {
        let deadline = Instant::now() + DEADLINE;
        while observer.survey(false).await.unwrap().activities.is_empty() {
            assert!(Instant::now() < deadline, "it never ran");
        }
        cancel.request().await;
    };
    let (ended, ()) = tokio::join!(run, end);
    let error = ended.unwrap_err();
    assert!(words(&error).starts_with("57014"), "{error}");
}

#[tokio::test]
async fn tables_that_are_locked_hide_nothing_else_of_a_survey() {
    let server = Server::start().await;
    let lock = server.session(Access::Writing).await;
    let tables = "do $$ begin for n in 1..60 loop execute format('create table t%s (a int)', n); end loop; end $$";
    lock.client.batch_execute(tables).await.unwrap();
    let locks =
        "do $$ begin for n in 1..60 loop execute format('lock table t%s', n); end loop; end $$";
    lock.client
        .batch_execute(&format!("begin; {locks}"))
        .await
        .unwrap();
    let begun = Instant::now();
    let observer = server.session(Access::ReadOnly).await;
    let survey = observer.survey(true).await.unwrap();
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(12), "{took:?}");
    let held = survey.held.unwrap();
    assert_eq!(held.tables.len(), 60);
    let holder = survey
        .activities
        .iter()
        .find(|one| one.sql.contains("lock table"));
    assert!(!holder.unwrap().runs(), "who holds the locks is told");
}

#[tokio::test]
async fn rows_that_are_not_kept_any_more_are_no_database_that_is_away() {
    let server = Server::start().await;
    let session = server.session(Access::ReadOnly).await;
    let soon = "set idle_in_transaction_session_timeout = 50";
    session.client.batch_execute(soon).await.unwrap();
    let sql = "select generate_series(1, 1000)";
    assert!(session.run(sql).await.unwrap().more);
    let deadline = Instant::now() + DEADLINE;
    while !session.client.is_closed() {
        assert!(Instant::now() < deadline, "the server keeps the session");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let error = session.fetch(sql).await.unwrap_err();
    let words = words(&error);
    assert!(
        words.contains("kept for 10 minutes; send the statement again"),
        "{words}"
    );
    assert_eq!(error.code(), crate::error::Code::StatementRefused);
}
