//! An API that is a team's own: built or pulled, asked as ratesdev's own is, and told from one that is not as it must be.

mod build;
mod contract;
mod python;

use std::ops::Deref;
use std::path::Path;
use std::path::PathBuf;

use crate::support::checkout::Checkout;
use crate::support::docker;
use crate::support::environment::Environment;

/// The stand-in that `scripts/python-image` builds.
const PYTHON: &str = "ratesdev-test/python:3";

/// An environment, and the images that are built for it; they go after it.
struct Own {
    environment: Environment,
    _images: Images,
}

impl Deref for Own {
    type Target = Environment;

    fn deref(&self) -> &Environment {
        &self.environment
    }
}

/// The images that are built from folders below this one, removed when dropped.
struct Images(PathBuf);

impl Drop for Images {
    fn drop(&mut self) {
        let filter = "label=dev.ratesdev.context";
        let ids = docker::lines(&["images", "--quiet", "--filter", filter]);
        for id in ids {
            let format = "{{index .Config.Labels \"dev.ratesdev.context\"}}";
            let context = docker::attempt(&["image", "inspect", "--format", format, &id]).stdout;
            let context = String::from_utf8_lossy(&context);
            if Path::new(context.trim()).starts_with(&self.0) {
                drop(docker::attempt(&["rmi", "--force", &id]));
            }
        }
    }
}

/// A new name in a small checkout; nothing is there yet. None where no Engine may be used.
fn environment(word: &str) -> Option<Own> {
    let environment = Environment::small(word)?;
    assert!(
        docker::has_image(PYTHON),
        "the image {PYTHON} is not there: build it with scripts/python-image"
    );
    let path = environment.checkout.path();
    Some(Own {
        environment,
        _images: Images(path),
    })
}

/// Makes the checkout's profile `dev` one whose API is built from the folder `api`.
fn build_from_folder(checkout: &Checkout, lines: &str) {
    let profile = format!(
        "extends = \"dev\"\n[api]\nport = \"auto\"\n{lines}\n[api.build]\ncontext = \"../api\"\n"
    );
    checkout.write("profiles/own.toml", profile);
}

/// The Dockerfile of that folder.
fn dockerfile(checkout: &Checkout, lines: &str) {
    checkout.write("api/Dockerfile", format!("FROM {PYTHON}\n{lines}\n"));
}
