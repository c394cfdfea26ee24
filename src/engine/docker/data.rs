//! Which PostgreSQL made the data that a volume holds, found out without starting anything.

use bollard::models::ContainerCreateBody;
use bollard::models::HostConfig;
use bollard::models::Mount;
use bollard::models::MountType;
use bollard::query_parameters::CreateContainerOptionsBuilder;

use super::Docker;
use super::container;
use super::container::DATA;
use super::volume;
use crate::engine::Contents;
use crate::engine::Identity;
use crate::engine::Instance;
use crate::engine::Result;
use crate::engine::Role;
use crate::engine::postmortem::other_version;
use crate::profile::EnvironmentName;

/// The variable in which images of PostgreSQL have their major version.
const MAJOR: &str = "PG_MAJOR=";

/// The file in which a cluster has it.
const VERSION: &str = "PG_VERSION";

impl Docker {
    /// Refuses an image that cannot open the data of an environment. What cannot be found out is refused by nobody.
    pub(super) async fn refuse_other_version(
        &self,
        environment: &EnvironmentName,
        image: &str,
    ) -> Result<()> {
        let Some(offered) = self.major_of_image(image).await else {
            return Ok(());
        };
        match self.major_of_data(environment, image).await {
            Some(made_by) if made_by != offered => {
                let cause = format!(
                    "the data belongs to PostgreSQL {made_by}, and the image is PostgreSQL {offered}"
                );
                Err(other_version(Role::Database, image).because(cause))
            }
            _ => Ok(()),
        }
    }

    async fn major_of_image(&self, image: &str) -> Option<String> {
        let config = self.client.inspect_image(image).await.ok()?.config?;
        let mut variables = config.env?.into_iter();
        variables.find_map(|variable| Some(variable.strip_prefix(MAJOR)?.to_owned()))
    }

    async fn major_of_data(&self, environment: &EnvironmentName, image: &str) -> Option<String> {
        let volumes = volume::list(&self.client, environment).await.ok()?;
        let mut volumes = volumes.into_iter();
        let data = volumes.find(|volume| volume.contents == Contents::Data)?;
        let owner = Identity {
            environment: environment.clone(),
            profile: String::new(),
            profile_file: "".into(),
            root: data.root,
            protected: data.protected,
        };
        let database = container::name(&owner, Instance::first(Role::Database));
        match self.version_in(&database).await {
            Some(version) => Some(version),
            None => self.version_of_volume(&owner, &data.name, image).await,
        }
    }

    async fn version_in(&self, container: &str) -> Option<String> {
        let file = self.file(container, &format!("{DATA}/{VERSION}")).await;
        let (text, _) = file.ok()??;
        Some(String::from_utf8_lossy(&text).trim().to_owned())
    }

    /// A volume is read through a container, which is never started. It goes by the name of the load, so that whatever
    /// follows knows what to do with one that was left.
    async fn version_of_volume(&self, owner: &Identity, data: &str, image: &str) -> Option<String> {
        let instance = Instance::first(Role::Seed);
        let mount = Mount {
            typ: Some(MountType::VOLUME),
            source: Some(data.to_owned()),
            target: Some(DATA.to_owned()),
            read_only: Some(true),
            ..Default::default()
        };
        let body = ContainerCreateBody {
            image: Some(image.to_owned()),
            labels: Some(container::container_labels(owner, instance, String::new())),
            host_config: Some(HostConfig {
                mounts: Some(vec![mount]),
                ..Default::default()
            }),
            ..Default::default()
        };
        let name = container::name(owner, instance);
        let options = CreateContainerOptionsBuilder::default().name(&name).build();
        let made = self.client.create_container(Some(options), body).await;
        let id = made.ok()?.id;
        let version = self.version_in(&id).await;
        container::discard(&self.client, &id).await;
        version
    }
}
