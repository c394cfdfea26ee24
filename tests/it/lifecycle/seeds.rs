//! Dumps, good and bad, and what is served meanwhile.

use crate::support::checkout::first_price;
use crate::support::checkout::known_dump;
use crate::support::checkout::small_dump;
use crate::support::docker::docker;
use crate::support::environment::Environment;
use crate::support::environment::Kind;
use crate::support::environment::on_every_engine;

/// A dump that cannot be loaded, and what is said about it.
struct Broken {
    name: &'static str,
    contents: Option<Vec<u8>>,
    code: &'static str,
    /// The line that is named; 0 where it is about the whole file.
    line: usize,
}

impl Broken {
    fn new(
        name: &'static str,
        contents: impl Into<Vec<u8>>,
        code: &'static str,
        line: usize,
    ) -> Self {
        Self {
            name,
            contents: Some(contents.into()),
            code,
            line,
        }
    }

    fn all() -> Vec<Self> {
        let good = known_dump();
        let price = first_price();
        let until = |line: usize| {
            let lines: Vec<_> = good.lines().take(line).collect();
            lines.join("\n") + "\n"
        };
        let latin = good.replace("Tallinn", "T\u{1}llinn").into_bytes();
        let latin = latin
            .into_iter()
            .map(|byte| if byte == 1 { 0xe4 } else { byte });
        vec![
            Self {
                name: "missing",
                contents: None,
                code: "E-DUMP-MISSING",
                line: 0,
            },
            Self::new("empty", "", "E-DUMP-EMPTY", 0),
            Self::new("truncated", until(price), "E-DUMP-TRUNCATED", price + 1),
            Self::new("binary", b"PGDMP\x01\x0e\0\x04\x08", "E-DUMP-BINARY", 0),
            Self::new("latin", latin.collect::<Vec<_>>(), "E-DUMP-ENCODING", 12),
            Self::new(
                "word",
                good.replace("1200", "many"),
                "E-DUMP-STATEMENT",
                price + 1,
            ),
            Self::new(
                "wrong",
                good.replacen("ALTER", "ALTAR", 1),
                "E-DUMP-STATEMENT",
                price + 4,
            ),
            Self::new(
                "psql",
                format!("{good}\\connect other\n"),
                "E-DUMP-COMMAND",
                price + 7,
            ),
            Self::new(
                "bare",
                "CREATE TABLE public.x (y int);\n",
                "E-DUMP-SCHEMA",
                0,
            ),
        ]
    }
}

on_every_engine! {
    a_broken_dump_is_refused_by_its_line_and_the_old_data_is_served,
    a_broken_dump_of_a_first_up_leaves_nothing_half_and_a_good_one_goes_on,
    another_dump_is_loaded_only_when_it_is_asked_for,
}

fn a_broken_dump_is_refused_by_its_line_and_the_old_data_is_served(kind: Kind) {
    let Some(served) = Environment::ready_on(kind, "broken") else {
        return;
    };
    let loaded_at = served.loaded_at();
    for broken in Broken::all() {
        let file = format!("dumps/{}.sql", broken.name);
        if let Some(contents) = &broken.contents {
            served.checkout.write(&file, contents);
        }
        let place = match broken.line {
            0 => file.clone(),
            line => format!("{file}:{line}"),
        };
        let refused = served.run(&["seed", "--file", &file, "--reset"]).exits(1);
        refused.says(&[broken.code, &place]);
        served.answers();
        assert_eq!(served.loaded_at(), loaded_at, "{}", broken.name);
        assert_eq!(served.databases(), "postgres rates", "{}", broken.name);
    }
    served
        .run(&["up"])
        .exits(0)
        .says(&["nothing had to change"]);
}

fn a_broken_dump_of_a_first_up_leaves_nothing_half_and_a_good_one_goes_on(kind: Kind) {
    let Some(broken) = Environment::small_on(kind, "broken-first") else {
        return;
    };
    broken.checkout.edit("db/rates.sql", "\t1200\n", "\tmany\n");
    let refused = broken.run(&["up"]).exits(1);
    let place = format!("db/rates.sql:{}", first_price() + 1);
    refused.says(&["E-DUMP-STATEMENT", &place, "hint:"]);
    // The image makes an empty database at first; without Docker the load makes it.
    if broken.databases() != "postgres" {
        assert_eq!(broken.databases(), "postgres rates");
        let is_empty = "select to_regclass('prices') is null";
        assert_eq!(broken.sql("rates", is_empty), "t");
    }
    broken.checkout.edit("db/rates.sql", "\tmany\n", "\t1200\n");
    broken.run(&["up"]).exits(0);
    broken.answers();
}

fn another_dump_is_loaded_only_when_it_is_asked_for(kind: Kind) {
    let Some(environment) = Environment::ready_on(kind, "another") else {
        return;
    };
    environment
        .checkout
        .write("other.sql", small_dump([2000, 2000, 2000]));
    let kept = environment.run(&["seed", "--file", "other.sql"]).exits(4);
    kept.says(&["E-SEED-DIFFERS", "--reset", "rates.sql", "other.sql"]);
    environment.answers();
    environment
        .run(&["seed", "--file", "other.sql", "--reset"])
        .exits(0);
    assert!((environment.price() - 2000.0).abs() < 0.01);
    let up = environment.run(&["up"]).exits(4);
    up.says(&["ratesdev seed --reset"]);
    assert!(
        (environment.price() - 2000.0).abs() < 0.01,
        "it is still served"
    );
    environment.run(&["status"]).exits(4);
    environment.run(&["seed", "--reset"]).exits(0);
    environment.answers();
    let again = environment
        .run(&["seed", "--reset", "--json"])
        .exits(0)
        .json_lines();
    assert_eq!(again.last().unwrap()["event"], "ready");
    environment
        .run(&["seed"])
        .exits(0)
        .says(&["nothing had to change"]);
}

#[test]
fn a_seed_starts_what_does_not_run_or_is_not_there() {
    let Some(environment) = Environment::ready("asleep") else {
        return;
    };
    let (database, api) = (
        environment.container("database"),
        environment.container("api"),
    );
    let damages: [&[&str]; 4] = [
        &["stop", &api],
        &["rm", "--force", &api],
        &["pause", &database],
        &["rm", "--force", &database],
    ];
    for damage in damages {
        docker(damage);
        environment
            .run(&["seed", "--reset"])
            .exits(0)
            .says(&["7 rows"]);
        environment.answers();
    }
}
