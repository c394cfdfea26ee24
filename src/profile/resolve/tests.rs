//! What becomes of layers that say different things.

mod random;

use std::collections::BTreeSet;
use std::fs;

use super::*;
use crate::profile::Bytes;
use crate::profile::Port;

/// A checkout with these files.
fn checkout(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("profiles")).unwrap();
    for (name, text) in files {
        fs::write(root.path().join(name), text).unwrap();
    }
    root
}

fn faults(request: &Request<'_>) -> Vec<String> {
    match load(request) {
        Err(Error::Invalid { faults, .. }) => faults.into_iter().map(|f| f.message).collect(),
        other => panic!("{other:?}"),
    }
}

const CHILD: &str = "extends = \"base\"\n[api]\npool = 4\n";
const BASE: &str = "[api]\npool = 3\npids = 30\n";
const OWN: &str = "[api]\npool = 2\npids = 20\nreplicas = 2\n";

#[test]
fn the_strongest_layer_wins_and_is_named() {
    let root = checkout(&[
        ("profiles/dev.toml", CHILD),
        ("profiles/base.toml", BASE),
        ("config.toml", OWN),
    ]);
    let own = root.path().join("config.toml").display().to_string();
    let set = ["api.pool=6".to_owned()];
    let request = |name| Request {
        variables: BTreeMap::from([("RATESDEV_API_POOL".to_owned(), "5".to_owned())]),
        user_config: Some(root.path().join("config.toml")),
        ..Request::of_files(name, root.path())
    };
    let said = |request: &Request<'_>, key: &str| {
        let rows = load(request).unwrap().rows();
        let row = rows.into_iter().find(|row| row.key == key).unwrap();
        format!("{} {}", row.value, row.origin)
    };
    let strongest = Request {
        set: &set,
        ..request(None)
    };
    assert_eq!(said(&strongest, "api.pool"), "6 --set");
    let mut request = request(None);
    assert_eq!(said(&request, "api.pool"), "5 RATESDEV_API_POOL");
    request.variables.clear();
    assert_eq!(said(&request, "api.pool"), "4 profiles/dev.toml:3");
    assert_eq!(said(&request, "api.pids"), "30 profiles/base.toml:3");
    assert_eq!(said(&request, "api.replicas"), format!("2 {own}:4"));
    assert_eq!(said(&request, "api.max_span_days"), "366 default");
}

#[test]
fn the_user_s_own_engine_stands_against_a_profile_that_leaves_it_open() {
    let root = checkout(&[
        ("profiles/open.toml", "engine = \"auto\""),
        (
            "profiles/child.toml",
            "extends = \"docker\"\nengine = \"auto\"",
        ),
        ("profiles/docker.toml", "engine = \"docker\""),
        ("profiles/silent.toml", ""),
        ("config.toml", "engine = \"embedded\""),
    ]);
    let engine = |name, set: &[String]| {
        let request = Request {
            set,
            user_config: Some(root.path().join("config.toml")),
            ..Request::of_files(Some(name), root.path())
        };
        let resolved = load(&request).unwrap();
        let origin = resolved.origins["engine"].to_string();
        (resolved.profile.engine, origin)
    };
    let own = root.path().join("config.toml:1").display().to_string();
    for name in ["open", "child", "silent"] {
        assert_eq!(engine(name, &[]), (EngineChoice::Embedded, own.clone()));
    }
    assert_eq!(engine("docker", &[]).0, EngineChoice::Docker);
    let set = ["engine=auto".to_owned()];
    let expected = (EngineChoice::Auto, "--set".to_owned());
    assert_eq!(engine("open", &set), expected);
}

#[test]
fn how_a_team_s_own_api_is_reached_is_forgotten_with_that_api_and_else_a_fault() {
    let own = "[api]\nimage = \"team/rates:1\"\nlisten = 9000\ncommand = \"serve\"\n";
    let root = checkout(&[
        ("profiles/own.toml", own),
        ("profiles/dev.toml", "[api]\nhealth = \"/ok\"\n"),
    ]);
    let set = ["api.image=built-in".to_owned()];
    let request = Request::of_files(Some("own"), root.path());
    assert_eq!(load(&request).unwrap().profile.api.listen, 9000);
    let built_in = Request {
        set: &set,
        ..request
    };
    let api = load(&built_in).unwrap().profile.api;
    assert_eq!((api.listen, api.command.len()), (8000, 0));
    let faults = faults(&Request::of_files(None, root.path()));
    let said = "`api.health` is for a team's own API, and this is the one that comes with ratesdev";
    assert_eq!(faults, [said]);
}

