//! On which addresses the programs of a container listen: what the kernel tells in a container with a `cat`.

use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;
use std::net::SocketAddr;

use bollard::Docker as Client;
use bollard::container::LogOutput;
use bollard::exec::StartExecResults;
use bollard::models::ExecConfig;
use futures_util::StreamExt;

/// The state of a socket that listens.
const LISTENS: &str = "0A";

/// The server of names that Docker puts into every container.
const DOCKERS_OWN: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 11);

/// Every address on which something listens; none where the container cannot tell.
pub async fn read(client: &Client, id: &str) -> Option<Vec<SocketAddr>> {
    let command = ["cat", "/proc/net/tcp", "/proc/net/tcp6"];
    let config = ExecConfig {
        attach_stdout: Some(true),
        cmd: Some(command.map(str::to_owned).to_vec()),
        ..Default::default()
    };
    let exec = client.create_exec(id, config).await.ok()?.id;
    let StartExecResults::Attached { output, .. } = client.start_exec(&exec, None).await.ok()?
    else {
        return None;
    };
    let texts = output.filter_map(async |part| match part {
        Ok(LogOutput::StdOut { message }) => Some(message),
        _ => None,
    });
    let text = texts.collect::<Vec<_>>().await.concat();
    let text = String::from_utf8_lossy(&text);
    text.contains("local_address").then(|| parse(&text))
}

/// The sockets that listen, in the words of the kernel.
fn parse(text: &str) -> Vec<SocketAddr> {
    let listens = |line: &str| {
        let mut words = line.split_whitespace().skip(1);
        let address = words.next()?;
        (words.nth(1)? == LISTENS).then(|| socket(address))?
    };
    let sockets = text.lines().filter_map(listens);
    sockets
        .filter(|socket| socket.ip() != DOCKERS_OWN)
        .collect()
}

/// An address as the kernel writes it: words of the machine's own byte order, in hexadecimal.
fn socket(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let words = address.as_bytes().chunks(8);
    let words = words.map(|word| u32::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok());
    let bytes: Vec<u8> = words
        .collect::<Option<Vec<_>>>()?
        .into_iter()
        .flat_map(u32::to_le_bytes)
        .collect();
    let address = match bytes.as_slice() {
        [a, b, c, d] => IpAddr::from([*a, *b, *c, *d]),
        sixteen => IpAddr::from(Ipv6Addr::from(<[u8; 16]>::try_from(sixteen).ok()?)),
    };
    Some(SocketAddr::new(address.to_canonical(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_listens_is_told_and_nothing_of_docker_s_own() {
        let text = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 24 1
   1: 0B00007F:A1B2 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 25 1
   2: 020011AC:1538 030011AC:9C40 01 00000000:00000000 00:00000000 00000000     0        0 26 1
  sl  local_address                         remote_address                        st tx_queue rx_queue
   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000
   1: 0000000000000000FFFF00000100007F:0051 00000000000000000000000000000000:0000 0A 00000000:00000000
";
        let expected = ["127.0.0.1:8000", "[::]:80", "127.0.0.1:81"];
        assert_eq!(parse(text), expected.map(|text| text.parse().unwrap()));
        assert_eq!(parse(""), []);
    }
}
