//! What a login that did not work means to a user.

use std::io;
use std::time::Duration;

use super::Login;
use crate::engine::Error;
use crate::engine::Result;
use crate::error::Code;
use crate::text::printable;

/// How many of its last lines `ssh` is quoted with.
const LAST_LINES: usize = 6;

/// `ssh` could not be started.
pub fn not_started(login: &Login, error: io::Error) -> Error {
    if error.kind() == io::ErrorKind::NotFound {
        let what = format!("{login} is reached by ssh, and there is no program ssh on the PATH");
        return Error::new(Code::SshMissing, what)
            .hint("install it, as in `apt-get install openssh-client`");
    }
    Error::new(Code::SshUnreachable, "cannot start ssh").because(error)
}

/// The login took too long.
pub fn late(login: &Login, limit: Duration) -> Error {
    let what = format!(
        "the login at {login} was not done within {} s",
        limit.as_secs()
    );
    Error::new(Code::SshUnreachable, what).hint(format!("find out why with `ssh {login} true`"))
}

/// `ssh` ended without a connection; `words` are all it wrote.
pub fn failed(login: &Login, words: &str) -> Error {
    let has = |text: &str| words.contains(text);
    let error = if has("REMOTE HOST IDENTIFICATION HAS CHANGED") {
        let what = format!(
            "{} does not have the host key that it had before",
            login.host
        );
        Error::new(Code::SshHostKey, what).hint(
            "ask its owner whether the key was changed; if so, `ssh-keygen -R HOST` forgets the old one and `ssh HOST` shows the new one",
        )
    } else if has("Host key verification failed") {
        Error::new(
            Code::SshHostKey,
            format!("the host key of {} is not known", login.host),
        )
        .hint(format!(
            "`ssh {login} true` shows it; accept it if it is the right one"
        ))
    } else if has("Permission denied") || has("Too many authentication failures") {
        Error::new(Code::SshDenied, format!("{login} does not accept this login")).hint(format!(
            "`ssh {login} true` must work without a question: check the user, load the key with `ssh-add`, or name it in ~/.ssh/config"
        ))
    } else if has("too long for Unix domain socket") {
        Error::new(
            Code::SshUnreachable,
            "the path of the connection's socket is too long",
        )
        .hint("name a folder with a shorter path in TMPDIR")
    } else {
        Error::new(Code::SshUnreachable, format!("cannot log in at {login}"))
            .hint(format!("find out why with `ssh {login} true`"))
    };
    let mut before = lines(words);
    before.pop();
    error.because(last_words(words)).detail(before)
}

/// The last line that says something.
pub fn last_words(words: &str) -> String {
    lines(words)
        .pop()
        .unwrap_or_else(|| "ssh ended without a word".to_owned())
}

fn lines(words: &str) -> Vec<String> {
    let lines = words.lines().map(str::trim).filter(|line| !line.is_empty());
    let lines: Vec<_> = lines.map(|line| printable(line, 200)).collect();
    let from = lines.len().saturating_sub(LAST_LINES);
    lines.into_iter().skip(from).collect()
}

/// Reads what the other machine says about its Engine: where `ssh` must forward to.
pub fn engine(login: &Login, words: &str) -> Result<String> {
    let (state, host) = words.split_once(' ').unwrap_or((words, ""));
    let host = printable(host, 200);
    let here = &login.host;
    let error = match (state, host.split_once("://")) {
        ("there", Some(("unix", path))) => return Ok(path.to_owned()),
        ("there", Some(("tcp", address))) => return Ok(address.to_owned()),
        ("denied", _) => {
            let what = format!("the user at {here} may not use the Docker Engine there ({host})");
            Error::new(Code::DockerDenied, what)
                .hint("there: sudo usermod -aG docker \"$USER\"; whoever is in the group docker is as good as root")
        }
        ("missing", _) => {
            let what = format!("there is no Docker Engine on {here}: no socket {host}");
            Error::new(Code::DockerDown, what).hint(
                "start it there (sudo systemctl start docker), or name its socket: ssh://user@host/path/to/docker.sock",
            )
        }
        _ => {
            let what =
                format!("Docker on {here} uses the Engine {host}, which is yet another machine");
            Error::new(Code::DockerHost, what).hint("name that one with --host")
        }
    };
    Err(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login() -> Login {
        Login {
            user: Some("me".to_owned()),
            host: "staging".to_owned(),
            port: None,
            socket: None,
        }
    }

    #[test]
    fn the_words_of_ssh_are_understood() {
        let cases = [
            (
                "No ED25519 host key is known for staging\r\nHost key verification failed.\r\n",
                Code::SshHostKey,
                "the host key of staging is not known",
            ),
            (
                "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\nHost key verification failed.",
                Code::SshHostKey,
                "staging does not have the host key that it had before",
            ),
            (
                "me@staging: Permission denied (publickey).\r\n",
                Code::SshDenied,
                "me@staging does not accept this login",
            ),
            (
                "ssh: connect to host staging port 22: Connection refused\r\n",
                Code::SshUnreachable,
                "cannot log in at me@staging",
            ),
            ("", Code::SshUnreachable, "cannot log in at me@staging"),
        ];
        for (words, code, what) in cases {
            let error = failed(&login(), words);
            assert_eq!((error.code, error.what.as_str()), (code, what), "{words}");
            assert!(error.hint.is_some());
        }
    }

    #[test]
    fn the_engine_of_the_other_machine_is_where_its_client_finds_it() {
        let engine = |words| engine(&login(), words);
        assert_eq!(engine("there unix:///run/d.sock").unwrap(), "/run/d.sock");
        assert_eq!(
            engine("there tcp://127.0.0.1:2375").unwrap(),
            "127.0.0.1:2375"
        );
        let code = |words| engine(words).unwrap_err().code;
        assert_eq!(code("denied unix:///run/d.sock"), Code::DockerDenied);
        assert_eq!(code("missing unix:///run/d.sock"), Code::DockerDown);
        assert_eq!(code("there ssh://other"), Code::DockerHost);
        assert_eq!(code(""), Code::DockerHost);
    }

    #[test]
    fn ssh_is_quoted_with_its_last_lines_and_cannot_steer_the_terminal() {
        let words: Vec<_> = (0..20).map(|n| format!("line {n}\r\n")).collect();
        let words = words.join("\n");
        assert_eq!(last_words(&words), "line 19");
        assert_eq!(lines(&words).len(), LAST_LINES);
        assert_eq!(last_words("a\x1b[2J"), "a\u{fffd}[2J");
    }
}
