//! The client against real servers, good and bad.

use std::io::Read;
use std::io::Write;
use std::net::TcpListener;
use std::net::TcpStream;
use std::thread::JoinHandle;

use super::exchange::Cause;
use super::*;
use crate::error::Code;
use crate::error::Exit;
use crate::error::Explain;

const SOON: Duration = Duration::from_millis(200);
const LATE: Duration = Duration::from_secs(20);

/// A server for one connection: `answer` gets it after the request's head has been read, which is returned.
fn serve(
    listener: TcpListener,
    answer: impl FnOnce(&mut TcpStream) + Send + 'static,
) -> (BaseUrl, JoinHandle<String>) {
    let base = BaseUrl::from(listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        answer(&mut stream);
        String::from_utf8(head).unwrap()
    });
    (base, server)
}

fn local() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

/// A server that sends these bytes and hangs up.
fn sends(bytes: &'static [u8]) -> (BaseUrl, JoinHandle<String>) {
    serve(local(), move |stream| stream.write_all(bytes).unwrap())
}

/// A server that sends these bytes and then waits for the client to go.
fn stalls(bytes: &'static [u8]) -> (BaseUrl, JoinHandle<String>) {
    serve(local(), move |stream| {
        stream.write_all(bytes).unwrap();
        drop(stream.read(&mut [0]));
    })
}

fn question() -> Question {
    Question {
        orig: "CNGGZ".parse().unwrap(),
        dest: "northern_europe".parse().unwrap(),
        span: "2021-01".parse().unwrap(),
    }
}

async fn cause(base: &BaseUrl, deadline: Duration) -> Cause {
    let error = get(base, "/rates", deadline).await.unwrap_err();
    assert_eq!(error.url, base.join("/rates"));
    assert_eq!(error.code(), Code::ApiUnreachable);
    assert_eq!(error.exit(), Exit::NotRunning);
    error.cause
}

#[test]
fn a_question_has_a_path_and_a_curl_line() {
    let path =
        "/rates?date_from=2021-01-01&date_to=2021-01-31&orig_code=CNGGZ&dest_code=northern_europe";
    assert_eq!(question().path_and_query(), path);
    let base: BaseUrl = "http://127.0.0.1:15000/it's".parse().unwrap();
    let line = format!(r"curl 'http://127.0.0.1:15000/it'\''s{path}'");
    assert_eq!(question().curl(&base), line);
}

#[tokio::test]
async fn a_request_says_who_asks_and_what_it_takes() {
    let (base, server) = sends(b"HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n{\"rates\":[]}");
    let response = ask(&base, &question(), LATE).await.unwrap();
    assert!(response.answer().unwrap().rates.is_empty());
    let head = server.join().unwrap();
    let first = format!("GET {} HTTP/1.1", question().path_and_query());
    assert_eq!(head.lines().next().unwrap(), first);
    let agent = concat!("user-agent: ratesdev/", env!("CARGO_PKG_VERSION"));
    let host = format!("host: {}", base.authority());
    for line in [
        agent,
        &host,
        "connection: close",
        "accept: application/json, application/problem+json",
    ] {
        assert!(
            head.lines().any(|sent| sent == line),
            "{line} is not in {head}"
        );
    }
}

#[tokio::test]
async fn a_response_has_status_headers_body_and_phases_in_order() {
    let (base, _server) = sends(b"HTTP/1.1 503 Whatever\r\nretry-after: 7\r\n\r\nnot yet");
    let response = get(&base, "/health/ready", LATE).await.unwrap();
    assert_eq!(response.status, 503);
    assert_eq!(response.headers["retry-after"], "7");
    assert_eq!(response.body, "not yet");
    let Timing {
        connect,
        first_byte,
        total,
    } = response.timing;
    assert!(Duration::ZERO < connect && connect <= first_byte && first_byte <= total);
}

#[tokio::test]
async fn a_chunked_body_is_put_together() {
    let (base, _server) = stalls(
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
    );
    assert_eq!(get(&base, "/", LATE).await.unwrap().body, "abcde");
}

#[tokio::test]
async fn a_host_may_be_an_ipv6_address() {
    let Ok(listener) = TcpListener::bind("[::1]:0") else {
        eprintln!("this machine has no IPv6");
        return;
    };
    let (base, server) = serve(listener, |stream| {
        stream
            .write_all(b"HTTP/1.1 204 No Content\r\n\r\n")
            .unwrap();
    });
    assert_eq!(get(&base, "/", LATE).await.unwrap().status, 204);
    assert!(server.join().unwrap().contains("host: [::1]:"));
}

#[tokio::test]
async fn a_port_nobody_listens_on_is_refused() {
    let base = BaseUrl::from(local().local_addr().unwrap());
    assert!(matches!(cause(&base, LATE).await, Cause::Refused));
}

#[tokio::test]
async fn a_name_nobody_knows_is_named() {
    let base = "http://no-such-host.invalid:1".parse().unwrap();
    let cause = cause(&base, LATE).await;
    assert!(
        matches!(&cause, Cause::Name { host, .. } if host == "no-such-host.invalid"),
        "{cause}"
    );
}

#[tokio::test]
async fn a_timeout_names_its_phase() {
    let (base, _server) = stalls(b"");
    let silent = cause(&base, SOON).await;
    assert_eq!(
        silent.to_string(),
        "timed out after 200 ms waiting for the first byte"
    );
    let (base, _server) = stalls(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf");
    let half = cause(&base, SOON).await;
    assert_eq!(half.to_string(), "timed out after 200 ms reading the body");
}

#[tokio::test]
async fn what_is_not_http_or_ends_early_is_broken() {
    for bytes in [
        b"".as_slice(),
        b"220 mail.test ESMTP\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    ] {
        let (base, _server) = sends(bytes);
        let cause = cause(&base, LATE).await;
        assert!(matches!(cause, Cause::Broken(_)), "{cause}");
    }
}

#[tokio::test]
async fn a_body_without_end_is_not_read_to_the_end() {
    let (base, _server) = serve(local(), |stream| {
        let megabyte = vec![b'x'; 1_000_000];
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        while stream.write_all(&megabyte).is_ok() {}
    });
    let cause = cause(&base, LATE).await;
    assert_eq!(cause.to_string(), "the answer is larger than 32 MB");
}

#[tokio::test]
async fn a_path_that_cannot_be_sent_is_refused_before_anything_is_sent() {
    let base = BaseUrl::from(local().local_addr().unwrap());
    let error = get(&base, "/a b", LATE).await.unwrap_err();
    assert!(matches!(error.cause, Cause::Path(_)));
}
