//! An HTTP client that hides nothing: one connection, and every loss is an error.

use std::io;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::net::SocketAddr;
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// An open connection.
pub struct Connection(BufReader<TcpStream>);

/// One answer, read to its end.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Reply {
    /// A header's value, empty when absent.
    pub fn header(&self, name: &str) -> &str {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let found = lines.find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Whether another request may follow on the connection.
    pub fn keeps_open(&self) -> bool {
        self.header("connection") != "close"
    }
}

impl Connection {
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Sends a `GET`, with one more header if it is not empty.
    pub fn ask(&mut self, path: &str, header: &str) -> io::Result<()> {
        let end = if header.is_empty() { "" } else { "\r\n" };
        let head = format!("GET {path} HTTP/1.1\r\nhost: rates\r\n{header}{end}\r\n");
        self.0.get_mut().write_all(head.as_bytes())
    }

    /// Reads one answer.
    pub fn reply(&mut self) -> io::Result<Reply> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.0.read_line(&mut head)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let reply = Reply {
            status,
            head,
            body: Vec::new(),
        };
        let mut body = vec![0; reply.header("content-length").parse().unwrap_or(0)];
        self.0.read_exact(&mut body)?;
        Ok(Reply { body, ..reply })
    }
}

/// One `GET` on a connection of its own.
pub fn get(address: SocketAddr, path: &str) -> io::Result<Reply> {
    let mut connection = Connection::open(address)?;
    connection.ask(path, "connection: close")?;
    connection.reply()
}
