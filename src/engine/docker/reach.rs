//! How the ports that an Engine publishes are reached from this machine.

use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::sync::Arc;

use super::ssh::Ssh;
use crate::engine::Result;

/// The way to published ports.
#[derive(Debug, Clone)]
pub enum Reach {
    /// They are ports of this machine.
    Here,
    /// They are ports of the machine with this address, unless they are bound to that machine alone.
    At(IpAddr),
    /// They are reached over the connection to their machine.
    Through(Arc<Ssh>),
}

impl Reach {
    /// Whether a port that is bound to this address can be reached.
    pub fn reaches(&self, bound: IpAddr) -> bool {
        match self {
            Self::Here | Self::Through(_) => true,
            Self::At(_) => !bound.is_loopback(),
        }
    }

    /// Where people reach a published port, as long as the engine publishes it.
    pub fn lasting(&self, published: SocketAddr) -> SocketAddr {
        let machine = match self {
            Self::Here | Self::Through(_) => Ipv4Addr::LOCALHOST.into(),
            Self::At(machine) => *machine,
        };
        let everywhere = published.ip().is_unspecified();
        SocketAddr::new(
            if everywhere { machine } else { published.ip() },
            published.port(),
        )
    }

    /// Where this process reaches a published port; none where it cannot.
    pub async fn reached_at(&self, published: SocketAddr) -> Result<Option<SocketAddr>> {
        let lasting = self.lasting(published);
        match self {
            _ if !self.reaches(published.ip()) => Ok(None),
            Self::Here | Self::At(_) => Ok(Some(lasting)),
            Self::Through(ssh) => ssh.port(lasting).await.map(Some),
        }
    }

    /// The command with which a person reaches published ports by their own numbers.
    pub fn tunnel(&self, ports: &[SocketAddr]) -> Option<String> {
        match self {
            Self::Through(ssh) if !ports.is_empty() => Some(ssh.tunnel(ports)),
            _ => None,
        }
    }

    /// Makes sure that the way is open.
    pub async fn wake(&self) -> Result<()> {
        match self {
            Self::Here | Self::At(_) => Ok(()),
            Self::Through(ssh) => ssh.wake().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lasting(reach: &Reach, published: &str) -> String {
        reach.lasting(published.parse().unwrap()).to_string()
    }

    #[tokio::test]
    async fn a_port_of_another_machine_is_reached_unless_it_is_bound_to_that_machine_alone() {
        let there = Reach::At([10, 0, 0, 7].into());
        assert_eq!(lasting(&there, "0.0.0.0:80"), "10.0.0.7:80");
        assert_eq!(lasting(&there, "10.0.0.8:80"), "10.0.0.8:80");
        assert!(there.reaches([0, 0, 0, 0].into()) && !there.reaches([127, 0, 0, 1].into()));
        let bound = "127.0.0.1:80".parse().unwrap();
        assert_eq!(there.reached_at(bound).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_port_of_this_machine_is_reached_on_loopback() {
        assert_eq!(lasting(&Reach::Here, "0.0.0.0:80"), "127.0.0.1:80");
        assert_eq!(lasting(&Reach::Here, "127.0.0.1:80"), "127.0.0.1:80");
        let reached = Reach::Here.reached_at("[::]:80".parse().unwrap()).await;
        assert_eq!(reached.unwrap(), Some("127.0.0.1:80".parse().unwrap()));
    }
}
