//! `ratesdev port --forward`: ports of another machine as ports of this one.

use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::net::SocketAddr;

use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::cli::Context;
use crate::engine::Error;
use crate::engine::FoundPort;
use crate::engine::Instance;
use crate::engine::Observed;
use crate::environment::Environment;
use crate::error::Code;
use crate::error::Exit;
use crate::error::IoError;
use crate::error::Result;
use crate::tunnel;

/// Leads from ports of this machine, by their own numbers, to these that are published, until it is asked to end.
pub async fn run(
    environment: &Environment,
    observed: &Observed,
    ports: &[(Instance, FoundPort)],
    context: &Context,
) -> Result<Exit> {
    let mut leading = JoinSet::new();
    environment.engine.open_way(observed).await?;
    for (instance, port) in ports {
        if !port.connects() {
            context.out.note(format_args!(
                "{instance:<9} {port} is not forwarded: it carries UDP"
            ));
            continue;
        }
        let published = port.address;
        let there = environment.engine.reached(published).await?;
        if there == published {
            context
                .out
                .note(format_args!("{instance:<9} {there} is reached as it is"));
            continue;
        }
        let here = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), published.port());
        let port = listen(here, *instance).await?;
        context.out.line(format_args!("{instance:<9} {here}"))?;
        leading.spawn(tunnel::lead(port, move || async move {
            TcpStream::connect(there).await.ok()
        }));
    }
    if !leading.is_empty() {
        context.out.note("forwarding until Ctrl-C");
        context.shutdown.requested().await;
    }
    Ok(Exit::Done)
}

async fn listen(here: SocketAddr, instance: Instance) -> Result<TcpListener> {
    match TcpListener::bind(here).await {
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            let what = format!("{here}, which would lead to {instance}, is taken on this machine");
            let hint = "stop what listens there, or name the one role whose port you need: `ratesdev port api --forward`";
            Err(Error::new(Code::PortTaken, what).hint(hint).into())
        }
        bound => Ok(bound.map_err(IoError::new(format!("listen on {here}")))?),
    }
}
