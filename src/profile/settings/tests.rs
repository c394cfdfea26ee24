//! The table of settings: each default, example and refusal.

use std::collections::BTreeSet;

use super::*;

#[test]
fn every_setting_has_a_default_that_it_accepts_and_writes_back() {
    let base = Path::new("/checkout/profiles");
    let mut profile = blank_profile();
    for setting in SETTINGS {
        let Means(default) = setting.absent else {
            assert!(setting.value(&mut profile).is_null(), "{}", setting.key);
            continue;
        };
        let raw = Raw::Word(default.to_owned());
        setting
            .store(&mut profile, &raw, base)
            .unwrap_or_else(|refusal| panic!("{}", refusal.message));
    }
    assert_eq!(profile.seed.file, Path::new("/checkout/db/rates.sql"));
    assert_eq!(find("database.port").unwrap().value(&mut profile), "auto");
    assert_eq!(find("api.pool_wait").unwrap().value(&mut profile), "1s");
}

#[test]
fn every_example_is_accepted() {
    let base = Path::new("/");
    let raw = |example: &str| Raw::new(toml::de::DeValue::parse(example).unwrap().get_ref());
    for setting in SETTINGS {
        let stored = setting.store(&mut blank_profile(), &raw(setting.example), base);
        assert!(stored.is_ok(), "{}", setting.key);
    }
    for setting in CHECK {
        let stored = setting.store(&mut blank_check(), &raw(setting.example), base);
        assert!(stored.is_ok(), "{}", setting.key);
    }
}

#[test]
fn no_two_settings_share_a_key_or_a_variable() {
    let keys: BTreeSet<_> = SETTINGS.iter().map(|setting| setting.key).collect();
    let variables: BTreeSet<_> = SETTINGS.iter().map(Setting::variable).collect();
    assert_eq!(
        (keys.len(), variables.len()),
        (SETTINGS.len(), SETTINGS.len())
    );
    assert!(variables.contains("RATESDEV_API_POOL_WAIT"));
    assert_eq!(tables(), ["database", "seed", "api", "api.build"]);
}

/// What is said about a value of a profile: the message after `must be `, and the help.
fn refusal(key: &str, raw: &Raw) -> (String, String) {
    let stored = find(key)
        .unwrap()
        .store(&mut blank_profile(), raw, Path::new("/"));
    let Refusal { message, help } = stored.unwrap_err();
    let must = format!("`{key}` must be ");
    (message.strip_prefix(&must).unwrap().to_owned(), help)
}

#[test]
fn a_refused_value_is_named_with_what_is_expected_and_what_was_meant() {
    #[rustfmt::skip]
    let cases = [
        ("api.replicas", "17", "a whole number from 1 to 16, not 17", "for example replicas = 2"),
        ("api.replicas", "'2'", "a whole number from 1 to 16, not \"2\"", "did you mean 2?"),
        ("api.replicas", "2.0", "a whole number from 1 to 16, not 2.0", "for example replicas = 2"),
        ("api.port", "'atuo'", "a port from 1 to 65535, or \"auto\" for a free one, not \"atuo\"", "did you mean \"auto\"?"),
        ("api.port", "0", "a port from 1 to 65535, or \"auto\" for a free one, not 0", "did you mean \"auto\"?"),
        ("database.memory", "'512 mb'", "a size of at least 64 MB, as a text with its unit (B, KiB, kB, MiB, MB, GiB or GB), not \"512 mb\"", "did you mean \"512 MB\"?"),
        ("api.memory", "'6 MB'", "a size of at least 6 MiB, as a text with its unit (B, KiB, kB, MiB, MB, GiB or GB), not \"6 MB\"", "for example memory = \"64 MB\""),
        ("database.durability", "'fats'", "\"safe\" or \"fast\", not \"fats\"", "did you mean \"fast\"?"),
        ("database.cpus", "0", "a number of cores from 0.01 to 512 with at most three decimals, not 0", "for example cpus = 1.5"),
        ("engine", "'embeded'", "\"auto\", \"docker\" or \"embedded\", not \"embeded\"", "did you mean \"embedded\"?"),
        ("protected", "'True'", "true or false, not \"True\"", "did you mean true?"),
        ("api.pool_wait", "'1 sec'", "a time from 1ms to 10m, as a text with its unit (ms, s or m), not \"1 sec\"", "did you mean \"1s\"?"),
        ("seed.file", "''", "the path of a file, not an empty text", "for example file = \"../db/rates.sql\""),
        ("database.postgres", "''", "the folder of an installed PostgreSQL, or \"auto\" to find one or fetch one, not an empty text", "for example postgres = \"/opt/postgresql-13\""),
        ("database.postgres", "'atuo'", "the folder of an installed PostgreSQL, or \"auto\" to find one or fetch one, not \"atuo\"", "did you mean \"auto\"?"),
        ("api.health", "'health'", "a path that begins with a slash, without spaces, not \"health\"", "for example health = \"/health/ready\""),
        ("api.build.dockerfile", "'../Dockerfile'", "the path of a file inside the folder, not \"../Dockerfile\"", "for example dockerfile = \"Dockerfile\""),
        ("api.bind", "[]", "an IP address, not a list", "for example bind = \"127.0.0.1\""),
    ];
    for (key, value, message, help) in cases {
        let raw = Raw::new(toml::de::DeValue::parse(value).unwrap().get_ref());
        assert_eq!(refusal(key, &raw), (message.to_owned(), help.to_owned()));
    }
}

#[test]
fn what_is_said_about_a_word_has_no_quotes_to_copy() {
    let cases = [
        ("api.port", "80000", "for example 15000"),
        ("database.memory", "512Mib", "did you mean 512 MiB?"),
        ("api.bind", "localhost", "for example 127.0.0.1"),
        ("database.durability", "sage", "did you mean safe?"),
    ];
    for (key, word, help) in cases {
        let (_, said) = refusal(key, &Raw::Word(word.to_owned()));
        assert_eq!(said, help);
    }
}
