//! `ratesdev load` against a real server; psql is the judge of what a dump means.

mod cut_off;
mod faults;
#[cfg(target_os = "linux")]
mod large;
mod left_out;
mod psql;
mod there_before;

use std::io::BufRead;
use std::io::BufReader;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::postgres::Postgres;

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
