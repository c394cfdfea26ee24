//! Images that are being pulled, or built from a folder, when their command is killed.

use std::rc::Rc;

use super::ANY_STEP;
use super::DISK_MEGABYTES;
use super::DOWN_WITH_DATA;
use super::LABEL_OF_IMAGES;
use super::Scene;
use super::Victim;
use crate::lifecycle::services::checkout;
use crate::lifecycle::services::profile;
use crate::support::checkout::Checkout;
use crate::support::docker::docker;
use crate::support::docker::lines;
use crate::support::docker::postgres_image;
use crate::support::engine::PrivateEngine;
use crate::support::environment::Kind;
use crate::support::random::token;
use crate::support::registry::Registry;

/// Layers that take a while on their way.
const LAYERS: &str = "\
RUN head -c 8000000 /dev/urandom > /one
RUN head -c 8000000 /dev/urandom > /two
RUN head -c 8000000 /dev/urandom > /three";

/// Ends at once when the image's signal comes.
const IDLE: &str = "trap 'exit 0' INT; while :; do sleep 1 & wait $!; done";

/// An `up` that has to make the image, killed and called again.
fn begun_again() -> Scene {
    Scene::again(
        Victim::is_nothing_without_an_image,
        &["up"],
        Victim::is_whole,
    )
}

/// The same, killed and taken away.
fn gone_for_good() -> Scene {
    Scene {
        next: DOWN_WITH_DATA,
        verify: Victim::stays_gone,
        ..begun_again()
    }
}

#[test]
fn an_up_that_is_killed_while_it_pulls_is_gone_on_with_by_the_next() {
    let Some(engine) = PrivateEngine::start(DISK_MEGABYTES) else {
        return;
    };
    let registry = Registry::start();
    let image = registry.image("rates/idle:1");
    let checkout = checkout(&format!(
        "[services.idle]\nimage = \"{image}\"\nentrypoint = [\"sh\", \"-c\"]\ncommand = [\"{IDLE}\"]\n"
    ));
    let victim = Victim::from(Kind::Docker, Some(engine), "kill-pull", &checkout);
    let mut victim = victim.unwrap();
    victim.services = (&["idle"], 0);
    victim.environment.make_image(&image, LAYERS);
    docker(&["push", "--quiet", &image]);
    victim.is_killed_often(&[begun_again(), gone_for_good()]);
    victim.leaves_nothing();
}

#[test]
fn an_up_that_is_killed_while_it_builds_from_a_folder_is_gone_on_with_by_the_next() {
    let Some(engine) = PrivateEngine::start(DISK_MEGABYTES) else {
        return;
    };
    let checkout = Rc::new(Checkout::small());
    profile(&checkout, "[api.build]\ncontext = \"../api\"\n");
    lay_out(&checkout);
    let victim = Victim::from(Kind::Docker, Some(engine), "kill-build", &checkout);
    let mut victim = victim.unwrap();
    victim.steps = ANY_STEP;
    victim.is_killed_often(&[
        begun_again(),
        Scene::again(Victim::wants_another_api, &["up"], Victim::is_whole),
        gone_for_good(),
    ]);
    victim.leaves_nothing();
}

#[test]
fn what_builds_left_long_ago_goes_with_a_later_one_and_what_others_built_upon_it_stays() {
    let Some(victim) = Victim::new(Kind::Docker, "old-builds") else {
        return;
    };
    for name in ["", "ratesdev/api:old", "others/api:old"] {
        load_old_image(name);
    }
    victim.is_up();
    let labelled = ["images", "--filter", LABEL_OF_IMAGES];
    let format = ["--format", "{{.Repository}}:{{.Tag}}"];
    let mut left = lines(&[&labelled[..], &format].concat());
    left.retain(|name| !name.starts_with("ratesdev/api:"));
    assert_eq!(left, ["others/api:old"]);
    let ours = lines(&["images", "--quiet", "ratesdev/api"]);
    assert_eq!(ours.len(), 1, "{ours:?}");
    victim.leaves_nothing();
}

/// Gives the Engine an image with ratesdev's label, and this name if any, that was made years ago.
fn load_old_image(name: &str) {
    let config = format!(
        r#"{{"architecture": "amd64", "os": "linux", "created": "2020-01-01T00:00:00Z", "author": "{name}",
        "config": {{"Labels": {{"dev.ratesdev.role": "api"}}}}, "rootfs": {{"type": "layers", "diff_ids": []}}}}"#
    );
    let names: Vec<_> = Some(name)
        .filter(|name| !name.is_empty())
        .into_iter()
        .collect();
    let manifest = format!(r#"[{{"Config": "config.json", "RepoTags": {names:?}, "Layers": []}}]"#);
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut archive = tar::Builder::new(file.as_file());
    for (path, text) in [("config.json", config), ("manifest.json", manifest)] {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        archive
            .append_data(&mut header, path, text.as_bytes())
            .unwrap();
    }
    archive.finish().unwrap();
    docker(&["load", "--quiet", "--input", file.path().to_str().unwrap()]);
}

/// The API that comes with ratesdev as one of the team's own.
fn lay_out(checkout: &Checkout) {
    checkout.write("api/version", token());
    let program = checkout.path().join("api/ratesdev");
    std::fs::copy(env!("CARGO_BIN_EXE_ratesdev"), program).unwrap();
    let dockerfile = format!(
        "FROM {}\nRUN echo begun > /begun\nCOPY ratesdev /ratesdev\nRUN /ratesdev --version\n\
         COPY version /version\nRUN cat /version\nENTRYPOINT [\"/ratesdev\", \"serve\"]\n",
        postgres_image()
    );
    checkout.write("api/Dockerfile", dockerfile);
}

impl Victim {
    fn wants_another_api(&self) {
        self.is_up();
        self.environment.checkout.write("api/version", token());
    }
}
