//! A way to a server on which something goes wrong in the middle of an answer.

use std::io::Read;
use std::io::Write;
use std::net::Shutdown;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::mpsc::Receiver;

/// What goes wrong when a connection has brought so many bytes.
pub enum Trouble {
    /// It is cut; the next one is not.
    Cut,
    /// It brings nothing until the other end of the channel speaks or goes; afterwards nothing goes wrong any more.
    Silence(Arc<Mutex<Receiver<()>>>),
}

/// How much of an answer is passed on before it goes wrong.
const BEFORE: usize = 300_000;

/// Opens a port that leads to this server, for as long as the test runs.
pub fn relay(server: SocketAddr, trouble: Trouble) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let trouble = Arc::new(Mutex::new(Some(trouble)));
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (trouble, client) = (Arc::clone(&trouble), client.unwrap());
            std::thread::spawn(move || pass_on(client, server, &trouble));
        }
    });
    address
}

fn pass_on(mut client: TcpStream, server: SocketAddr, trouble: &Mutex<Option<Trouble>>) {
    let Ok(mut server) = TcpStream::connect(server) else {
        return;
    };
    let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    std::thread::spawn(move || {
        drop(std::io::copy(&mut from, &mut to));
        to.shutdown(Shutdown::Write).ok();
    });
    let (mut piece, mut passed) = ([0; 16 << 10], 0);
    while let Ok(length @ 1..) = server.read(&mut piece) {
        passed += length;
        if passed > BEFORE && !goes_on(trouble) {
            break;
        }
        if client.write_all(&piece[..length]).is_err() {
            break;
        }
    }
    client.shutdown(Shutdown::Both).ok();
    server.shutdown(Shutdown::Both).ok();
}

/// Lets happen what goes wrong; whether the connection is there afterwards.
fn goes_on(trouble: &Mutex<Option<Trouble>>) -> bool {
    let now = trouble.lock().unwrap().take();
    match now {
        None => true,
        Some(Trouble::Cut) => false,
        Some(Trouble::Silence(until)) => {
            until.lock().unwrap().recv().ok();
            true
        }
    }
}
