//! `ratesdev query` and `ratesdev probe` through the built binary, against a small server.

use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::net::TcpListener;
use std::process::Child;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;
use std::time::Instant;

const RATES: &str = r#"{"rates": [{"count": 3, "day": "2021-01-31", "price": 1154.33333333333},
 {"count": 2, "day": "2021-01-30", "price": null}, {"count": null, "day": "2021-01-29", "price": null}]}"#;
const QUESTION: [&str; 4] = ["query", "CNGGZ", "EETLL", "2021-01-29..2021-01-31"];

/// A server that gives one answer until it is given another. It ends with the test's process.
struct Server {
    url: String,
    answer: Arc<Mutex<String>>,
}

impl Server {
    fn answering(status: &str, kind: &str, body: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let answer = Arc::new(Mutex::new(message(status, kind, body)));
        let current = Arc::clone(&answer);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let lines = BufReader::new(stream.try_clone().unwrap()).lines();
                let head = lines
                    .map_while(Result::ok)
                    .take_while(|line| !line.is_empty());
                if head.count() > 0 {
                    let answer = current.lock().unwrap().clone();
                    // The client may have gone; that is its right.
                    drop(stream.write_all(answer.as_bytes()));
                }
            }
        });
        Self { url, answer }
    }

    fn with_rates() -> Self {
        Self::answering("200 OK", "application/json", RATES)
    }

    fn now_answers(&self, status: &str, kind: &str, body: &str) {
        *self.answer.lock().unwrap() = message(status, kind, body);
    }
}

fn message(status: &str, kind: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

fn ratesdev() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ratesdev"));
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("LANG", "C.UTF-8");
    command
}

fn query(server: &Server, more: &[&str]) -> Output {
    let mut command = ratesdev();
    command
        .args(QUESTION)
        .args(["--url", &server.url])
        .args(more);
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[track_caller]
fn assert_ends(output: &Output, code: i32) {
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(
        output.status.code(),
        Some(code),
        "stdout:\n{stdout}\nstderr:\n{stderr}"
    );
}

#[test]
fn rates_are_a_table_without_colours_in_a_pipe() {
    let output = query(&Server::with_rates(), &[]);
    assert_ends(&output, 0);
    let table = text(&output.stdout);
    assert!(
        table.starts_with("CNGGZ → EETLL  2021-01-29 … 2021-01-31\n"),
        "{table}"
    );
    assert!(
        table.contains("2021-01-31      3  1\u{2009}154.33  █"),
        "{table}"
    );
    assert!(
        table.contains("2021-01-30      2         –  fewer than three prices\n"),
        "{table}"
    );
    assert!(table.contains("3 days · 1 with an average · "), "{table}");
    assert!(!table.contains('\x1b'));
    assert!(output.stderr.is_empty());
}

#[test]
fn a_locale_without_utf_8_gets_ascii() {
    let server = Server::with_rates();
    let mut command = ratesdev();
    command
        .args(QUESTION)
        .env("RATESDEV_URL", &server.url)
        .env("LC_ALL", "C");
    let output = command.output().unwrap();
    assert_ends(&output, 0);
    assert!(output.stdout.is_ascii());
}

#[test]
fn an_environment_as_typed_beats_the_url_of_a_variable() {
    let server = Server::with_rates();
    let ends = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = ratesdev();
        command
            .args(arguments)
            .env("DOCKER_HOST", "unix:///nowhere.sock");
        let output = command.envs(variables.iter().copied()).output().unwrap();
        (
            output.status.code().unwrap(),
            text(&output.stderr).to_owned(),
        )
    };
    let before = ["-e", "staging", "query", "CNGGZ", "EETLL", "2021-01"];
    let behind = ["query", "CNGGZ", "EETLL", "2021-01", "-e", "staging"];
    let url = ("RATESDEV_URL", server.url.as_str());
    for arguments in [before, behind] {
        for variables in [&[url][..], &[url, ("RATESDEV_ENV", "dev")]] {
            let (code, said) = ends(&arguments, variables);
            let meant = said.contains("under the name staging");
            assert!(code == 3 && meant, "{code} {said}");
        }
        let both = [&arguments[..], &["--url", &server.url]].concat();
        let (code, said) = ends(&both, &[]);
        assert!(
            code == 2 && said.contains("--url and --env"),
            "{code} {said}"
        );
    }
    let environment = ("RATESDEV_ENV", "staging");
    assert_eq!(ends(&QUESTION, &[url, environment]).0, 0);
    let typed = [&QUESTION[..], &["--url", &server.url]].concat();
    assert_eq!(ends(&typed, &[environment]).0, 0);
}

