//! The streams of this process, lent to a command that runs elsewhere.

use std::io;
use std::io::Read;

use bytes::Bytes;
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;

/// How much is read of the standard input at once.
const CHUNK: usize = 16 * 1024;

/// The terminal while every key is passed on as it is pressed. Dropping this makes the terminal what it was.
#[derive(Debug)]
pub struct RawMode(());

impl RawMode {
    /// Begins it.
    pub fn enter() -> io::Result<Self> {
        crossterm::terminal::enable_raw_mode()?;
        Ok(Self(()))
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        restore();
    }
}

/// Makes the terminal what it was, for ways out on which nothing is dropped. It may be done at any time and again.
pub fn restore() {
    drop(crossterm::terminal::disable_raw_mode());
}

/// Restores the terminal before a panic is told, so that its lines begin where lines begin.
pub fn restore_on_panic() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        restore();
        tell(panic);
    }));
}

/// Columns and lines, where the terminal tells.
pub fn size() -> Option<(u16, u16)> {
    let size = crossterm::terminal::size().ok()?;
    Some(size).filter(|(columns, lines)| *columns > 0 && *lines > 0)
}

/// Tells when the terminal may have another size.
#[derive(Debug)]
pub struct Resizes {
    #[cfg(unix)]
    signals: Option<tokio::signal::unix::Signal>,
}

impl Resizes {
    /// Begins to listen.
    pub fn new() -> Self {
        Self {
            #[cfg(unix)]
            signals: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::window_change())
                .ok(),
        }
    }

    /// The next time; never, where nobody tells.
    pub async fn next(&mut self) {
        #[cfg(unix)]
        if let Some(signals) = &mut self.signals
            && signals.recv().await.is_some()
        {
            return;
        }
        std::future::pending::<()>().await;
    }
}

/// What comes in on the standard input, until its end.
///
/// A thread of its own reads it: a read of a terminal cannot be called off, and the program must be able to end without
/// it. It reads only what is there already, and nothing once its reader has gone: what is typed then is somebody else's.
pub fn input() -> mpsc::Receiver<Bytes> {
    let (sender, receiver) = mpsc::channel(4);
    std::thread::spawn(move || {
        let mut stdin = io::stdin();
        let mut chunk = vec![0; CHUNK];
        while is_wanted(&sender)
            && let Ok(read @ 1..) = stdin.read(&mut chunk)
        {
            let bytes = chunk.get(..read).unwrap_or_default();
            if sender.blocking_send(Bytes::copy_from_slice(bytes)).is_err() {
                break;
            }
        }
    });
    receiver
}

/// Waits until there is something to read; tells whether anybody wants it by then.
#[cfg(unix)]
fn is_wanted(reader: &mpsc::Sender<Bytes>) -> bool {
    use rustix::event::PollFd;
    use rustix::event::PollFlags;
    use rustix::event::Timespec;
    use rustix::event::poll;

    const LOOK: Timespec = Timespec {
        tv_sec: 0,
        tv_nsec: 100_000_000,
    };
    let stdin = io::stdin();
    while !reader.is_closed() {
        let mut polled = [PollFd::new(&stdin, PollFlags::IN)];
        // Where it cannot be waited for, as with some files on macOS, a read says what is wrong.
        if poll(&mut polled, Some(&LOOK)).map_or(true, |ready| ready > 0) {
            break;
        }
    }
    !reader.is_closed()
}

/// A read waits by itself.
#[cfg(not(unix))]
fn is_wanted(reader: &mpsc::Sender<Bytes>) -> bool {
    !reader.is_closed()
}

/// One of the streams that a command writes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// The standard output.
    Out,
    /// The standard error.
    Err,
}

/// Passes on what the command wrote, as it is.
pub async fn write(stream: Stream, bytes: &[u8]) -> io::Result<()> {
    match stream {
        Stream::Out => write_all(tokio::io::stdout(), bytes).await,
        Stream::Err => write_all(tokio::io::stderr(), bytes).await,
    }
}

async fn write_all(mut stream: impl tokio::io::AsyncWrite + Unpin, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes).await?;
    stream.flush().await
}
