//! Ports by their numbers and by what they carry.

use std::fmt;
use std::str::FromStr;

/// What is sent to a port: a stream, or single messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    /// A stream.
    #[default]
    Tcp,
    /// Single messages.
    Udp,
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        })
    }
}

/// A port, written `80` or `53/udp`. TCP and UDP of one number are two ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PortNumber {
    /// What it carries.
    pub protocol: Protocol,
    /// Its number.
    pub number: u16,
}

impl From<u16> for PortNumber {
    /// The one of TCP.
    fn from(number: u16) -> Self {
        let protocol = Protocol::Tcp;
        Self { protocol, number }
    }
}

impl fmt::Display for PortNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number)?;
        match self.protocol {
            Protocol::Tcp => Ok(()),
            Protocol::Udp => f.write_str("/udp"),
        }
    }
}

/// Something that is no port.
#[derive(Debug, thiserror::Error)]
#[error("a port is a number like 80, or 53/udp")]
pub struct NoPort;

impl FromStr for PortNumber {
    type Err = NoPort;

    fn from_str(text: &str) -> Result<Self, NoPort> {
        let (number, protocol) = match text.split_once('/').unwrap_or((text, "tcp")) {
            (number, "tcp") => (number, Protocol::Tcp),
            (number, "udp") => (number, Protocol::Udp),
            _ => return Err(NoPort),
        };
        let is_number = number.chars().all(|c| c.is_ascii_digit());
        let number = number.parse().ok().filter(|port| is_number && *port > 0);
        let number = number.ok_or(NoPort)?;
        Ok(Self { protocol, number })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_of_tcp_unless_it_says_otherwise() {
        for (text, written) in [("80", "80"), ("80/tcp", "80"), ("53/udp", "53/udp")] {
            let port: PortNumber = text.parse().unwrap();
            assert_eq!(port.to_string(), written);
        }
        for wrong in [
            "",
            "0",
            "+8",
            "65536",
            "80/",
            "/udp",
            "80/sctp",
            "80/tcp/tcp",
            "80/udp/tcp",
            "80/UDP",
        ] {
            assert!(wrong.parse::<PortNumber>().is_err(), "{wrong}");
        }
        assert_ne!(
            "53".parse::<PortNumber>().unwrap(),
            "53/udp".parse().unwrap()
        );
    }
}
