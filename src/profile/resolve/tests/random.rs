//! No file and no word makes the reader panic.

use proptest::prelude::*;

use super::*;

/// Lines that a profile may have, right and wrong, so that random files reach every part of the reader.
fn lines() -> impl Strategy<Value = String> {
    let keys = SETTINGS
        .iter()
        .map(settings::Setting::name)
        .chain(["extends", "name", "day", "x.y"]);
    let key = prop::sample::select(keys.collect::<Vec<_>>());
    let value = prop_oneof![prop::sample::select(vec![
        "1",
        "\"1s\"",
        "\"dev\"",
        "'CNGGZ'",
        "[",
        "{}",
        "\"",
        "1.5",
        "2021-01-31",
        "true",
        "é",
        "'''"
    ]),];
    prop_oneof![
        (key, value).prop_map(|(key, value)| format!("{key} = {value}")),
        prop::sample::select(vec![
            "[api]",
            "[database]",
            "[[checks]]",
            "[checks]",
            "[api",
            "[x]",
            "checks = [1]",
            "\u{feff}",
            "# é"
        ])
        .prop_map(str::to_owned),
        "\\PC{0,30}",
    ]
}

proptest! {
    #[test]
    fn no_file_makes_it_panic_and_every_fault_is_in_the_file(lines in prop::collection::vec(lines(), 0..12), end in "\\r?\\n?") {
        let text = lines.join(if end.is_empty() { "\n" } else { &end });
        let root = checkout(&[("profiles/p.toml", &text), ("profiles/dev.toml", "")]);
        match load(&Request::of_files(Some("p"), root.path())) {
            Ok(resolved) => {
                fs::write(root.path().join("profiles/p.toml"), resolved.toml()).unwrap();
                let again = load(&Request::of_files(Some("p"), root.path())).unwrap();
                prop_assert_eq!(again.profile, resolved.profile);
            }
            Err(Error::Invalid { faults, .. }) => {
                for fault in faults {
                    prop_assert_eq!(fault.lines().len(), 5);
                    let spot = fault.spot.unwrap();
                    prop_assert!(spot.start() <= text.len());
                    prop_assert!(spot.line() <= text.matches('\n').count() + 1);
                }
            }
            Err(error) => prop_assert!(false, "{error}"),
        }
    }

    #[test]
    fn no_word_makes_it_panic(key in "[a-z_.]{0,20}|api.port|seed.file", value in "\\PC{0,20}") {
        let set = [format!("{key}={value}"), value.clone()];
        let layer = words::flags(&set);
        prop_assert_eq!(layer.entries.len() + layer.faults.len(), 2);
        let layer = words::variables(&BTreeMap::from([(format!("RATESDEV_{key}"), value)]));
        prop_assert!(layer.entries.len() + layer.faults.len() <= 1);
    }
}
