//! How the user is logged in to registries, as Docker's own client keeps it. No secret is shown or logged: not in a
//! message, and not in the words of a helper that fails.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bollard::auth::DockerCredentials;
use serde::Deserialize;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::timeout;

use super::config;
use super::config::File;
use super::config::Login;

/// What Docker's own registry is called where logins are kept.
const HUB: &str = "https://index.docker.io/v1/";

/// The user that a helper gives with a token instead of a password.
const TOKEN: &str = "<token>";

/// How long a helper may take; it may want a touch of a key.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where the login for a registry is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Kept<'a> {
    /// By a program.
    By(&'a str),
    /// In the configuration itself.
    Here,
}

/// The registry of an image, by the name under which its login is kept.
pub fn registry(image: &str) -> &str {
    let first = image.split_once('/').map(|(first, _)| first);
    let is_host = |word: &&str| word.contains(['.', ':']) || *word == "localhost";
    match first.filter(is_host) {
        None | Some("docker.io" | "index.docker.io") => HUB,
        Some(host) => host,
    }
}

/// How a user logs in to a registry.
pub fn login_command(registry: &str) -> String {
    match registry {
        HUB => "docker login".to_owned(),
        host => format!("docker login {host}"),
    }
}

/// The login for a registry, where there is one. The error says why it could not be had; it holds no secret.
pub async fn find(folder: &Path, registry: &str) -> Result<Option<DockerCredentials>, String> {
    let file = config::file(folder).map_err(|error| {
        let why = error.source.as_ref().map(ToString::to_string);
        format!("{error}: {}", why.unwrap_or_default())
    })?;
    match kept(&file, registry) {
        Kept::Here => Ok(from_file(&file, registry)),
        Kept::By(helper) => from_helper(helper, registry).await,
    }
}

/// A registry's own helper comes before the helper for all, and any helper before the file, as Docker's client has it.
fn kept<'a>(file: &'a File, registry: &str) -> Kept<'a> {
    let own = file.cred_helpers.get(registry);
    let helper = own.unwrap_or(&file.creds_store);
    match helper.as_str() {
        "" => Kept::Here,
        helper => Kept::By(helper),
    }
}

fn from_file(file: &File, registry: &str) -> Option<DockerCredentials> {
    let by_host = || {
        let mut auths = file.auths.iter();
        let (_, login) = auths.find(|(key, _)| host(key) == host(registry))?;
        Some(login)
    };
    let login = file.auths.get(registry).or_else(by_host)?;
    let (username, password) = user_and_password(login)?;
    Some(credentials(
        registry,
        &username,
        password,
        &login.identitytoken,
    ))
}

/// Old files name a registry by its whole URL.
fn host(key: &str) -> &str {
    let rest = key.split_once("://").map_or(key, |(_, rest)| rest);
    rest.split_once('/').map_or(rest, |(host, _)| host)
}

fn user_and_password(login: &Login) -> Option<(String, String)> {
    if login.auth.is_empty() {
        let is_empty = login.username.is_empty() && login.identitytoken.is_empty();
        return (!is_empty).then(|| (login.username.clone(), login.password.clone()));
    }
    let plain = String::from_utf8(STANDARD.decode(&login.auth).ok()?).ok()?;
    let (user, password) = plain.split_once(':')?;
    Some((user.to_owned(), password.trim_end_matches('\0').to_owned()))
}

fn credentials(registry: &str, user: &str, secret: String, token: &str) -> DockerCredentials {
    let has_token = !token.is_empty();
    DockerCredentials {
        username: Some(user.to_owned()),
        password: (!has_token).then_some(secret),
        identitytoken: has_token.then(|| token.to_owned()),
        serveraddress: Some(registry.to_owned()),
        ..Default::default()
    }
}

async fn from_helper(helper: &str, registry: &str) -> Result<Option<DockerCredentials>, String> {
    let program = format!("docker-credential-{helper}");
    if helper.contains(['/', '\\']) {
        return Err(format!("{program} is not the name of a program"));
    }
    match timeout(PATIENCE, ask(&program, registry)).await {
        Ok(answer) => answer,
        Err(_) => Err(format!(
            "{program} did not answer within {} s",
            PATIENCE.as_secs()
        )),
    }
}

