//! A server that answers as an Engine would in a state that a real one cannot be brought into.

use bollard::API_DEFAULT_VERSION;
use bollard::Docker as Client;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

/// A client of one that answers each request, given as its first line, with a status and a JSON text.
pub async fn engine(answer: fn(&str) -> (&'static str, &'static str)) -> Client {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    TaskTracker::new().spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4096];
            let length = stream.read(&mut request).await.unwrap();
            let request = String::from_utf8_lossy(&request[..length]);
            let (status, body) = answer(request.lines().next().unwrap_or_default());
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
                 Connection: close\r\n\r\n{body}"
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    Client::connect_with_http(&format!("tcp://{address}"), 5, API_DEFAULT_VERSION).unwrap()
}
