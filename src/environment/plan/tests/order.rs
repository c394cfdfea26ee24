//! What is made from nothing or taken down, and what waits for what.

use super::*;
use crate::environment::wanted::Images;
use crate::image::folder::FolderImage;

#[test]
fn from_nothing_everything_is_made_and_what_can_is_made_at_once() {
    let wanted = wanted_by("dev");
    let images = [
        wanted.services[0].image.clone(),
        wanted.api_image.tag().to_owned(),
    ];
    let situation = Situation {
        missing_images: images.to_vec(),
        ..Situation::default()
    };
    let plan = up(&wanted, &situation, Choices::default());
    let ground = "image postgres:13.5, image ratesdev/api:1, network, volumes";
    assert_eq!(
        changes(&plan),
        [
            "image postgres:13.5 < ".to_owned(),
            "image ratesdev/api:1 < ".to_owned(),
            "network < ".to_owned(),
            "volumes < ".to_owned(),
            format!("database < {ground}"),
            format!("seed rates.sql < {ground}, database"),
            format!("api < {ground}, database, seed rates.sql"),
        ]
    );
    assert_eq!(
        titles(&plan).last().map(String::as_str),
        Some("check known day")
    );
}

#[test]
fn a_new_api_is_started_while_the_database_is_made_and_one_that_serves_is_kept_until_then() {
    let wanted = wanted_by("dev");
    let nothing = Situation {
        starts_are_slow: true,
        ..Situation::default()
    };
    let all = up(&wanted, &nothing, Choices::default());
    assert_eq!(
        beside(&all),
        [
            "seed rates.sql | database",
            "api | database, seed rates.sql"
        ]
    );
    let mut serves = settled(&wanted);
    serves.changed = vec![Instance::first(Role::Api)];
    serves.seed = None;
    serves.starts_are_slow = true;
    let replaced = up(&wanted, &serves, Choices::default());
    assert!(beside(&replaced).is_empty(), "{:?}", changes(&replaced));
}

#[test]
fn services_of_the_team_s_own_wait_for_what_they_need_and_for_nothing_else() {
    let wanted = wanted_with_services();
    let situation = Situation {
        observed: Observed {
            network: Network::Right,
            ..Observed::default()
        },
        ..Situation::default()
    };
    let plan = up(&wanted, &situation, Choices::default());
    assert_eq!(
        changes(&plan),
        [
            "volumes < ",
            "database < volumes",
            "seed rates.sql < volumes, database",
            "store < volumes",
            "api < volumes, database, seed rates.sql, store",
            "api-2 < volumes, database, seed rates.sql, store",
            "alone < volumes",
            "worker < volumes, database, seed rates.sql, store",
        ]
    );
}

#[test]
fn what_is_the_team_s_own_is_not_started_beside_the_making_of_the_database() {
    let wanted = wanted_with_services();
    let nothing = Situation {
        starts_are_slow: true,
        ..Situation::default()
    };
    let plan = up(&wanted, &nothing, Choices::default());
    let begun = beside(&plan);
    let own = |line: &&String| line.starts_with("worker") || line.starts_with("store");
    assert_eq!(begun.iter().find(own), None, "{begun:?}");
}

/// What the profile dev wants with a team's own API instead, built from this checkout's example.
fn wanted_with_own_api() -> Wanted {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let request = profile::Request::of_files(Some("examples/python-api/python.toml"), folder);
    let profile = profile::load(&request).unwrap().profile;
    let context = profile.api.build.context.clone().unwrap();
    let image = FolderImage::locate(&profile.api.build, &context, None).unwrap();
    let images = Images {
        ours: ApiImage::named("1"),
        folder: Some(image),
    };
    let name = profile.name.parse().unwrap();
    wanted(&profile, name, images, FINGERPRINT.to_owned())
}

#[test]
fn nothing_but_the_api_waits_for_the_image_of_the_team() {
    let wanted = wanted_with_own_api();
    let built = wanted.folder_image.as_ref().unwrap().tag().to_owned();
    let ours = wanted.api_image.tag().to_owned();
    let situation = Situation {
        missing_images: vec![built.clone(), ours.clone()],
        ..settled(&wanted)
    };
    let making = format!("image {built}");
    let plan = up(&wanted, &situation, Choices::default());
    assert_eq!(
        changes(&plan),
        [format!("{making} < ")],
        "no job needs this program's image"
    );

    let nothing = Situation {
        missing_images: vec![built, ours.clone()],
        ..Situation::default()
    };
    let plan = up(&wanted, &nothing, Choices::default());
    let ground = "network, volumes";
    assert_eq!(
        changes(&plan),
        [
            format!("{making} < "),
            "network < ".to_owned(),
            "volumes < ".to_owned(),
            format!("database < {ground}"),
            format!("image {ours} < "),
            format!("seed rates.sql < {ground}, database, image {ours}"),
            format!("api < {making}, {ground}, database, image {ours}, seed rates.sql"),
        ]
    );
    assert!(up(&wanted, &settled(&wanted), Choices::default()).is_empty());
}

#[test]
fn down_removes_what_asks_before_what_answers_and_keeps_the_data() {
    let wanted = wanted_by("prod");
    let observed = settled(&wanted).observed;
    let plan = down(&observed, false);
    assert_eq!(
        changes(&plan),
        [
            "remove api-2 < ",
            "remove api < ",
            "remove database < remove api-2, remove api",
            "remove network < remove api-2, remove api, remove database",
        ]
    );
    let plan = down(&observed, true);
    assert_eq!(
        titles(&plan).last().map(String::as_str),
        Some("remove volumes")
    );
    assert!(down(&Observed::default(), true).is_empty());
}
