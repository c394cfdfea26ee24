//! Whether the ports that an environment wants are free.

use std::net::IpAddr;
use std::net::TcpListener;
use std::net::UdpSocket;

use super::Environment;
use super::plan::Plan;
use super::plan::Task;
use crate::engine::Action;
use crate::engine::Observed;
use crate::engine::port_taken;
use crate::error::Result;
use crate::profile::PortNumber;
use crate::profile::Protocol;

impl Environment {
    /// A port that something else listens on would fail only after all the work; it is better to know before. Of another
    /// machine only what the engine itself publishes is known.
    pub(super) async fn refuse_taken_ports(&self, plan: &Plan, observed: &Observed) -> Result<()> {
        let local = self.engine.about().local;
        for step in &plan.steps {
            let Task::Act(Action::Start(service)) = &step.task else {
                continue;
            };
            for (address, port) in service.fixed_ports() {
                if publishes(observed, port) || (local && !is_taken(address, port)) {
                    continue;
                }
                let holder = self.engine.holder(port).await;
                if local || holder.is_some() {
                    return Err(port_taken(port, service.instance, holder).into());
                }
            }
        }
        Ok(())
    }
}

/// Whether an environment itself publishes a port.
pub fn publishes(observed: &Observed, port: PortNumber) -> bool {
    let instances = observed.instances.iter();
    let mut published = instances.flat_map(|found| &found.ports);
    published.any(|published| published.outside() == port)
}

/// Whether something listens there.
pub fn is_taken(address: IpAddr, PortNumber { protocol, number }: PortNumber) -> bool {
    let address = (address, number);
    let bound = match protocol {
        Protocol::Tcp => TcpListener::bind(address).map(drop),
        Protocol::Udp => UdpSocket::bind(address).map(drop),
    };
    bound.is_err_and(|error| error.kind() == std::io::ErrorKind::AddrInUse)
}
