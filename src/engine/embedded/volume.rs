//! Where an environment's data and secrets live.

use std::io;

use super::client;
use super::disk;
use super::events;
use super::home::Home;
use super::home::Place;
use super::home::unusable;
use super::log;
use super::postgres::account::Account;
use super::record;
use super::record::Owner;
use super::server;
use super::supervisor;
use crate::engine::Contents;
use crate::engine::DATABASE_NAME;
use crate::engine::Error;
use crate::engine::Identity;
use crate::engine::Result;
use crate::engine::Volume;
use crate::engine::random_password;
use crate::error::Code;

/// What is there.
pub fn list(place: &Place) -> Result<Vec<Volume>> {
    let owner: Option<Owner> =
        disk::load(&place.identity()).map_err(|error| unusable(place.path(), error))?;
    let Some(owner) = owner else {
        return Ok(remains(place));
    };
    let folders = [
        (place.data(), place.data(), Contents::Data),
        (place.secrets(), place.password(), Contents::Secrets),
    ];
    let there = folders.into_iter().filter(|(_, proof, _)| proof.exists());
    let there: Vec<_> = there.collect();
    if there.is_empty() {
        return Ok(remains(place));
    }
    let volume = |(folder, _, contents): (std::path::PathBuf, _, _)| Volume {
        name: folder.display().to_string(),
        contents,
        root: owner.root.clone(),
        protected: owner.protected,
    };
    Ok(there.into_iter().map(volume).collect())
}

/// A folder that holds neither, or says of nobody whose it is, was left by a command that was killed when it made or
/// removed it.
fn remains(place: &Place) -> Vec<Volume> {
    let there = place.path().exists().then(|| Volume {
        name: place.path().display().to_string(),
        contents: Contents::Secrets,
        root: std::path::PathBuf::new(),
        protected: false,
    });
    there.into_iter().collect()
}

/// Makes folders for both, and a password. The database makes its cluster itself.
pub fn create(
    home: &Home,
    place: &Place,
    owner: &Identity,
    account: Option<&Account>,
) -> Result<()> {
    home.make()?;
    place.make()?;
    refuse_lost_secrets(place, owner)?;
    let fail = |error| unusable(place.path(), error);
    disk::save(&place.identity(), &Owner::from(owner)).map_err(fail)?;
    make_secrets(place, account)?;
    disk::folder(&place.data(), disk::PRIVATE)
        .and_then(|()| server::give(&place.data(), account))
        .map_err(fail)
}

/// Secrets first: without data they are harmless, and data is never there without them. The password is the last of
/// them, because its file says that they are there.
fn make_secrets(place: &Place, account: Option<&Account>) -> Result<()> {
    if place.password().exists() {
        return Ok(());
    }
    let password = random_password()?;
    let make = || {
        disk::folder(&place.secrets(), disk::way())?;
        let pgpass = format!("*:*:*:{DATABASE_NAME}:{password}\n");
        server::secret(&place.pgpass(), &pgpass, account)?;
        server::secret(&place.password(), &password, account)
    };
    make().map_err(|error: io::Error| unusable(place.path(), error))
}

/// Data whose password has gone cannot be opened by anybody; a new password would only hide that.
fn refuse_lost_secrets(place: &Place, owner: &Identity) -> Result<()> {
    let has_data =
        std::fs::read_dir(place.data()).is_ok_and(|mut entries| entries.next().is_some());
    if place.password().exists() || !has_data {
        return Ok(());
    }
    let lost = place.password();
    let error = Error::new(
        Code::DatabaseUnreachable,
        format!("{}, the database's password, has gone", lost.display()),
    );
    Err(error.hint(format!(
        "`ratesdev down -v -e {}` gives the data up; the next up begins anew",
        owner.environment
    )))
}

/// Data goes before the password that it cannot be opened without, and everything else after them.
pub async fn remove(place: &Place) -> Result<()> {
    if !place.path().exists() {
        return Ok(());
    }
    // A supervisor may be on its way out, or look after what has no record any more.
    client::end(place).await?;
    let lock = supervisor::lock(place)
        .await
        .map_err(|error| unusable(place.path(), error.source))?;
    let remove = || {
        disk::remove_folder(&place.data())?;
        disk::remove_folder(&place.data().with_extension("new"))?;
        disk::remove_folder(&place.secrets())?;
        disk::remove(&place.identity())?;
        if record::all(place)?.is_empty() {
            remove_rest(place)?;
        }
        Ok(())
    };
    let removed = remove().map_err(|error| unusable(place.path(), error));
    drop(lock);
    removed
}

/// An environment without instances, data and secrets is none. What is left of its folder when this is cut off is still
/// in its place, where the next command finds it.
fn remove_rest(place: &Place) -> io::Result<()> {
    events::of(place).remove()?;
    disk::remove_tree(place.path())
}

/// Removes what is kept of one instance.
pub fn forget(place: &Place, instance: crate::engine::Instance) -> Result<()> {
    let forget = || {
        disk::remove(&place.record(instance))?;
        log::of(place, instance).remove()?;
        disk::remove_folder(&place.workplace(instance))
    };
    forget().map_err(|error| unusable(place.path(), error))
}
