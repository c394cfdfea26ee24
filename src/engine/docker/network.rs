//! The network of an environment: made, found by its id, removed.

use std::collections::HashMap;
use std::time::Duration;
use std::time::Instant;

use bollard::models::Ipam;
use bollard::models::IpamConfig;
use bollard::models::NetworkCreateRequest;
use bollard::query_parameters::ListNetworksOptionsBuilder;

use super::Docker;
use super::explain;
use super::explain::Explained;
use super::label;
use super::label::labels;
use super::label::of_environment;
use super::name_taken;
use super::subnet;
use super::subnet::Subnet;
use crate::engine::Error;
use crate::engine::Identity;
use crate::engine::Result;
use crate::error::Code;
use crate::profile::EnvironmentName;

/// How long containers may take to leave a network.
const LEAVING: Duration = Duration::from_secs(3);

/// How often addresses are chosen that somebody else takes first.
const ATTEMPTS: usize = 20;

impl Docker {
    /// The networks of an environment by their ids, the oldest first. There should be one: names are not unique, and
    /// two networks of one name make every use of the name fail.
    pub(super) async fn networks(&self, environment: &EnvironmentName) -> Result<Vec<String>> {
        let filters = of_environment(environment);
        let options = ListNetworksOptionsBuilder::default()
            .filters(&filters)
            .build();
        let networks = self.client.list_networks(Some(options)).await;
        let mut networks = networks.explain("list the networks")?;
        networks.sort_by(|one, other| (&one.created, &one.id).cmp(&(&other.created, &other.id)));
        let ids = networks.into_iter().filter_map(|network| network.id);
        Ok(ids.collect())
    }

    pub(super) async fn network(&self, environment: &EnvironmentName) -> Result<Option<String>> {
        Ok(self.networks(environment).await?.into_iter().next())
    }

    /// Makes sure that there is one. An earlier command that was cut off may have asked for it too, and the Engine may
    /// have answered that after this command looked.
    pub(super) async fn create_network(&self, owner: &Identity) -> Result<()> {
        if self.network(&owner.environment).await?.is_none() {
            self.create_first_network(owner).await?;
        }
        let networks = self.networks(&owner.environment).await?;
        for double in networks.iter().skip(1) {
            let removed = self.client.remove_network(double).await;
            explain::gone(removed, "remove a second network")?;
        }
        Ok(())
    }

    async fn create_first_network(&self, owner: &Identity) -> Result<()> {
        let name = network_name(&owner.environment);
        self.refuse_foreign_network(&name).await?;
        let request = NetworkCreateRequest {
            name,
            driver: Some("bridge".to_owned()),
            labels: Some(labels(owner)),
            ..Default::default()
        };
        match self.client.create_network(request.clone()).await {
            Err(cause) if explain::is_out_of_addresses(&cause) => {
                self.create_network_by_address(request).await
            }
            created => created.explain("create the network").map(drop),
        }
    }

    /// Makes a network with addresses of our choice. Another command may take them before this one does.
    async fn create_network_by_address(&self, request: NetworkCreateRequest) -> Result<()> {
        for subnet in subnet::free(self.taken_addresses().await?).take(ATTEMPTS) {
            let config = IpamConfig {
                subnet: Some(subnet.to_string()),
                ..Default::default()
            };
            let request = NetworkCreateRequest {
                ipam: Some(Ipam {
                    config: Some(vec![config]),
                    ..Default::default()
                }),
                ..request.clone()
            };
            match self.client.create_network(request).await {
                Err(cause) if explain::is_about_addresses(&cause) => {}
                created => return created.explain("create the network").map(drop),
            }
        }
        let what = "the Docker Engine has no addresses left for another network";
        Err(Error::new(Code::AddressesUsedUp, what).hint(
            "take environments down that are not needed (`ratesdev ls --all`), or remove networks that nothing uses with `docker network prune`",
        ))
    }

    /// What networks of the Engine have, and what this machine reaches some other way.
    async fn taken_addresses(&self) -> Result<Vec<Subnet>> {
        let networks = self.client.list_networks(None).await;
        let networks = networks.explain("list the networks")?.into_iter();
        let configs = networks.filter_map(|network| network.ipam?.config);
        let subnets = configs.flatten().filter_map(|config| config.subnet);
        let mut taken: Vec<_> = subnets.filter_map(|text| Subnet::parse(&text)).collect();
        if self.about.local {
            taken.extend(subnet::routes());
        }
        Ok(taken)
    }

    /// A second network of the same name could be created, and then no container of either could be started.
    async fn refuse_foreign_network(&self, name: &str) -> Result<()> {
        let filters = HashMap::from([("name".to_owned(), vec![format!("^{name}$")])]);
        let options = ListNetworksOptionsBuilder::default()
            .filters(&filters)
            .build();
        let networks = self.client.list_networks(Some(options)).await;
        let networks = networks.explain("list the networks")?;
        let Some(network) = networks.first() else {
            return Ok(());
        };
        let labels = network.labels.as_ref();
        let owner = labels.and_then(|labels| labels.get(label::ENVIRONMENT));
        Err(name_taken(("network", name), owner, "docker network rm"))
    }

    pub(super) async fn remove_network(&self, owner: &Identity) -> Result<()> {
        // A container that has just gone may still be taken off the network.
        let deadline = Instant::now() + LEAVING;
        while let Some(id) = self.network(&owner.environment).await? {
            let removed = self.client.remove_network(&id).await;
            match explain::gone(removed, "remove the network") {
                Err(error) if Instant::now() >= deadline => return Err(error),
                Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
                Ok(()) => {}
            }
        }
        Ok(())
    }
}

/// The name of an environment's network; people see it, and Podman knows it by nothing else.
pub fn network_name(environment: &EnvironmentName) -> String {
    format!("ratesdev-{environment}")
}