#[test]
fn an_inherited_service_can_be_dropped_and_changed_by_a_variable() {
    let base =
        "[services.redis]\nimage = \"redis:7\"\n[services.message-queue]\nimage = \"queue:1\"\n";
    let child = "extends = \"base\"\nservices.redis.enabled = false\n";
    let root = checkout(&[("profiles/base.toml", base), ("profiles/dev.toml", child)]);
    let variables = |name: &str, value: &str| Request {
        variables: BTreeMap::from([(name.to_owned(), value.to_owned())]),
        ..Request::of_files(None, root.path())
    };
    let queue = variables("RATESDEV_SERVICES_MESSAGE_QUEUE_HEALTH_COMMAND", "ask it");
    let services = load(&queue).unwrap().profile.services;
    let [queue] = services.as_slice() else {
        panic!("{services:?}")
    };
    assert_eq!(queue.health.command, ["ask", "it"]);
    let needed = variables("RATESDEV_API_DEPENDS_ON", "redis");
    assert_eq!(
        faults(&needed),
        ["`api` depends on `redis`, which is no role of this profile"]
    );
    let mistyped = variables("RATESDEV_SERVICES_REDSI_ENABLED", "false");
    assert_eq!(
        faults(&mistyped),
        ["there is no service `redsi` to switch off"]
    );
    let unknown = variables("RATESDEV_SERVICES_REDIS_IMGAE", "x");
    let said = "the environment variable RATESDEV_SERVICES_REDIS_IMGAE sets nothing";
    assert_eq!(faults(&unknown), [said]);
}

#[test]
fn the_profile_is_the_one_named_else_that_of_the_variable_else_dev() {
    let root = checkout(&[("profiles/dev.toml", ""), ("profiles/ci.toml", "")]);
    let name = |name, variable: Option<&str>| {
        let pair = |value: &str| ("RATESDEV_PROFILE".to_owned(), value.to_owned());
        let variables = variable.map(pair).into_iter().collect();
        let request = Request {
            variables,
            ..Request::of_files(name, root.path())
        };
        load(&request).unwrap().profile.name
    };
    assert_eq!(name(None, None), "dev");
    assert_eq!(name(None, Some("ci")), "ci");
    assert_eq!(name(Some("dev"), Some("ci")), "dev");
    assert_eq!(name(Some("profiles/ci.toml"), None), "ci");
}

#[test]
fn paths_are_relative_to_the_input_that_says_them() {
    let said = "[seed]\nfile = \"../data/a.sql\"\n";
    let root = checkout(&[
        ("profiles/dev.toml", "extends = \"../other/base.toml\""),
        ("profiles/plain.toml", ""),
    ]);
    fs::create_dir_all(root.path().join("other/deep")).unwrap();
    fs::write(root.path().join("other/base.toml"), said).unwrap();
    let deep = root.path().join("other/deep");
    let real = root.path().canonicalize().unwrap();
    let seed = |request: &Request<'_>| {
        let profile = load(request).unwrap().profile;
        assert_eq!(profile.root, real);
        profile.seed.file.strip_prefix(&real).unwrap().to_owned()
    };
    let request = Request::of_files(Some("dev"), &deep);
    assert_eq!(seed(&request), Path::new("data/a.sql"));
    let set = ["seed.file=b.sql".to_owned()];
    let request = Request {
        set: &set,
        ..request
    };
    assert_eq!(seed(&request), Path::new("other/deep/b.sql"));
    let request = Request::of_files(Some("plain"), &deep);
    assert_eq!(seed(&request), Path::new("db/rates.sql"));
}

#[test]
fn fixed_ports_belong_to_the_environment_with_the_profile_s_name() {
    let ports = "[api]\nport = 15000\n[database]\nport = 15432\n";
    let root = checkout(&[("profiles/dev.toml", ports)]);
    let set = ["database.port=15999".to_owned()];
    let resolve = |environment, set| {
        let request = Request {
            environment,
            set,
            ..Request::of_files(None, root.path())
        };
        let resolved = load(&request).unwrap();
        let origin = resolved.origins["api.port"].to_string();
        (
            resolved.profile.api.port,
            origin,
            resolved.profile.database.port,
        )
    };
    let own = "profiles/dev.toml:2".to_owned();
    for environment in [None, Some(""), Some("dev")] {
        let expected = (Port::Fixed(15_000), own.clone(), Port::Fixed(15_432));
        assert_eq!(resolve(environment, &[]), expected);
    }
    let freed = "free port: 15000 belongs to the environment dev".to_owned();
    let expected = (Port::Auto, freed, Port::Fixed(15_999));
    assert_eq!(resolve(Some("second"), &set), expected);
}

#[test]
fn a_child_replaces_checks_of_the_same_name_and_adds_the_others() {
    let check = |name: &str, count: u8| {
        let place = "orig = \"CNGGZ\"\ndest = \"EETLL\"\nday = 2021-01-31";
        format!("[[checks]]\nname = \"{name}\"\n{place}\ncount = {count}\n")
    };
    let base = check("a", 3) + &check("b", 3);
    let child = format!("extends = \"base\"\n{}{}", check("c", 1), check("a", 0));
    let root = checkout(&[("profiles/dev.toml", &child), ("profiles/base.toml", &base)]);
    let resolved = load(&Request::of_files(None, root.path())).unwrap();
    let checks = resolved.profile.checks.iter();
    let checks: Vec<_> = checks.map(|c| (c.name.as_str(), c.expect.count)).collect();
    assert_eq!(checks, [("a", None), ("b", Some(3)), ("c", Some(1))]);
    let origins = resolved.check_origins.iter().map(ToString::to_string);
    let expected = [
        "profiles/dev.toml:8",
        "profiles/base.toml:7",
        "profiles/dev.toml:2",
    ];
    assert_eq!(origins.collect::<Vec<_>>(), expected);
}

