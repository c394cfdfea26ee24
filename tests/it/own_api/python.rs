//! The example in Python, from its first build to the API that comes with ratesdev in its place.

use std::path::Path;

use super::PYTHON;
use super::environment;
use crate::support::docker;
use crate::support::docker::docker;
use crate::support::docker::inspect;
use crate::support::environment::Environment;
use crate::support::registry::Registry;

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/python-api");

const PROFILE: &str = "examples/python-api/python.toml";

#[test]
fn an_api_in_python_is_built_checked_replaced_pulled_and_gives_way() {
    let Some(environment) = environment("python") else {
        return;
    };
    copy_example(&environment);
    up(&environment, &[]).says(&["image ratesdev/build:", "check known day", "is ready"]);
    environment.answers();
    up(&environment, &[]).says(&["nothing had to change"]);
    let status = environment.run(&["status", "--json"]).exits(0).json();
    assert_eq!(
        (&status["ready"], &status["seed"]["file"]),
        (&true.into(), &"rates.sql".into())
    );
    nothing_shows_the_password(&environment);
    new_code_replaces_the_api_alone(&environment);
    what_it_does_not_offer_is_told(&environment);
    sigterm_lets_it_finish(&environment);
    let answers = answers(&environment);
    an_image_by_name_is_pulled_in_its_place(&environment);
    up(&environment, &["--set", "api.image=built-in"]).says(&["remove api"]);
    assert_eq!(
        self::answers(&environment),
        answers,
        "both APIs answer the same"
    );
}

/// Brings it up from the example's profile, upon the stand-in for Python's image.
fn up(environment: &Environment, more: &[&str]) -> crate::support::run::Run {
    let base = format!("api.build.args=BASE={PYTHON}");
    let arguments = match more {
        [_, set] if set.starts_with("api.image") => vec!["up", PROFILE],
        _ => vec!["up", PROFILE, "--set", &base],
    };
    environment.run(&[&arguments, more].concat()).exits(0)
}

fn copy_example(environment: &Environment) {
    for file in ["rates.py", "Dockerfile", ".dockerignore", "python.toml"] {
        let contents = std::fs::read(Path::new(EXAMPLE).join(file)).unwrap();
        environment
            .checkout
            .write(&format!("examples/python-api/{file}"), contents);
    }
    // An image of the very same contents may be there from before.
    let own = format!("\"\"\"{}: ", environment.name);
    environment.checkout.edit(
        "examples/python-api/rates.py",
        "\"\"\"A rates API",
        &format!("{own}A rates API"),
    );
}

fn nothing_shows_the_password(environment: &Environment) {
    let container = environment.container("api");
    let password = docker(&["exec", &container, "cat", "/run/secrets/database_password"]);
    assert_eq!(password.len(), 64);
    let shown = inspect(&container).to_string();
    assert!(!shown.contains(&password));
    assert!(
        shown.contains("PASSWORD_FILE=/run/secrets/database_password"),
        "{shown}"
    );
}

fn new_code_replaces_the_api_alone(environment: &Environment) {
    let (database, api, loaded_at) = (
        environment.id("database"),
        environment.id("api"),
        environment.loaded_at(),
    );
    environment
        .checkout
        .write("examples/python-api/notes.txt", "left out by .dockerignore");
    up(environment, &[]).says(&["nothing had to change"]);
    let (old, new) = ("listening on port 5000", "the new code listens");
    environment
        .checkout
        .edit("examples/python-api/rates.py", old, new);
    up(environment, &[])
        .says(&["image ratesdev/build:", "remove api"])
        .never_says("seed");
    assert_eq!(
        (environment.id("database"), environment.loaded_at()),
        (database, loaded_at)
    );
    assert_ne!(environment.id("api"), api);
    environment.run(&["logs", "api"]).exits(0).says(&[new]);
    environment.answers();
}

fn what_it_does_not_offer_is_told(environment: &Environment) {
    let explain = [
        "query",
        "CNGGZ",
        "EETLL",
        "2021-01",
        "--explain",
        "2021-01-31",
    ];
    environment.run(&explain).exits(4).says(&["/prices"]);
}

fn sigterm_lets_it_finish(environment: &Environment) {
    environment.run(&["stop", "api"]).exits(0);
    environment
        .run(&["logs", "api"])
        .exits(0)
        .says(&["stopped"]);
    environment.run(&["start", "api"]).exits(0);
    environment.answers();
}

fn an_image_by_name_is_pulled_in_its_place(environment: &Environment) {
    let built = inspect(&environment.container("api"))["Config"]["Image"].clone();
    let registry = Registry::start();
    let name = registry.image("team/rates:1");
    docker(&["tag", built.as_str().unwrap(), &name]);
    docker(&["push", "--quiet", &name]);
    docker(&["rmi", &name]);
    let set = format!("api.image={name}");
    up(environment, &["--set", &set]).says(&[&format!("image {name}"), "remove api"]);
    assert!(docker::has_image(&name));
    environment.answers();
    up(environment, &["--set", &set]).says(&["nothing had to change"]);
    environment
        .run(&[
            "up",
            PROFILE,
            "--set",
            "api.image=team/nowhere:1",
            "--pull",
            "never",
        ])
        .exits(1)
        .says(&["E-IMAGE-MISSING", "team/nowhere:1"]);
}

/// What is answered to questions of every kind.
fn answers(environment: &Environment) -> Vec<serde_json::Value> {
    let questions = [
        ["CNGGZ", "EETLL", "2021-01"],
        ["china_main", "northern_europe", "2021-01-30..2021-02-02"],
        ["EETLL", "CNGGZ", "2021-W04"],
    ];
    let answer = |question: [&str; 3]| {
        let words = [&["query"][..], &question, &["--json"]].concat();
        environment.run(&words).exits(0).json()["rates"].clone()
    };
    questions.map(answer).to_vec()
}
