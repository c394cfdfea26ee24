//! Where an API is: the part of its URLs that stays the same.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use hyper::Uri;

use crate::error::Code;
use crate::error::Exit;
use crate::error::Explain;

/// The URL of an API without the path of a question: `http://host:port[/prefix]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    host: String,
    port: u16,
    prefix: String,
}

/// Why a text is not the URL of an API.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    /// The text is no URL with scheme and host.
    #[error("{0:?} is not the URL of an API; write it like http://127.0.0.1:15000")]
    Form(String),
    /// The API is behind TLS.
    #[error("{0:?} uses https, which ratesdev does not speak yet; name the API's http URL")]
    Https(String),
    /// There is something in it that a base cannot have.
    #[error("{0:?} has {1}; the URL of an API is http://host:port with at most a path")]
    Extra(String, &'static str),
}

impl Explain for BaseUrlError {
    fn code(&self) -> Code {
        Code::Usage
    }

    fn exit(&self) -> Exit {
        Exit::Usage
    }
}

impl BaseUrl {
    /// The host as a resolver takes it: a name or an address, without brackets.
    pub fn host(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    /// The port; 80 when the URL has none.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The value of the header `Host`.
    pub fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// What is asked of the server for `path_and_query`: the prefix goes before it.
    pub fn target(&self, path_and_query: &str) -> String {
        let slash = !path_and_query.starts_with('/') && self.prefix.is_empty();
        let slash = if slash { "/" } else { "" };
        format!("{}{slash}{path_and_query}", self.prefix)
    }

    /// The whole URL of `path_and_query`.
    pub fn join(&self, path_and_query: &str) -> String {
        format!("http://{}{}", self.authority(), self.target(path_and_query))
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}{}", self.authority(), self.prefix)
    }
}

impl From<SocketAddr> for BaseUrl {
    fn from(address: SocketAddr) -> Self {
        let host = match address {
            SocketAddr::V4(address) => address.ip().to_string(),
            SocketAddr::V6(address) => format!("[{}]", address.ip()),
        };
        Self {
            host,
            port: address.port(),
            prefix: String::new(),
        }
    }
}

impl FromStr for BaseUrl {
    type Err = BaseUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let form = || BaseUrlError::Form(text.to_owned());
        let extra = |what| BaseUrlError::Extra(text.to_owned(), what);
        // The parser drops fragments silently.
        if text.contains('#') {
            return Err(extra("a fragment (#…)"));
        }
        let uri: Uri = text.parse().ok().ok_or_else(form)?;
        match uri.scheme_str() {
            Some("http") => {}
            Some("https") => return Err(BaseUrlError::Https(text.to_owned())),
            _ => return Err(form()),
        }
        let authority = uri.authority().ok_or_else(form)?;
        if authority.as_str().contains('@') {
            return Err(extra("a user name"));
        }
        if uri.query().is_some() {
            return Err(extra("a query (?…)"));
        }
        Ok(Self {
            host: uri
                .host()
                .filter(|host| !host.is_empty())
                .ok_or_else(form)?
                .to_owned(),
            port: port(authority.as_str(), authority.host()).ok_or_else(form)?,
            prefix: uri.path().trim_end_matches('/').to_owned(),
        })
    }
}

/// The port of an authority. The parser lets ports through that are none, such as `:99999`.
fn port(authority: &str, host: &str) -> Option<u16> {
    match authority.strip_prefix(host)?.strip_prefix(':') {
        Some(port) => port.parse().ok().filter(|port| *port > 0),
        None => Some(80),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_base_is_read_with_and_without_port_and_prefix() {
        let cases = [
            ("http://127.0.0.1:15000", "127.0.0.1", 15000, "/rates"),
            ("http://localhost:15000/", "localhost", 15000, "/rates"),
            ("http://rates.test", "rates.test", 80, "/rates"),
            ("http://host:8080/v1/api/", "host", 8080, "/v1/api/rates"),
            ("http://[::1]:15000", "::1", 15000, "/rates"),
            ("HTTP://Host:1", "Host", 1, "/rates"),
        ];
        for (text, host, port, target) in cases {
            let base: BaseUrl = text.parse().unwrap();
            assert_eq!((base.host(), base.port()), (host, port), "{text}");
            assert_eq!(base.target("/rates"), target, "{text}");
        }
    }

    #[test]
    fn a_base_is_written_as_it_would_be_typed() {
        let base: BaseUrl = "http://[::1]:15000/v1/".parse().unwrap();
        assert_eq!(base.to_string(), "http://[::1]:15000/v1");
        assert_eq!(base.join("/rates?a=1"), "http://[::1]:15000/v1/rates?a=1");
        assert_eq!(base.join(""), "http://[::1]:15000/v1");
        let base = BaseUrl::from(SocketAddr::from(([127, 0, 0, 1], 80)));
        assert_eq!(base.join(""), "http://127.0.0.1:80/");
    }

    #[test]
    fn what_is_not_a_base_is_refused_with_the_reason() {
        let cases = [
            ("https://rates.test", "does not speak yet"),
            ("127.0.0.1:15000", "write it like"),
            ("localhost", "write it like"),
            ("ftp://host", "write it like"),
            ("", "write it like"),
            ("http://", "write it like"),
            ("http://:80", "write it like"),
            ("http://host:99999", "write it like"),
            ("http://host:0", "write it like"),
            ("http://ho st", "write it like"),
            ("http://me@host", "a user name"),
            ("http://host/?a=1", "a query"),
            ("http://host/#top", "a fragment"),
        ];
        for (text, reason) in cases {
            let error = text.parse::<BaseUrl>().unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic_and_what_it_reads_it_reads_again(text in "(http://)?\\PC*") {
            if let Ok(base) = text.parse::<BaseUrl>() {
                prop_assert_eq!(base.to_string().parse(), Ok(base));
            }
        }
    }
}