#[test]
fn the_faults_of_all_layers_are_told_at_once() {
    let root = checkout(&[
        (
            "profiles/dev.toml",
            "extends = \"base\"\n[api]\nprot = 1\nport = 0",
        ),
        ("profiles/base.toml", "[api]\npool = -1"),
        ("config.toml", "extends = \"dev\""),
    ]);
    let set = ["api.replicas=0".to_owned()];
    let variables = [("RATESDEV_API_PIDS", "x"), ("RATESDEV_APE_PORT", "1")];
    let request = Request {
        set: &set,
        variables: variables.map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
        user_config: Some(root.path().join("config.toml")),
        ..Request::of_files(None, root.path())
    };
    let told = faults(&request);
    let expected = [
        "only a profile can extend",
        "`api.pool` must be",
        "unknown key `prot` in [api]",
        "`api.port` must be",
        "RATESDEV_APE_PORT sets nothing",
        "`api.pids` must be",
        "`api.replicas` must be",
    ];
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for (told, expected) in told.iter().zip(expected) {
        assert!(told.contains(expected), "{told} has no {expected}");
    }
}

#[test]
fn variables_that_are_reserved_or_empty_or_not_ours_set_nothing() {
    let root = checkout(&[("profiles/dev.toml", "")]);
    let names = ["RATESDEV_ENV", "RATESDEV_TEST_X", "PATH"].map(|name| (name, "x"));
    let variables = names.into_iter().chain([("RATESDEV_API_PORT", "")]);
    let request = Request {
        variables: variables
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .collect(),
        ..Request::of_files(None, root.path())
    };
    let resolved = load(&request).unwrap();
    assert!(
        resolved
            .origins
            .values()
            .all(|origin| *origin == Origin::Default)
    );
}

#[test]
fn a_broken_rule_blames_the_strongest_layer() {
    let root = checkout(&[("profiles/dev.toml", "[api]\nstatement_timeout = \"5s\"\n")]);
    let set = ["api.request_timeout=1s".to_owned()];
    let request = Request {
        set: &set,
        ..Request::of_files(None, root.path())
    };
    let Err(Error::Invalid { faults, .. }) = load(&request) else {
        panic!("the rule is broken");
    };
    let lines = faults[0].lines();
    assert!(
        lines[0].contains("`api.statement_timeout` (5s)"),
        "{lines:#?}"
    );
    assert_eq!(lines[3], "1 | --set api.request_timeout=1s");
}

/// The shipped profiles as they are in the repository, without what this process's user says.
fn shipped() -> Vec<Profile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let names = locate::list(root)
        .unwrap()
        .into_iter()
        .map(|listed| listed.name);
    names
        .map(|name| load(&Request::of_files(Some(&name), root)).unwrap().profile)
        .collect()
}

#[test]
fn the_shipped_profiles_fit_side_by_side_on_two_cores_and_four_gigabytes() {
    let profiles = shipped();
    let names: Vec<_> = profiles
        .iter()
        .map(|profile| profile.name.as_str())
        .collect();
    assert_eq!(names, ["dev", "prod", "staging"]);
    let memory = |profile: &Profile| {
        let api = profile.api.limits.memory.0 * u64::from(profile.api.replicas);
        profile.database.limits.memory.0 + api
    };
    let all: u64 = profiles.iter().map(memory).sum();
    assert!(all <= 2_100_000_000, "{}", Bytes(all));
    let mut ports = BTreeSet::new();
    for profile in &profiles {
        let most = profile
            .database
            .limits
            .millicpus
            .max(profile.api.limits.millicpus);
        assert!(
            most <= 2_000,
            "Docker refuses a limit of more cores than there are"
        );
        ports.insert(profile.api.port.to_string());
        ports.insert(profile.database.port.to_string());
        assert_eq!(profile.checks.len(), 1);
    }
    assert_eq!(ports.len(), 6);
}

#[test]
fn what_is_shown_resolves_to_the_same() {
    for profile in shipped() {
        let resolved = Resolved {
            profile: profile.clone(),
            origins: BTreeMap::new(),
            service_origins: BTreeMap::new(),
            check_origins: Vec::new(),
        };
        let file = format!("profiles/{}.toml", profile.name);
        let root = checkout(&[(&file, &resolved.toml())]);
        let again = load(&Request::of_files(Some(&profile.name), root.path())).unwrap();
        let moved = Profile {
            file: profile.file.clone(),
            root: profile.root.clone(),
            ..again.profile
        };
        assert_eq!(moved, profile);
    }
}
