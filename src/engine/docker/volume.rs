//! Where an environment's data and secrets live.

use std::collections::HashMap;

use bollard::Docker as Client;
use bollard::models::VolumeCreateRequest;
use bollard::query_parameters::ListVolumesOptionsBuilder;
use bollard::query_parameters::RemoveVolumeOptions;

use super::explain;
use super::explain::Explained;
use super::label;
use super::label::labels;
use super::label::of_environment;
use super::name_taken;
use crate::engine::Contents;
use crate::engine::Error;
use crate::engine::Identity;
use crate::engine::Result;
use crate::engine::Volume;
use crate::error::Code;
use crate::profile::EnvironmentName;
use crate::profile::ShortName;

/// The name of a volume.
pub fn name(environment: &EnvironmentName, contents: Contents) -> String {
    match contents {
        Contents::Named(name) => format!("ratesdev-{environment}-volume-{name}"),
        Contents::Dump => format!("ratesdev-{environment}-dump"),
        Contents::Data => format!("ratesdev-{environment}-database"),
        Contents::Secrets => format!("ratesdev-{environment}-secrets"),
    }
}

pub async fn list(client: &Client, environment: &EnvironmentName) -> Result<Vec<Volume>> {
    let filters = of_environment(environment);
    let options = ListVolumesOptionsBuilder::default()
        .filters(&filters)
        .build();
    let listed = client
        .list_volumes(Some(options))
        .await
        .explain("list the volumes")?;
    let [secrets, data] = [Contents::Secrets, Contents::Data].map(|it| name(environment, it));
    let volume = |volume: bollard::models::Volume| {
        let label = |name: &str| volume.labels.get(name).cloned().unwrap_or_default();
        Volume {
            contents: match label(label::VOLUME).parse() {
                Ok(own) => Contents::Named(own),
                Err(_) if volume.name == secrets => Contents::Secrets,
                Err(_) if volume.name == data => Contents::Data,
                // A job's has no name but its id.
                Err(_) => Contents::Dump,
            },
            root: label(label::ROOT).into(),
            protected: label(label::PROTECTED) == "true",
            name: volume.name,
        }
    };
    let listed = listed.volumes.unwrap_or_default().into_iter();
    let mut volumes: Vec<_> = listed.map(volume).collect();
    volumes.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(volumes)
}

/// Makes those for data and secrets, and those of the team's own that have these names.
pub async fn create(client: &Client, owner: &Identity, names: &[ShortName]) -> Result<()> {
    refuse_lost_secrets(client, owner).await?;
    // Secrets first: without data they are harmless, and data is never there without them.
    let own = names.iter().copied().map(Contents::Named);
    for contents in [Contents::Secrets, Contents::Data].into_iter().chain(own) {
        let request = VolumeCreateRequest {
            name: Some(name(&owner.environment, contents)),
            labels: Some(volume_labels(owner, contents)),
            ..Default::default()
        };
        let made = client
            .create_volume(request)
            .await
            .explain("create a volume")?;
        refuse_foreign(&made, owner)?;
    }
    Ok(())
}

fn volume_labels(owner: &Identity, contents: Contents) -> HashMap<String, String> {
    let mut labels = labels(owner);
    if let Contents::Named(name) = contents {
        labels.insert(label::VOLUME.to_owned(), name.to_string());
    }
    labels
}

/// Creating a volume that exists succeeds; one that is not labelled as this environment's is somebody else's.
fn refuse_foreign(volume: &bollard::models::Volume, owner: &Identity) -> Result<()> {
    match volume.labels.get(label::ENVIRONMENT) {
        Some(other) if *other == *owner.environment.as_str() => Ok(()),
        other => {
            let taken = ("volume", volume.name.as_str());
            Err(name_taken(taken, other, "docker volume rm"))
        }
    }
}

/// Data whose password has gone cannot be opened by anybody; a new password would only hide that.
async fn refuse_lost_secrets(client: &Client, owner: &Identity) -> Result<()> {
    let volumes = list(client, &owner.environment).await?;
    let has = |contents| {
        volumes
            .iter()
            .any(|volume| volume.name == name(&owner.environment, contents))
    };
    if has(Contents::Secrets) || !has(Contents::Data) {
        return Ok(());
    }
    let lost = name(&owner.environment, Contents::Secrets);
    let error = Error::new(
        Code::DatabaseUnreachable,
        format!("the volume {lost}, which holds the database's password, has gone"),
    );
    Err(error.hint(format!(
        "`ratesdev down -v -e {}` gives the data up; the next up begins anew",
        owner.environment
    )))
}

/// Data goes before the password that it cannot be opened without.
pub async fn remove(client: &Client, owner: &Identity) -> Result<()> {
    let secrets = name(&owner.environment, Contents::Secrets);
    let mut volumes = list(client, &owner.environment).await?;
    volumes.sort_by_key(|volume| volume.name == secrets);
    for volume in volumes {
        let removed = client
            .remove_volume(&volume.name, None::<RemoveVolumeOptions>)
            .await;
        explain::gone(removed, &format!("remove the volume {}", volume.name))?;
    }
    Ok(())
}