/// Speaks the protocol of Docker's credential helpers. What one says when it fails is not passed on.
async fn ask(program: &str, registry: &str) -> Result<Option<DockerCredentials>, String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Answer {
        username: String,
        secret: String,
    }
    let failed = |error: std::io::Error| format!("{program} cannot be run: {error}");
    let mut child = Command::new(program)
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        // A helper that ends without reading says by its exit code what is wrong.
        drop(stdin.write_all(registry.as_bytes()).await);
    }
    let output = child.wait_with_output().await.map_err(failed)?;
    if !output.status.success() {
        let nothing = String::from_utf8_lossy(&output.stdout).contains("credentials not found");
        return if nothing {
            Ok(None)
        } else {
            Err(format!("{program} failed ({})", output.status))
        };
    }
    // The parser's own words would quote what it stumbled over.
    let answer = serde_json::from_slice::<Answer>(&output.stdout).ok();
    let answer =
        answer.ok_or_else(|| format!("{program} did not answer as a credential helper does"))?;
    Ok(Some(match answer.username.as_str() {
        TOKEN => credentials(registry, "", String::new(), &answer.secret),
        user => credentials(registry, user, answer.secret, ""),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> File {
        serde_json::from_str(text).unwrap()
    }

    fn found(text: &str, registry: &str) -> Option<(String, Option<String>, Option<String>)> {
        let found = from_file(&file(text), registry)?;
        Some((found.username?, found.password, found.identitytoken))
    }

    #[test]
    fn the_registry_of_an_image_is_the_one_docker_would_ask() {
        let cases = [
            ("postgres:13.5", HUB),
            ("library/postgres", HUB),
            ("docker.io/library/postgres", HUB),
            ("localhost/postgres", "localhost"),
            ("127.0.0.1:5000/a/b:1", "127.0.0.1:5000"),
            ("registry.example/a@sha256:abc", "registry.example"),
        ];
        for (image, expected) in cases {
            assert_eq!(registry(image), expected, "{image}");
        }
        assert_eq!(login_command(HUB), "docker login");
        assert_eq!(login_command("a.example"), "docker login a.example");
    }

    #[test]
    fn a_login_is_read_from_every_form_of_the_file() {
        let auth = STANDARD.encode("me:se:cret");
        let plain = Some(("me".to_owned(), Some("se:cret".to_owned()), None));
        let text = format!(r#"{{"auths": {{"a.example": {{"auth": "{auth}"}}}}}}"#);
        assert_eq!(found(&text, "a.example"), plain);
        assert_eq!(found(&text, "b.example"), None);
        let url = format!(r#"{{"auths": {{"https://a.example/v2/": {{"auth": "{auth}"}}}}}}"#);
        assert_eq!(found(&url, "a.example"), plain);
        let old = r#"{"auths": {"a.example": {"username": "me", "password": "se:cret"}}}"#;
        assert_eq!(found(old, "a.example"), plain);
        let empty = r#"{"auths": {"a.example": {}}}"#;
        assert_eq!(found(empty, "a.example"), None);
        let broken = r#"{"auths": {"a.example": {"auth": "%%%"}}}"#;
        assert_eq!(found(broken, "a.example"), None);
        let token = format!(
            r#"{{"auths": {{"a.example": {{"auth": "{}", "identitytoken": "t"}}}}}}"#,
            STANDARD.encode("me:")
        );
        let expected = Some(("me".to_owned(), None, Some("t".to_owned())));
        assert_eq!(found(&token, "a.example"), expected);
    }

    #[test]
    fn a_helper_comes_before_the_file_and_a_registry_s_own_before_the_one_for_all() {
        let file = file(r#"{"credsStore": "all", "credHelpers": {"a.example": "own"}}"#);
        assert_eq!(kept(&file, "a.example"), Kept::By("own"));
        assert_eq!(kept(&file, "b.example"), Kept::By("all"));
        assert_eq!(kept(&File::default(), "b.example"), Kept::Here);
    }

    #[tokio::test]
    async fn a_configuration_that_cannot_be_read_is_told_without_what_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(find(folder.path(), "a.example").await.unwrap(), None);
        let path = folder.path().join("config.json");
        std::fs::write(path, r#"{"auths": {"a.example": "secret"}}"#).unwrap();
        let told = find(folder.path(), "a.example").await.unwrap_err();
        assert!(
            told.contains("config.json") && !told.contains("secret"),
            "{told}"
        );
    }

    #[tokio::test]
    async fn a_helper_that_is_not_there_is_named() {
        let told = from_helper("none-of-these", "a.example").await.unwrap_err();
        assert!(told.contains("docker-credential-none-of-these"), "{told}");
        assert!(from_helper("../evil", "a.example").await.is_err());
    }
}
