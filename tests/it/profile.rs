//! `ratesdev profile` through the built binary.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;

use serde_json::Value as Json;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// `ratesdev profile …` in a folder, with no variable of ours but these and without the user's own file.
fn profile(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ratesdev"));
    let ours = std::env::vars_os().map(|(name, _)| name);
    for name in ours.filter(|name| name.to_string_lossy().starts_with("RATESDEV_")) {
        command.env_remove(name);
    }
    let nowhere = folder.join("no-home");
    command
        .arg("profile")
        .args(arguments)
        .env("LC_ALL", "C.UTF-8")
        .env("HOME", &nowhere)
        .env("XDG_CONFIG_HOME", &nowhere)
        .envs(variables.iter().copied())
        .current_dir(folder)
        .output()
        .expect("the binary was built")
}

fn in_root(arguments: &[&str]) -> Output {
    profile(Path::new(ROOT), arguments, &[])
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("output is UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("output is UTF-8")
}

fn json(output: &Output) -> Json {
    let document: Json = serde_json::from_slice(&output.stdout).expect("output is JSON");
    assert_eq!(document.get("schema_version"), Some(&Json::from(1)));
    document
}

fn profiles(folder: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(Path::new(ROOT).join(folder)).expect("the folder is there");
    let files = files.map(|file| file.expect("it can be listed").path());
    let mut files: Vec<_> = files
        .filter(|f| f.extension().is_some_and(|e| e == "toml"))
        .collect();
    files.sort();
    files
}

/// Every file in `invalid` has a sibling that holds what its writer reads. With `UPDATE_DOCS=1` they are written.
#[test]
fn every_mistake_is_told_as_its_file_says() {
    let renews = std::env::var_os("UPDATE_DOCS").is_some();
    let folder = Path::new(ROOT).join("tests/profiles/invalid");
    for file in profiles("tests/profiles/invalid") {
        let name = file.file_name().unwrap().to_str().unwrap();
        let output = profile(&folder, &["validate", &format!("./{name}")], &[]);
        let told = stderr(&output);
        let expected = file.with_extension("txt");
        if renews {
            fs::write(&expected, &told).unwrap();
        }
        assert_eq!(told, fs::read_to_string(&expected).unwrap(), "{name}");
        assert_eq!(output.status.code(), Some(2), "{name}");
    }
}

#[test]
fn every_valid_profile_is_valid() {
    for file in profiles("tests/profiles/valid") {
        let output = in_root(&["validate", file.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    }
}

#[test]
fn validate_checks_all_profiles_of_the_checkout_and_prints_a_line_for_each() {
    let output = in_root(&["validate"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let expected =
        ["dev", "prod", "staging"].map(|name| format!("✓ profiles/{name}.toml is valid\n"));
    assert_eq!(stdout(&output), expected.concat());
}

#[test]
fn one_invalid_profile_makes_validate_end_with_2_and_the_others_are_still_checked() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("profiles")).unwrap();
    fs::write(
        root.path().join("profiles/bad.toml"),
        "prot = true\nport = 1",
    )
    .unwrap();
    fs::write(root.path().join("profiles/good.toml"), "").unwrap();
    let output = profile(
        root.path(),
        &["validate"],
        &[("RATESDEV_API_PORT", "nonsense")],
    );
    assert_eq!(output.status.code(), Some(2));
    let expected = "✗ profiles/bad.toml has 2 faults\n✓ profiles/good.toml is valid\n";
    assert_eq!(stdout(&output), expected);
    let ascii = profile(root.path(), &["validate"], &[("LC_ALL", "C")]);
    assert!(stdout(&ascii).starts_with("x profiles/bad.toml has 2 faults\n+ profiles/good"));
    let output = profile(root.path(), &["validate", "--json"], &[]);
    assert_eq!(output.status.code(), Some(2));
    let document = json(&output);
    let fault = &document["profiles"][0]["faults"][0];
    assert_eq!(document["valid"], false);
    assert_eq!(fault["file"], "profiles/bad.toml");
    assert_eq!(
        (&fault["line"], &fault["column"]),
        (&Json::from(1), &Json::from(1))
    );
    assert_eq!(fault["help"], "did you mean `protected`?");
}

#[test]
fn a_missing_profile_is_told_with_those_that_are_there() {
    let output = in_root(&["show", "stagin"]);
    assert_eq!(output.status.code(), Some(2));
    let told = stderr(&output);
    for part in [
        "error[E-PROFILE-MISSING]",
        "there are: dev, prod, staging",
        "hint: did you mean `staging`?",
    ] {
        assert!(told.contains(part), "{told}");
    }
    let nowhere = tempfile::tempdir().unwrap();
    let output = profile(nowhere.path(), &["list"], &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("there is no folder `profiles` with a profile in"));
}

#[test]
fn show_prints_a_profile_that_resolves_to_the_same() {
    for name in ["dev", "staging", "prod"] {
        let shown = in_root(&["show", name]);
        let copy = tempfile::tempdir().unwrap();
        let file = copy.path().join(format!("{name}.toml"));
        fs::write(&file, &shown.stdout).unwrap();
        let again = in_root(&["show", file.to_str().unwrap()]);
        assert_eq!(stdout(&again), stdout(&shown));
        assert!(again.status.success(), "{}", stderr(&again));
    }
}

#[test]
fn show_says_of_every_value_where_it_comes_from() {
    let arguments = ["show", "prod", "--origins", "--set", "api.pool=4"];
    let output = profile(Path::new(ROOT), &arguments, &[("RATESDEV_API_PIDS", "48")]);
    let shown = stdout(&output);
    let row = |key: &str| {
        let line = shown.lines().find(|line| line.starts_with(key)).unwrap();
        line.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(row("KEY"), ["KEY", "VALUE", "ORIGIN"]);
    assert_eq!(row("api.pool "), ["api.pool", "4", "--set"]);
    assert_eq!(row("api.pids"), ["api.pids", "48", "RATESDEV_API_PIDS"]);
    assert_eq!(row("api.bind"), ["api.bind", "\"127.0.0.1\"", "default"]);
    assert!(row("database.durability")[2].starts_with("profiles/staging.toml:"));
    assert!(shown.contains("checks.\"known day\""));
}

#[test]
fn the_engine_is_the_one_of_the_flag_else_of_the_variable_else_of_the_profile() {
    let engine = |flag: &[&str], variables: &[(&str, &str)]| {
        let arguments = [&["show", "--json"], flag].concat();
        let document = json(&profile(Path::new(ROOT), &arguments, variables));
        let [value, origin] = [
            &document["settings"]["engine"],
            &document["origins"]["engine"],
        ];
        [value, origin].map(|text| text.as_str().unwrap().to_owned())
    };
    let variable = [("RATESDEV_ENGINE", "docker")];
    let flag = ["--engine", "embedded"];
    assert_eq!(engine(&flag, &variable), ["embedded", "--set"]);
    assert_eq!(engine(&[], &variable), ["docker", "RATESDEV_ENGINE"]);
    assert!(engine(&[], &[])[1].starts_with("profiles/dev.toml:"));
}

#[test]
fn show_for_another_environment_leaves_the_profile_s_ports_to_its_own() {
    let variables = [
        ("RATESDEV_ENV", "second"),
        ("RATESDEV_DATABASE_PORT", "15999"),
    ];
    let document = json(&profile(Path::new(ROOT), &["show", "--json"], &variables));
    assert_eq!(document["name"], "dev");
    assert_eq!(document["settings"]["api"]["port"], "auto");
    assert_eq!(document["settings"]["database"]["port"], 15_999);
    let origin = &document["origins"]["api.port"];
    assert_eq!(origin, "free port: 15000 belongs to the environment dev");
}

#[test]
fn the_user_s_own_file_is_below_the_profile() {
    let own = tempfile::tempdir().unwrap();
    let file = if cfg!(target_os = "macos") {
        own.path()
            .join("Library/Application Support/ratesdev/config.toml")
    } else {
        own.path().join("ratesdev/config.toml")
    };
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, "[api]\nport = 1\npool = 3\n").unwrap();
    let home = own.path().to_str().unwrap();
    let variables = [("XDG_CONFIG_HOME", home), ("HOME", home)];
    let document = json(&profile(Path::new(ROOT), &["show", "--json"], &variables));
    assert_eq!(document["settings"]["api"]["port"], 15_000);
    assert_eq!(document["settings"]["api"]["pool"], 3);
    assert_eq!(
        document["origins"]["api.pool"],
        format!("{}:3", file.display())
    );
}

#[test]
fn list_tells_name_parent_ports_and_description() {
    let output = profile(&Path::new(ROOT).join("tests"), &["list"], &[]);
    let listed = stdout(&output);
    let staging = listed
        .lines()
        .find(|line| line.starts_with("staging"))
        .unwrap();
    let cells: Vec<_> = staging.split_whitespace().take(4).collect();
    assert_eq!(cells, ["staging", "dev", "15100", "15532"]);
    assert!(staging.contains("Shared by the team"));
    let document = json(&in_root(&["list", "--json"]));
    assert_eq!(document["profiles"][0]["name"], "dev");
    assert_eq!(document["profiles"][0]["api_port"], 15_000);
    assert_eq!(document["profiles"][0]["extends"], Json::Null);
}

#[test]
fn schema_prints_the_shipped_schema() {
    let shipped = fs::read_to_string(Path::new(ROOT).join("profiles/profile.schema.json")).unwrap();
    assert_eq!(stdout(&in_root(&["schema"])), shipped);
}
