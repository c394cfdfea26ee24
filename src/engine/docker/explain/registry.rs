//! What an Engine means when a registry fails it. Elsewhere the same words mean something else: a timeout of a
//! registry is none of the Engine's.

use bollard::errors::Error as Cause;

use crate::engine::Error;
use crate::error::Code;

/// A way in which a registry fails.
struct Failure {
    /// How the Engine tells, in small letters.
    words: &'static [&'static str],
    code: Code,
    hint: &'static str,
}

/// The more particular first: several of these are told as the end of a failed request.
const FAILURES: [Failure; 5] = [
    Failure {
        words: &["toomanyrequests", "too many requests"],
        code: Code::RegistryDenied,
        hint: "the registry wants no more pulls from this address for now: wait, or log in with `docker login`, which usually allows more; `--engine embedded` needs no image",
    },
    Failure {
        words: &["x509: "],
        code: Code::RegistryUnreachable,
        hint: "the Engine does not trust the registry's certificate: put the certificate of who signed it into /etc/docker/certs.d/HOST:PORT/ca.crt on the Engine's machine; `--engine embedded` needs no image",
    },
    Failure {
        words: &["server gave http response to https client"],
        code: Code::RegistryUnreachable,
        hint: "the registry speaks no TLS: where it can be trusted all the same, name it in `insecure-registries` of the Engine's daemon.json; `--engine embedded` needs no image",
    },
    Failure {
        words: &["invalid reference format"],
        code: Code::ImageMissing,
        hint: "this is no name of an image: correct it in the profile",
    },
    Failure {
        words: &[
            "client.timeout exceeded",
            "context deadline exceeded",
            "request canceled",
            "connection reset",
            "unexpected eof",
            ": eof",
            "received unexpected http status: 5",
        ],
        code: Code::RegistryUnreachable,
        hint: "the registry is slow or breaks off: try again later, or check the network and the proxy of the Docker Engine; an image that is there already is not pulled again; `--engine embedded` needs no image",
    },
];

/// What failed where the Engine asked a registry.
pub fn error(cause: &Cause, action: &str) -> Error {
    let Some((failure, words)) = failure(cause) else {
        return super::error(cause, action);
    };
    Error::new(failure.code, format!("cannot {action}"))
        .because(words)
        .hint(failure.hint)
}

/// Whether a registry has been asked too often, with a login or without.
pub fn is_enough(cause: &Cause) -> bool {
    failure(cause).is_some_and(|(failure, _)| failure.code == Code::RegistryDenied)
}

fn failure(cause: &Cause) -> Option<(&'static Failure, String)> {
    let message = match cause {
        Cause::DockerResponseServerError { message, .. }
        | Cause::DockerStreamError { error: message } => message.trim(),
        // It is the registry that the Engine waits for.
        Cause::RequestTimeoutError => {
            let silent = FAILURES.last().expect("the table has rows");
            return Some((silent, "its registry does not answer".to_owned()));
        }
        _ => return None,
    };
    let lower = message.to_ascii_lowercase();
    let says = |words: &&str| lower.contains(words);
    let found = FAILURES
        .iter()
        .find(|failure| failure.words.iter().any(says));
    found.map(|failure| (failure, message.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Engines have said, what it comes to, and a word of the cure.
    const SAID: [(&str, Code, &str); 12] = [
        (
            "Get \"http://r/v2/\": net/http: request canceled (Client.Timeout exceeded while awaiting headers)",
            Code::RegistryUnreachable,
            "slow",
        ),
        (
            "Get \"https://r/v2/\": context deadline exceeded",
            Code::RegistryUnreachable,
            "slow",
        ),
        (
            "Head \"http://r/v2/x/manifests/1\": read tcp 1->2: read: connection reset by peer",
            Code::RegistryUnreachable,
            "breaks off",
        ),
        (
            "Head \"http://r/v2/x/manifests/1\": EOF",
            Code::RegistryUnreachable,
            "breaks off",
        ),
        ("unexpected EOF", Code::RegistryUnreachable, "breaks off"),
        (
            "received unexpected HTTP status: 503 Service Unavailable",
            Code::RegistryUnreachable,
            "try again later",
        ),
        (
            "toomanyrequests: You have reached your pull rate limit.",
            Code::RegistryDenied,
            "docker login",
        ),
        (
            "Get \"https://r/v2/\": x509: certificate signed by unknown authority",
            Code::RegistryUnreachable,
            "certs.d",
        ),
        (
            "Get \"https://r/v2/\": http: server gave HTTP response to HTTPS client",
            Code::RegistryUnreachable,
            "insecure-registries",
        ),
        ("invalid reference format", Code::ImageMissing, "correct it"),
        (
            "Get \"https://r/v2/\": dial tcp: lookup r: no such host",
            Code::RegistryUnreachable,
            "proxy",
        ),
        (
            "pull access denied for x, repository does not exist",
            Code::RegistryDenied,
            "docker login",
        ),
    ];

    #[test]
    fn each_way_in_which_a_registry_fails_has_a_code_and_a_cure() {
        for (message, code, cure) in SAID {
            let error = error(
                &Cause::DockerStreamError {
                    error: message.to_owned(),
                },
                "pull the image x",
            );
            assert_eq!(error.code, code, "{message}");
            assert!(error.hint.unwrap().contains(cure), "{message}");
        }
    }

    #[test]
    fn an_answer_that_the_engine_waits_for_in_vain_is_the_registrys() {
        let error = error(&Cause::RequestTimeoutError, "pull the image x");
        assert_eq!(error.code, Code::RegistryUnreachable);
        assert!(error.source.unwrap().to_string().contains("registry"));
    }
}
