//! Which Engine is meant, as tables.

use super::*;

fn variables<'a>(known: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
    |name| {
        let mut known = known.iter();
        let (_, value) = known.find(|(known, _)| *known == name)?;
        Some((*value).to_owned())
    }
}

fn asked(host: Option<&str>, context: Option<&str>) -> Asked {
    Asked {
        host: host.map(str::to_owned),
        context: context.map(str::to_owned),
    }
}

fn context(name: &str, host: &str) -> Context {
    Context {
        name: name.to_owned(),
        host: host.to_owned(),
        tls: None,
        skips_verification: false,
    }
}

fn config() -> Config {
    Config {
        folder: "/home/me/.docker".into(),
        current_context: Some("laptop".to_owned()),
        contexts: vec![
            context("laptop", "unix:///run/user/1000/docker.sock"),
            context("staging", "ssh://me@staging"),
        ],
    }
}

fn resolved(asked: &Asked, known: &[(&str, &str)]) -> Result<Endpoint> {
    resolve(said(asked, variables(known)), &config(), variables(known))
}

#[test]
fn flags_come_before_variables_and_these_before_docker_s_configuration() {
    let host = ("DOCKER_HOST", "tcp://a");
    let named = ("DOCKER_CONTEXT", "staging");
    let cases = [
        (
            asked(Some("tcp://b"), None),
            vec![host, named],
            "tcp://b",
            "--host",
        ),
        (
            asked(None, Some("laptop")),
            vec![host, named],
            "unix:///run/user/1000/docker.sock",
            "the context laptop, chosen by --context",
        ),
        (
            asked(None, None),
            vec![host, named],
            "tcp://a",
            "DOCKER_HOST",
        ),
        (
            asked(None, None),
            vec![("DOCKER_HOST", ""), named],
            "ssh://me@staging",
            "the context staging, chosen by DOCKER_CONTEXT",
        ),
        (
            asked(None, None),
            vec![],
            "unix:///run/user/1000/docker.sock",
            "the context laptop, chosen by Docker's configuration",
        ),
        (
            asked(None, Some("default")),
            vec![host],
            DEFAULT_HOST,
            "the default",
        ),
    ];
    for (asked, known, host, source) in cases {
        let endpoint = resolved(&asked, &known).unwrap();
        assert_eq!(endpoint.host, host, "{asked:?} {known:?}");
        assert_eq!(endpoint.source.to_string(), source);
    }
}

#[test]
fn nothing_said_anywhere_means_the_engine_of_this_machine() {
    let nothing = said(&Asked::default(), variables(&[]));
    let endpoint = resolve(nothing, &Config::default(), variables(&[])).unwrap();
    assert_eq!(endpoint.host, DEFAULT_HOST);
    assert_eq!(endpoint.source, Source::Default);
}

#[test]
fn a_context_that_is_not_there_is_an_error_that_names_the_nearest() {
    let missing = resolved(&asked(None, Some("stagin")), &[]).unwrap_err();
    assert_eq!(missing.code, Code::ContextMissing);
    assert_eq!(
        missing.to_string(),
        "Docker has no context stagin, which --context asks for"
    );
    assert_eq!(missing.hint.as_deref(), Some("did you mean staging?"));
    let far = resolved(&asked(None, None), &[("DOCKER_CONTEXT", "xyz")]).unwrap_err();
    let hint = far.hint.as_deref();
    assert_eq!(hint, Some("there are: laptop, staging, default"));
}

#[test]
fn tls_is_spoken_where_docker_s_client_would() {
    let verify = ("DOCKER_TLS_VERIFY", "1");
    let tls = |host, known: &[_]| resolved(&asked(Some(host), None), known).unwrap().tls;
    assert_eq!(tls("tcp://a", &[]), None);
    assert_eq!(tls("tcp://a", &[("DOCKER_TLS_VERIFY", "")]), None);
    assert_eq!(tls("unix:///x", &[verify]), None);
    let home = TlsFiles("/home/me/.docker".into());
    assert_eq!(tls("tcp://a", &[verify]), Some(home));
    let own = TlsFiles("/certs".into());
    assert_eq!(
        tls("tcp://a", &[verify, ("DOCKER_CERT_PATH", "/certs")]),
        Some(own)
    );
    let blind = resolved(&asked(Some("tcp://a"), None), &[("DOCKER_TLS", "1")]);
    assert_eq!(blind.unwrap_err().code, Code::DockerHost);
}