#[test]
fn every_form_puts_only_data_on_stdout() {
    let server = Server::with_rates();
    let raw = query(&server, &["-o", "raw", "--timing"]);
    assert_eq!(text(&raw.stdout), RATES);
    let csv = query(&server, &["-o", "csv", "--timing"]);
    let rows =
        "day,count,price\r\n2021-01-31,3,1154.33333333333\r\n2021-01-30,2,\r\n2021-01-29,,\r\n";
    assert_eq!(text(&csv.stdout), rows);
    let json = query(&server, &["--json", "--timing"]);
    let document: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(document["schema_version"], 1);
    assert_eq!(document["question"]["orig_code"], "CNGGZ");
    assert_eq!(document["rates"][0]["price"], 1_154.333_333_333_33);
    assert!(document["timing"]["total_ms"].as_f64().unwrap() > 0.0);
    for output in [raw, csv, json] {
        assert_ends(&output, 0);
        assert!(text(&output.stderr).starts_with("connect "));
    }
}

#[test]
fn a_problem_ends_with_4_and_is_explained() {
    let problem = r#"{"title":"Unknown place","detail":"nothing is called CNGGX",
        "errors":[{"parameter":"orig_code","detail":"the nearest known are CNGGZ and CNGZG"}]}"#;
    let server = Server::answering("404 Not Found", "application/problem+json", problem);
    let output = query(&server, &[]);
    assert_ends(&output, 4);
    assert!(output.stdout.is_empty());
    let expected = "error[E-ANSWER] the API answered 404: Unknown place\n  \
        │ nothing is called CNGGX\n  \
        │ orig_code: the nearest known are CNGGZ and CNGZG\n";
    assert_eq!(text(&output.stderr), expected);
    let raw = query(&server, &["-o", "raw"]);
    assert_ends(&raw, 4);
    assert_eq!(text(&raw.stdout), problem);
}

#[test]
fn an_answer_that_is_not_rates_ends_with_4() {
    let page = Server::answering("502 Bad Gateway", "text/html", "<html>\n<h1>Oh dear</h1>");
    let output = query(&page, &[]);
    assert_ends(&output, 4);
    assert!(text(&output.stderr).contains("502 Bad Gateway\n  │ Oh dear\n"));
    let hello = Server::answering("200 OK", "application/json", r#"{"hello":1}"#);
    let output = query(&hello, &[]);
    assert_ends(&output, 4);
    assert!(text(&output.stderr).contains("caused by: missing field `rates`"));
}

#[test]
fn where_nothing_answers_it_ends_with_3_and_says_how_to_start() {
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let mut command = ratesdev();
    let refused = command
        .args(QUESTION)
        .arg("--url")
        .arg(format!("http://{free}"))
        .output()
        .unwrap();
    assert_ends(&refused, 3);
    assert!(text(&refused.stderr).contains("ratesdev up"));
}

#[test]
fn a_silent_server_ends_with_3_and_names_the_phase() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let mut command = ratesdev();
    let output = command
        .args(QUESTION)
        .args(["--url", &url, "--timeout", "0.1"])
        .output()
        .unwrap();
    assert_ends(&output, 3);
    assert!(text(&output.stderr).contains("timed out after 100 ms waiting for the first byte"));
}

#[test]
fn wrong_usage_ends_with_2_and_names_the_argument() {
    let cases: [(&[&str], &str); 5] = [
        (&["cnGGZ", "EETLL", "2021-01"], "<ORIG>"),
        (&["CNGGZ", "a b", "2021-01"], "<DEST>"),
        (&["CNGGZ", "EETLL", "January"], "<SPAN>"),
        (
            &["CNGGZ", "EETLL", "2021-01", "--url", "https://rates.test"],
            "--url <URL>",
        ),
        (
            &["CNGGZ", "EETLL", "2021-01", "--timeout", "0"],
            "--timeout <SECONDS>",
        ),
    ];
    for (arguments, named) in cases {
        let output = ratesdev().arg("query").args(arguments).output().unwrap();
        assert_ends(&output, 2);
        assert!(
            text(&output.stderr).contains(named),
            "{}",
            text(&output.stderr)
        );
    }
}

