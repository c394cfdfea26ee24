//! Services of the team's own beside the roles of every environment, and code that is mounted.

use std::rc::Rc;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;

use crate::support::checkout::Checkout;
use crate::support::docker;
use crate::support::docker::docker;
use crate::support::docker::inspect;
use crate::support::environment::Environment;
use crate::support::eventually;
use crate::support::run::Running;
use crate::support::terminal::Terminal;

/// A second PostgreSQL that the API depends on, with a volume of its own.
pub const STORE: &str = "
[services.store]
image = \"IMAGE\"
environment = { POSTGRES_PASSWORD = \"x\" }
volumes = [\"kept:/var/lib/postgresql/data\"]
ports = [\"auto:5432\"]
[services.store.health]
command = \"pg_isready -q -h 127.0.0.1 -U postgres\"
interval = \"1s\"
";

/// Something that only runs, and whose files say what it was told.
pub const WORKER: &str = "
[services.worker]
image = \"IMAGE\"
entrypoint = [\"sh\", \"-c\"]
command = [\"cat /app/* > /tmp/app; trap 'exit 0' TERM; while :; do sleep 1 & wait $!; done\"]
depends_on = [\"seed\", \"store\"]
secrets = [\"database\"]
sync = [\"../code:/app\"]
restart_on_change = true
volumes = [\"../code/main.py:/etc/told:ro\"]
memory = \"64 MB\"
pids = 50
";

/// A checkout whose profile `dev` has this besides, and a folder `code`.
pub fn checkout(more: &str) -> Rc<Checkout> {
    let checkout = Rc::new(Checkout::small());
    checkout.write("code/main.py", "one");
    profile(&checkout, more);
    checkout
}

/// Gives the profile `dev` these lines for its API, and these services after a `---`.
pub fn profile(checkout: &Checkout, more: &str) {
    let path = checkout.path().join("profiles/dev.toml");
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/profiles/dev.toml");
    let shipped = std::fs::read_to_string(shipped).unwrap();
    let (before, after) = shipped.split_once("[api]\n").unwrap();
    let (api, services) = more.split_once("---").unwrap_or(("", more));
    let services = services.replace("IMAGE", &docker::postgres_image());
    std::fs::write(path, format!("{before}[api]\n{api}\n{after}\n{services}")).unwrap();
}

fn role<'a>(status: &'a Value, name: &str) -> &'a Value {
    let mut roles = status["roles"].as_array().unwrap().iter();
    roles.find(|role| role["name"] == name).unwrap()
}

#[test]
fn services_start_after_what_they_need_are_found_by_name_and_kept_or_removed_with_the_rest() {
    let more = format!("depends_on = [\"store\"]\n---{STORE}{WORKER}");
    let checkout = checkout(&more);
    let Some(environment) = Environment::new("services", &checkout) else {
        return;
    };
    environment.run(&["up"]).exits(0);
    environment
        .run(&["up"])
        .exits(0)
        .says(&["nothing had to change"]);
    let status = environment.run(&["status", "--json"]).exits(0).json();
    assert_eq!(role(&status, "store")["health"], "healthy");
    assert_eq!(role(&status, "worker")["state"]["is"], "running");

    they_see_what_they_were_given(&environment);
    they_are_roles_like_any_other(&environment);
    what_they_keep_goes_with_the_data(&environment);
}

/// The first process of a container hears only what it listens for.
#[test]
fn a_service_that_does_not_end_is_killed_after_its_own_grace_or_the_given_one() {
    let stubborn = "
[services.stubborn]
image = \"IMAGE\"
entrypoint = [\"sleep\", \"infinity\"]
";
    let Some(environment) = Environment::new("grace", &checkout(stubborn)) else {
        return;
    };
    let timed = |words: &[&str]| {
        environment.run(&["up"]).exits(0);
        let begun = Instant::now();
        environment.run(words).exits(0);
        begun.elapsed()
    };
    let usual = Duration::from_secs(10);
    assert!(timed(&["restart", "stubborn"]) >= usual);
    for words in [
        &["restart", "stubborn", "-t", "1"][..],
        &["stop", "stubborn", "--timeout", "1"],
        &["down", "-t", "1"],
    ] {
        let (took, given) = (timed(words), Duration::from_secs(1));
        assert!(given <= took && took < usual, "{words:?} took {took:?}");
    }
}

fn they_see_what_they_were_given(environment: &Environment) {
    let started =
        |role: &str| inspect(&environment.container(role))["State"]["StartedAt"].to_string();
    assert!(started("store") < started("api") && started("store") < started("worker"));
    let inside = |command: &str| {
        docker(&[
            "exec",
            &environment.container("worker"),
            "sh",
            "-c",
            command,
        ])
    };
    inside("getent hosts store && getent hosts api && getent hosts database");
    assert_eq!(
        inside("cat /tmp/app; echo \" $DB_HOST $DB_PORT\""),
        "one database 5432"
    );
    assert_eq!(inside("cat /etc/told"), "one");
    let limits = &inspect(&environment.container("worker"))["HostConfig"];
    assert_eq!(
        (&limits["PidsLimit"], &limits["Memory"]),
        (&50.into(), &64_000_000.into())
    );
    let password = inside("cat $DB_PASSWORD_FILE");
    assert_eq!(password.len(), 64);
    let known = inspect(&environment.container("worker")).to_string();
    assert!(!known.contains(&password));
    assert_eq!(
        docker::attempt(&["exec", &environment.container("worker"), "touch", "/app/x"])
            .status
            .code(),
        Some(1)
    );
}

fn they_are_roles_like_any_other(environment: &Environment) {
    environment
        .run(&["logs", "stroe"])
        .exits(2)
        .says(&["did you mean store?"]);
    environment.run(&["exec", "-T", "store", "true"]).exits(0);
    environment
        .run(&["port", "store"])
        .exits(0)
        .says(&["127.0.0.1:"]);
    environment.run(&["port", "worker"]).exits(1).says(&[
        "E-PORT-UNPUBLISHED",
        "worker publishes no port",
        "[services.worker]",
    ]);
    environment.run(&["stop"]).exits(0);
    let mut named = environment.command(&["port", "store", "-e", &environment.name]);
    let named = Running::start(named.env_remove("RATESDEV_ENV")).finish();
    named.exits(3).says(&[
        "E-NOT-RUNNING",
        "store does not run",
        &format!("`ratesdev start -e {}`", environment.name),
    ]);
    environment.run(&["start", "api"]).exits(0);
    let status = environment.run(&["status", "--json"]).json();
    assert_eq!(
        role(&status, "store")["state"]["is"],
        "running",
        "the api needs it"
    );
    assert_eq!(role(&status, "worker")["state"]["is"], "exited");
}

fn what_they_keep_goes_with_the_data(environment: &Environment) {
    let sql = |sql: &str| {
        docker(&[
            "exec",
            &environment.container("store"),
            "psql",
            "-U",
            "postgres",
            "-Atc",
            sql,
        ])
    };
    sql("create table kept (x int)");
    environment.run(&["down"]).exits(0);
    let [containers, _, volumes] = environment.things();
    assert_eq!((containers.len(), volumes.len()), (0, 3));
    environment.run(&["up"]).exits(0);
    assert_eq!(sql("select count(*) from kept"), "0");
    environment.run(&["down", "-v", "--yes"]).exits(0);
    environment.is_gone();
}

#[test]
fn a_service_that_changed_is_replaced_and_one_that_left_the_profile_is_removed() {
    let checkout = checkout(WORKER.replace(", \"store\"", "").as_str());
    let Some(environment) = Environment::new("changed", &checkout) else {
        return;
    };
    environment.run(&["up"]).exits(0);
    let (worker, api) = (environment.id("worker"), environment.id("api"));
    profile(
        &checkout,
        &WORKER.replace("\"seed\", \"store\"", "\"database\""),
    );
    environment.run(&["up"]).exits(0).says(&["remove worker"]);
    assert_ne!(environment.id("worker"), worker);
    let mut without = environment.command(&["up"]);
    without.env("RATESDEV_SERVICES_WORKER_ENABLED", "false");
    let without = Running::start(&mut without).finish();
    without.exits(0).says(&["remove worker"]);
    profile(&checkout, "");
    environment
        .run(&["up"])
        .exits(0)
        .says(&["nothing had to change"]);
    assert_eq!(environment.id("api"), api);
    environment.is_whole();
}

#[test]
fn a_service_that_ends_is_told_with_its_last_words_and_the_next_up_makes_it_right() {
    let dies =
        "[services.dies]\nimage = \"IMAGE\"\ncommand = \"sh -c 'echo last words; exit 3'\"\n";
    let checkout = checkout(&format!("depends_on = [\"dies\"]\n---{dies}"));
    let Some(environment) = Environment::new("dies", &checkout) else {
        return;
    };
    environment
        .run(&["up"])
        .exits(1)
        .says(&["E-ROLE-DIED", "dies", "last words"]);
    profile(
        &checkout,
        &format!(
            "depends_on = [\"dies\"]\n---{}",
            dies.replace("exit 3", "sleep 1000")
        ),
    );
    environment.run(&["up"]).exits(0);
    environment.answers();
}

#[test]
fn an_up_that_is_killed_while_services_start_is_finished_by_the_next() {
    let late = STORE.replace("volumes", "depends_on = [\"seed\"]\nvolumes");
    let checkout = checkout(&format!("{late}{WORKER}"));
    let Some(environment) = Environment::new("killed", &checkout) else {
        return;
    };
    let up = environment.start(&["up"]);
    eventually("the store to be made", || {
        let made = docker::attempt(&["container", "inspect", &environment.container("store")]);
        made.status.success().then_some(())
    });
    up.kill();
    environment.run(&["up"]).exits(0);
    environment
        .run(&["up"])
        .exits(0)
        .says(&["nothing had to change"]);
    let status = environment.run(&["status", "--json"]).exits(0).json();
    assert_eq!(status["ready"], true);
}

#[test]
fn a_health_path_is_asked_at_a_port_that_is_published_for_it() {
    let checkout = checkout("");
    let Some(environment) = Environment::new("path", &checkout) else {
        return;
    };
    environment.run(&["up"]).exits(0);
    let image = inspect(&environment.container("api"))["Config"]["Image"]
        .as_str()
        .unwrap()
        .to_owned();
    let mirror = |path: &str| {
        format!(
            "[services.mirror]\nimage = \"{image}\"\ncommand = \"serve\"\nsecrets = [\"database\"]\n\
             environment = {{ API_LISTEN = \"0.0.0.0:9000\" }}\nhealth = {{ path = \"{path}\", port = 9000 }}\n"
        )
    };
    profile(&checkout, &mirror("/health/ready"));
    environment.run(&["up"]).exits(0);
    let status = environment.run(&["status", "--json"]).exits(0).json();
    assert_eq!(role(&status, "mirror")["health"], "healthy");
    profile(&checkout, &mirror("/no-such-path"));
    let late = environment.run(&["up", "--wait-timeout", "5"]);
    late.exits(1)
        .says(&["E-NOT-READY", "mirror", "/no-such-path is answered 404"]);
}

#[test]
fn what_only_docker_can_run_is_refused_before_anything_is_made() {
    let checkout = checkout("sync = [\"../code:/app\"]\n---");
    let Some(environment) = Environment::new("refused", &checkout) else {
        return;
    };
    let embedded = environment.run(&["up", "--engine", "embedded"]).exits(1);
    embedded.says(&["E-ENGINE-LACKS", "the engine embedded", "api.sync"]);
    let mut auto = environment.command(&["up"]);
    auto.env_remove("RATESDEV_ENGINE")
        .env("DOCKER_HOST", "unix:///nowhere/docker.sock");
    let auto = Running::start(&mut auto).finish().exits(1);
    auto.says(&["E-DOCKER-DOWN", "api.sync", "only Docker can run"]);
    profile(&checkout, "sync = [\"../nowhere:/app\"]\n---");
    environment
        .run(&["up"])
        .exits(1)
        .says(&["E-MOUNT-MISSING", "nowhere", "api.sync"]);
    environment
        .run(&["up", "--watch"])
        .exits(2)
        .says(&["nothing to watch", "restart_on_change"]);
    environment.is_gone();
}

fn the_dashboard_watches_code_too(environment: &Environment, checkout: &Checkout) {
    let terminal = Terminal::open(&environment.command(&[]), (120, 36));
    terminal.line("$R");
    terminal.shows("known day");
    terminal.key("C-w");
    terminal.shows("watching /");
    terminal.shows("watching code");
    checkout.write("code/main.py", "three");
    terminal.shows("api restarted in");
    terminal.shows("worker restarted in");
    terminal.key("q");
    terminal.prompts(2);
}

#[test]
fn code_that_changes_while_it_is_watched_restarts_whom_it_is_mounted_into_and_nobody_else() {
    let worker = WORKER.replace(", \"store\"", "");
    let checkout = checkout(&format!(
        "sync = [\"../code:/app\"]\nrestart_on_change = true\n---{worker}"
    ));
    let Some(environment) = Environment::new("watch", &checkout) else {
        return;
    };
    environment.run(&["up"]).exits(0);
    let mut watching = environment.start(&["up", "--watch"]);
    watching.wait_for("Ctrl-C ends that");
    let started =
        |role: &str| inspect(&environment.container(role))["State"]["StartedAt"].to_string();
    let before = ["database", "api", "worker"].map(started);
    checkout.write("code/__pycache__/main.pyc", "noise");
    checkout.write("code/main.py", "two");
    watching.wait_for("main.py has changed");
    eventually("both to be started again", || {
        let now = ["database", "api", "worker"].map(started);
        (now[1] != before[1] && now[2] != before[2] && now[0] == before[0]).then_some(())
    });
    eventually("the worker to have read the new code", || {
        let read = docker::attempt(&["exec", &environment.container("worker"), "cat", "/tmp/app"]);
        String::from_utf8_lossy(&read.stdout)
            .contains("two")
            .then_some(())
    });
    watching.interrupt();
    eventually("the end", || watching.has_ended().then_some(()));
    assert!(!watching.said().contains("__pycache__"));
    environment.answers();
    the_dashboard_watches_code_too(&environment, &checkout);
}

#[test]
fn ctrl_c_while_a_role_is_restarted_does_not_leave_it_stopped() {
    let stubborn = WORKER
        .replace(", \"store\"", "")
        .replace("trap 'exit 0' TERM", "trap '' TERM");
    let checkout = checkout(&format!(
        "sync = [\"../code:/app\"]\nrestart_on_change = true\n---{stubborn}"
    ));
    let Some(environment) = Environment::new("patience", &checkout) else {
        return;
    };
    environment.run(&["up"]).exits(0);
    let watching = environment.start(&["up", "--watch"]);
    watching.wait_for("Ctrl-C ends that");
    let started =
        |role: &str| inspect(&environment.container(role))["State"]["StartedAt"].to_string();
    let runs = |role: &&str| inspect(&environment.container(role))["State"]["Running"] == true;
    let roles = ["api", "worker"];
    let before = roles.map(started);
    checkout.write("code/main.py", "two");
    eventually("one of them to be stopped", || {
        (!roles.iter().all(runs)).then_some(())
    });
    watching.interrupt();
    watching.finish().exits(0).says(&["is started first"]);
    let after = roles.map(started);
    assert!(before.iter().all(|started| !after.contains(started)));
    assert!(roles.iter().all(runs));
    environment.answers();
}
