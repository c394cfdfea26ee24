//! `ratesdev serve` against a real PostgreSQL.

mod answers;
mod database;
mod hand_over;
mod statements;

use std::net::SocketAddr;
use std::process::Command;
use std::process::Stdio;

use serde_json::Value;
use serde_json::json;

use crate::support::http::get;
use crate::support::postgres::Postgres;
use crate::support::process::Role;

const INDEX: &str = include_str!("../../db/migrations/V2__prices_by_ports_and_day.sql");

/// Three levels of regions; CNGGZ → EETLL has days with three, two and no prices.
const SCHEMA: &str = "
    create table regions (
        slug text primary key, name text not null, parent_slug text references regions
    );
    create table ports (
        code text primary key, name text not null, parent_slug text not null references regions
    );
    create table prices (
        orig_code text not null references ports (code),
        dest_code text not null references ports (code),
        day date not null,
        price integer not null
    );
    insert into regions values
        ('china_main', 'China', null), ('china_south', 'South', 'china_main'),
        ('europe', 'Europe', null), ('northern_europe', 'North', 'europe'),
        ('baltic', 'Baltic', 'northern_europe'), ('antarctica', 'Nobody', null);
    insert into ports values
        ('CNGGZ', 'Guangzhou', 'china_south'), ('CNSGH', 'Shanghai', 'china_main'),
        ('EETLL', 'Tallinn', 'baltic'), ('SEGOT', 'Gothenburg', 'northern_europe'),
        ('GBFXT', 'Felixstowe', 'europe');
    insert into prices values
        ('CNGGZ', 'EETLL', '2021-01-31', 1000), ('CNGGZ', 'EETLL', '2021-01-31', 1200),
        ('CNGGZ', 'EETLL', '2021-01-31', 1263),
        ('CNGGZ', 'EETLL', '2021-01-30', 1000), ('CNGGZ', 'EETLL', '2021-01-30', 1100),
        ('CNSGH', 'SEGOT', '2021-01-30', 900), ('CNSGH', 'GBFXT', '2021-01-30', 500);
";

/// The rates of a test, in a PostgreSQL of its own.
pub fn rates() -> Postgres {
    let postgres = Postgres::start();
    let mut client = postgres.client("rates");
    client.batch_execute(SCHEMA).unwrap();
    client.batch_execute(INDEX).unwrap();
    postgres
}

/// A running API.
pub struct Api {
    pub role: Role,
    pub address: SocketAddr,
}

impl Api {
    pub fn start(postgres: &Postgres, settings: &[(&str, &str)]) -> Self {
        Self::start_on(postgres, settings, Stdio::null())
    }

    fn start_on(postgres: &Postgres, settings: &[(&str, &str)], stdin: Stdio) -> Self {
        let mut variables = vec![
            ("DB_HOST", "127.0.0.1".to_owned()),
            ("DB_PORT", postgres.port().to_string()),
            ("DB_PASSWORD", "swordfish".to_owned()),
            ("API_LISTEN", "127.0.0.1:0".to_owned()),
        ];
        variables.extend(
            settings
                .iter()
                .map(|(name, value)| (*name, (*value).to_owned())),
        );
        let role = Role::start(&["serve"], &variables, stdin);
        let listening = role.wait_for("listening");
        let address = listening["listen"].as_str().unwrap().parse().unwrap();
        Self { role, address }
    }

    /// Status and body of one question.
    fn get(&self, path: &str) -> (u16, Value) {
        let reply = get(self.address, path).unwrap();
        (reply.status, reply.json())
    }

    pub fn rates(&self, orig: &str, dest: &str) -> (u16, Value) {
        self.get(&question(orig, dest))
    }

    /// The metric whose line begins so.
    pub fn metric(&self, name: &str) -> f64 {
        let reply = get(self.address, "/metrics").unwrap();
        let text = String::from_utf8(reply.body).unwrap();
        let line = text.lines().find(|line| line.starts_with(name));
        line.unwrap().rsplit(' ').next().unwrap().parse().unwrap()
    }

    /// Asks it to stop and expects that it ends well.
    pub fn stop(mut self) {
        self.role.terminate();
        assert!(self.role.wait().success());
    }
}

pub fn question(orig: &str, dest: &str) -> String {
    format!("/rates?date_from=2021-01-29&date_to=2021-01-31&orig_code={orig}&dest_code={dest}")
}

/// An answer for the last three days of January, newest first.
fn answer(days: [(Value, Value); 3]) -> Value {
    let names = ["2021-01-31", "2021-01-30", "2021-01-29"];
    let day = |(name, (count, price))| json!({ "count": count, "day": name, "price": price });
    let days: Vec<_> = names.into_iter().zip(days).map(day).collect();
    json!({ "rates": days })
}

const NONE: (Value, Value) = (Value::Null, Value::Null);

/// The rates of these tests as a dump, which `ratesdev load` reads.
pub fn dump() -> String {
    let schema = SCHEMA.replace("create table ", "create table public.");
    let schema = schema.replace("insert into ", "insert into public.");
    let schema = schema.replace("references ", "references public.");
    format!(
        "--\n-- PostgreSQL database dump\n--\n\nSET client_encoding = 'UTF8';\n{schema}\n\
         --\n-- PostgreSQL database dump complete\n--\n"
    )
}

#[test]
fn wrong_settings_are_refused_all_at_once_with_the_exit_code_of_wrong_usage() {
    let output = Command::new(env!("CARGO_BIN_EXE_ratesdev"))
        .arg("serve")
        .env_clear()
        .envs([("API_POOL", "none"), ("DB_PORT", "x")])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    for part in [
        "error[E-USAGE]",
        "DB_HOST",
        "DB_PORT=x",
        "API_POOL=none",
        "hint:",
    ] {
        assert!(said.contains(part), "{part} is missing in\n{said}");
    }
}
