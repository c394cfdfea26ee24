//! How the user is logged in to registries, as Docker's own client keeps it. No secret is shown or logged: not in a
//! message, and not in the words of a helper that fails.

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::path::Path;
use std::process::Output;
use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bollard::auth::DockerCredentials;
use futures_util::future::join_all;
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

/// The login for every registry that there is one for, with the registry's name.
pub async fn all(folder: &Path) -> Vec<(String, Result<Option<DockerCredentials>, String>)> {
    // What is wrong with the file is told where one login is wanted.
    let file = config::file(folder).unwrap_or_default();
    let registries = registries(&file).await;
    let logins = join_all(registries.iter().map(|registry| find(folder, registry))).await;
    registries.into_iter().zip(logins).collect()
}

/// The registries that the file and the helper for all know.
async fn registries(file: &File) -> BTreeSet<String> {
    let named = file.auths.keys().chain(file.cred_helpers.keys());
    let mut registries: BTreeSet<_> = named.cloned().collect();
    if let Kept::By(helper) = kept(file, "") {
        registries.extend(listed(helper).await.unwrap_or_default());
    }
    registries
}

/// The registries that a helper has logins for. One that cannot list them is asked for those that are named elsewhere.
async fn listed(helper: &str) -> Option<Vec<String>> {
    let program = program(helper).ok()?;
    let output = timeout(PATIENCE, speak(&program, "list", "")).await;
    let users: HashMap<String, String> = serde_json::from_slice(&output.ok()?.ok()?.stdout).ok()?;
    Some(users.into_keys().collect())
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
    let program = program(helper)?;
    match timeout(PATIENCE, ask(&program, registry)).await {
        Ok(answer) => answer,
        Err(_) => Err(format!(
            "{program} did not answer within {} s",
            PATIENCE.as_secs()
        )),
    }
}

fn program(helper: &str) -> Result<String, String> {
    let program = format!("docker-credential-{helper}");
    if helper.contains(['/', '\\']) {
        return Err(format!("{program} is not the name of a program"));
    }
    Ok(program)
}

/// Speaks the protocol of Docker's credential helpers.
async fn speak(program: &str, verb: &str, words: &str) -> std::io::Result<Output> {
    let mut child = Command::new(program)
        .arg(verb)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // A helper that ends without reading says by its exit code what is wrong.
        drop(stdin.write_all(words.as_bytes()).await);
    }
    child.wait_with_output().await
}

/// Asks a helper for one login. What one says when it fails is not passed on.
async fn ask(program: &str, registry: &str) -> Result<Option<DockerCredentials>, String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Answer {
        username: String,
        secret: String,
    }
    let output = speak(program, "get", registry).await;
    let output = output.map_err(|error| format!("{program} cannot be run: {error}"))?;
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

    /// A helper that knows one registry, and answers so for it.
    #[cfg(unix)]
    fn helper(folder: &Path, answer: &str) -> String {
        use std::os::unix::fs::PermissionsExt;

        let path = folder.join("docker-credential-it");
        let script = format!(
            "#!/bin/sh\nread -r asked\ntest \"$1 $asked\" = 'get a.example' && echo '{answer}'\n"
        );
        std::fs::write(&path, script).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path.display().to_string()
    }

    #[tokio::test]
    #[cfg(unix)]
    async fn a_token_of_a_helper_is_sent_as_a_token_and_not_as_a_password() {
        let folder = tempfile::tempdir().unwrap();
        let answer = r#"{"ServerURL": "a.example", "Username": "<token>", "Secret": "t"}"#;
        let program = helper(folder.path(), answer);
        let login = ask(&program, "a.example").await.unwrap().unwrap();
        let sent = serde_json::to_value(&login).unwrap();
        assert_eq!(sent["identitytoken"], "t");
        assert_eq!(sent["serveraddress"], "a.example");
        assert!(sent["password"].as_str().is_none_or(str::is_empty));
        assert!(sent["username"].as_str().is_none_or(str::is_empty));
    }

    #[tokio::test]
    async fn every_registry_with_a_login_of_its_own_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let auth = STANDARD.encode("me:secret");
        let text = format!(
            r#"{{"auths": {{"a.example": {{"auth": "{auth}"}}}}, "credHelpers": {{"b.example": "none-of-these"}}}}"#
        );
        std::fs::write(folder.path().join("config.json"), text).unwrap();
        let all = all(folder.path()).await;
        let [(first, login), (second, failed)] = &all[..] else {
            panic!("{} logins", all.len());
        };
        assert_eq!(
            (first.as_str(), second.as_str()),
            ("a.example", "b.example")
        );
        let login = login.as_ref().unwrap().as_ref().unwrap();
        assert_eq!(login.username.as_deref(), Some("me"));
        assert!(
            failed
                .as_ref()
                .unwrap_err()
                .contains("docker-credential-none-of-these")
        );
    }

    #[tokio::test]
    async fn a_helper_that_is_not_there_is_named() {
        let told = from_helper("none-of-these", "a.example").await.unwrap_err();
        assert!(told.contains("docker-credential-none-of-these"), "{told}");
        assert!(from_helper("../evil", "a.example").await.is_err());
    }
}