#[test]
fn help_shows_examples_and_keeps_the_probe_to_itself() {
    let help = ratesdev().args(["query", "--help"]).output().unwrap();
    assert_ends(&help, 0);
    assert!(text(&help.stdout).contains("ratesdev query CNGGZ EETLL 2021-01 "));
    let help = ratesdev().arg("--help").output().unwrap();
    assert!(!text(&help.stdout).contains("probe"));
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    // More than a pipe holds, so that the writer meets the closed end.
    let day = r#"{"count": 3, "day": "2021-01-31", "price": 1154.5}"#;
    let body = format!(r#"{{"rates": [{}]}}"#, vec![day; 20_000].join(","));
    let server = Server::answering("200 OK", "application/json", &body);
    for form in ["table", "json", "csv", "raw"] {
        let mut command = ratesdev();
        command
            .args(QUESTION)
            .args(["--url", &server.url, "-o", form]);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = [0];
        child.stdout.take().unwrap().read_exact(&mut first).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_ends(&output, 0);
        assert!(output.stderr.is_empty(), "{form}: {}", text(&output.stderr));
    }
}

#[test]
#[cfg(unix)]
fn the_curl_line_works_in_a_shell() {
    let server = Server::with_rates();
    let line = query(&server, &["--curl"]);
    assert_ends(&line, 0);
    let line = text(&line.stdout).trim_end();
    assert!(line.starts_with("curl 'http://127.0.0.1:"), "{line}");
    let shell = Command::new("sh")
        .args(["-c", &format!("{line} --silent --show-error")])
        .output();
    let shell = shell.unwrap();
    if shell.status.code() == Some(127) {
        eprintln!("this machine has no curl");
        return;
    }
    assert_ends(&shell, 0);
    assert_eq!(text(&shell.stdout), RATES);
}

/// A running `--watch` whose lines are read as they come.
#[cfg(unix)]
struct Watching {
    child: Child,
    lines: std::sync::mpsc::Receiver<String>,
}

#[cfg(unix)]
impl Watching {
    fn start(server: &Server) -> Self {
        let mut command = ratesdev();
        command
            .args(QUESTION)
            .args(["--url", &server.url, "--watch", "1"]);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = std::sync::mpsc::channel();
        let stdout = child.stdout.take().unwrap();
        let stderr = child.stderr.take().unwrap();
        relay(stdout, sender.clone());
        relay(stderr, sender);
        Self { child, lines }
    }

    /// Waits for a line that has this text in it.
    fn until(&self, wanted: &str) -> String {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let line = self
                .lines
                .recv_timeout(left)
                .unwrap_or_else(|_| panic!("no line has {wanted:?}"));
            if line.contains(wanted) {
                return line;
            }
        }
    }

    fn interrupt(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-INT", &id])
                .status()
                .unwrap()
                .success()
        );
        self.child.wait().unwrap().code()
    }
}

#[cfg(unix)]
fn relay(stream: impl Read + Send + 'static, sender: std::sync::mpsc::Sender<String>) {
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
}

#[test]
#[cfg(unix)]
fn a_watch_shows_changes_outlives_errors_and_ends_with_ctrl_c() {
    let server = Server::with_rates();
    let watching = Watching::start(&server);
    watching.until("3 days · 1 with an average");
    server.now_answers("503 Service Unavailable", "text/plain", "coming back");
    watching.until("error[E-ANSWER] the API answered 503");
    let changed = RATES.replace("1154.33333333333", "1200.5");
    server.now_answers("200 OK", "application/json", &changed);
    let line = watching.until("2021-01-31      3");
    assert!(
        line.starts_with("•  2021-01-31      3  1\u{2009}200.50"),
        "{line}"
    );
    let unchanged = watching.until("2021-01-30");
    assert!(unchanged.starts_with("   2021-01-30"), "{unchanged}");
    assert_eq!(watching.interrupt(), Some(0));
}

#[test]
fn a_probe_is_silent_about_health_and_tells_anything_else_in_one_line() {
    let probe = |url: &str| ratesdev().args(["probe", url]).output().unwrap();
    let server = Server::answering("204 No Content", "text/plain", "");
    let healthy = probe(&format!("{}/health/ready?full=1", server.url));
    assert_ends(&healthy, 0);
    assert!(healthy.stdout.is_empty());
    server.now_answers(
        "503 Service Unavailable",
        "text/plain",
        "no database\nat all",
    );
    let unready = probe(&server.url);
    assert_ends(&unready, 1);
    assert_eq!(
        text(&unready.stdout),
        "503 Service Unavailable no database\n"
    );
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let refused = probe(&format!("http://{free}/"));
    assert_ends(&refused, 1);
    assert!(text(&refused.stdout).contains("connection refused"));
    assert_ends(&probe("nonsense"), 1);
}