#[test]
fn a_context_brings_its_own_tls_files_and_must_make_sure_who_answers() {
    let mut config = config();
    config.contexts[0].host = "tcp://staging:2376".to_owned();
    config.contexts[0].tls = Some("/tls".into());
    let said = Said::Context("laptop".to_owned(), "--context");
    let endpoint = resolve(said.clone(), &config, variables(&[])).unwrap();
    assert_eq!(endpoint.tls, Some(TlsFiles("/tls".into())));
    config.contexts[0].skips_verification = true;
    let refused = resolve(said, &config, variables(&[])).unwrap_err();
    assert_eq!(refused.code, Code::DockerHost);
}

#[test]
fn addresses_are_read_as_docker_s_client_reads_them() {
    let tcp = |host: &str, port| Address::Tcp {
        host: host.to_owned(),
        port,
    };
    let login = |user: Option<&str>, host: &str, port, socket: Option<&str>| {
        Address::Ssh(Login {
            user: user.map(str::to_owned),
            host: host.to_owned(),
            port,
            socket: socket.map(str::to_owned),
        })
    };
    let cases = [
        ("unix:///a/b.sock", false, Address::Unix("/a/b.sock".into())),
        ("tcp://a", false, tcp("a", 2375)),
        ("tcp://a", true, tcp("a", 2376)),
        ("tcp://a:99/", true, tcp("a", 99)),
        ("tcp://[::1]:99", false, tcp("::1", 99)),
        ("ssh://a", false, login(None, "a", None, None)),
        (
            "ssh://me@a:22/",
            false,
            login(Some("me"), "a", Some(22), None),
        ),
        (
            "ssh://me@a/run/docker.sock",
            false,
            login(Some("me"), "a", None, Some("/run/docker.sock")),
        ),
        ("ssh://[::1]:22", false, login(None, "::1", Some(22), None)),
    ];
    for (text, tls, meant) in cases {
        assert_eq!(address(text, tls), Ok(meant), "{text}");
    }
}

#[test]
fn an_address_that_cannot_be_used_is_refused_before_anything_is_sent() {
    for host in [
        "nonsense",
        "unix://",
        "unix://relative",
        "tcp://",
        "tcp://a:0",
        "tcp://a:99999",
        "tcp://a/path",
        "https://a",
        "npipe:////./pipe/docker_engine",
        "fd://3",
        "/var/run/docker.sock",
        "ssh://",
        "ssh://me:secret@a",
        "ssh://-oProxyCommand=x",
        "ssh://-oProxyCommand=x@a",
        "ssh://a b",
        "ssh://a/sock'; true '",
        "ssh://a?x",
    ] {
        let refused = resolved(&asked(Some(host), None), &[]).unwrap_err();
        assert_eq!(refused.code, Code::DockerHost, "{host}");
        assert!(
            refused
                .hint
                .is_some_and(|hint| hint.contains("correct --host"))
        );
    }
}

#[test]
fn a_password_in_an_address_is_not_repeated() {
    let refused = resolved(&asked(Some("ssh://me:secret@a"), None), &[]).unwrap_err();
    assert_eq!(refused.to_string(), "--host=ssh://me:…@a cannot be used");
    assert_eq!(without_password("ssh://me@a:22"), "ssh://me@a:22");
}

#[test]
fn the_version_of_the_api_can_be_chosen() {
    let version = |text| resolved(&asked(None, None), &[("DOCKER_API_VERSION", text)]);
    assert_eq!(
        version("1.40").unwrap().api_version.as_deref(),
        Some("1.40")
    );
    assert_eq!(version("").unwrap().api_version, None);
    for bad in ["v1.40", "2.0", "1.x"] {
        assert_eq!(version(bad).unwrap_err().code, Code::DockerHost, "{bad}");
    }
}

#[test]
fn a_login_is_shown_as_it_is_typed() {
    let Ok(Address::Ssh(login)) = address("ssh://me@a:22/run/x.sock", false) else {
        panic!("not a login")
    };
    assert_eq!(login.to_string(), "-p 22 me@a");
}

#[test]
fn an_engine_is_expected_where_it_is_named_or_its_socket_is_there() {
    let nobody = |socket: &str| Endpoint {
        host: format!("unix://{socket}"),
        address: Address::Unix(socket.into()),
        source: Source::Default,
        tls: None,
        api_version: None,
    };
    let folder = tempfile::tempdir().unwrap();
    let there = folder.path().to_str().unwrap();
    assert!(nobody(there).is_expected());
    assert!(!nobody("/nowhere/docker.sock").is_expected());
    let named = Endpoint {
        source: Source::Variable,
        ..nobody("/nowhere/docker.sock")
    };
    assert!(named.is_expected());
}
