//! The supervisor's socket. The path of a socket has about a hundred bytes; a folder's path may have more.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tokio::io::AsyncBufReadExt;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::io::BufReader;
use tokio::net::UnixListener;
use tokio::net::UnixStream;

use super::home::Place;
use super::home::SOCKET;
use super::protocol::LONGEST;

/// Connects to the supervisor of an environment.
#[cfg(target_os = "linux")]
pub async fn connect(place: &Place) -> io::Result<UnixStream> {
    use std::os::fd::AsRawFd;

    let folder = std::fs::File::open(place.path())?;
    let path = format!("/proc/self/fd/{}/{SOCKET}", folder.as_raw_fd());
    UnixStream::connect(path).await
}

/// Connects to the supervisor of an environment.
#[cfg(not(target_os = "linux"))]
pub async fn connect(place: &Place) -> io::Result<UnixStream> {
    UnixStream::connect(place.path().join(SOCKET)).await
}

/// The socket of a supervisor, in the folder that it works in.
#[derive(Debug)]
pub struct Socket {
    listener: UnixListener,
    /// What tells its file from another of the name.
    inode: u64,
}

impl Socket {
    /// Opens it for this user alone.
    pub fn open() -> io::Result<Self> {
        super::disk::remove(Path::new(SOCKET))?;
        let listener = UnixListener::bind(SOCKET)?;
        std::fs::set_permissions(SOCKET, Permissions::from_mode(0o600))?;
        let inode = std::fs::symlink_metadata(SOCKET)?.ino();
        Ok(Self { listener, inode })
    }

    /// The next who connects.
    pub async fn accept(&self) -> io::Result<UnixStream> {
        self.listener.accept().await.map(|(stream, _)| stream)
    }

    /// Opens it anew where its file was removed or replaced, which nobody could connect to any more.
    pub fn keep(&mut self) {
        let found = std::fs::symlink_metadata(SOCKET);
        let is_there = found.is_ok_and(|found| found.ino() == self.inode);
        if !is_there && let Ok(anew) = Self::open() {
            *self = anew;
        }
    }
}

/// Sends one line.
pub async fn send(stream: &mut UnixStream, document: &impl serde::Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(document)?;
    line.push(b'\n');
    stream.write_all(&line).await
}

/// Receives one line.
pub async fn receive(stream: &mut UnixStream) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    let mut reader = BufReader::new(stream).take(LONGEST);
    reader.read_until(b'\n', &mut line).await?;
    if line.last() == Some(&b'\n') {
        Ok(line)
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}
