//! Images: those that are pulled and the one that is built.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use bollard::Docker as Client;
use bollard::auth::DockerCredentials;
use bollard::body_full;
use bollard::errors::Error as Cause;
use bollard::models::BuildInfo;
use bollard::models::CreateImageInfo;
use bollard::models::ImageSummary;
use bollard::query_parameters::BuildImageOptionsBuilder;
use bollard::query_parameters::CreateImageOptionsBuilder;
use bollard::query_parameters::ListImagesOptionsBuilder;
use bollard::query_parameters::RemoveImageOptions;
use futures_util::Stream;
use futures_util::StreamExt;
use jiff::SignedDuration;
use jiff::Timestamp;

use super::credentials;
use super::explain;
use super::explain::Explained;
use super::explain::registry;
use super::label;
use crate::engine::Error;
use crate::engine::Parts;
use crate::engine::Progress;
use crate::engine::Remark;
use crate::engine::Result;
use crate::engine::Watcher;
use crate::error::Code;
use crate::image::ApiImage;
use crate::image::REPOSITORY;
use crate::profile::Bytes;

/// How long a pull may bring nothing before that is told.
const QUIET: Duration = Duration::from_secs(20);

/// The id of an image that is there.
pub async fn id(client: &Client, name: &str) -> Result<Option<String>> {
    match client.inspect_image(name).await {
        Ok(image) => Ok(image.id),
        Err(cause) if explain::is_missing(&cause) => Ok(None),
        Err(cause) => Err(explain::error(&cause, &format!("inspect the image {name}"))),
    }
}

/// Pulls an image with the login that Docker's client keeps in `folder` for its registry, where there is one.
pub async fn pull(
    client: &Client,
    folder: &Path,
    name: &str,
    watcher: &dyn Watcher,
) -> Result<Remark> {
    let login = login(folder, name, watcher).await;
    let had_login = login.is_some();
    let (repository, tag) = repository_and_tag(name);
    let options = CreateImageOptionsBuilder::default()
        .from_image(repository)
        .tag(tag)
        .build();
    let mut messages = client.create_image(Some(options), None, login);
    let mut layers = Layers::default();
    while let Some(message) = next(&mut messages, name, watcher).await {
        match message {
            Ok(message) => layers.update(message, watcher),
            Err(cause) if is_only_the_end(&cause) => break,
            Err(cause) => return Err(pull_failure(&cause, name, had_login)),
        }
    }
    match id(client, name).await? {
        Some(_) => Ok(layers.remark()),
        None => Err(Error::new(
            Code::ImageMissing,
            format!("the image {name} is not there after its pull"),
        )),
    }
}

/// The next that the Engine tells of a pull. Once it has begun, the Engine waits for a registry without end, so that whoever
/// waits for the Engine is told what for.
async fn next<T>(
    messages: &mut (impl Stream<Item = T> + Unpin),
    name: &str,
    watcher: &dyn Watcher,
) -> Option<T> {
    match tokio::time::timeout(QUIET, messages.next()).await {
        Ok(message) => message,
        Err(_late) => {
            let quiet = QUIET.as_secs();
            watcher.notice(format!(
                "the registry of {name} has sent nothing for {quiet} s; it is waited for until you interrupt"
            ));
            messages.next().await
        }
    }
}

/// Asks the registry whether it has an image, as a pull would, and pulls nothing. An Engine that cannot ask is no reason
/// to think that the image cannot be had.
pub async fn find_in_registry(client: &Client, name: &str, folder: &Path) -> Result<()> {
    let login = credentials::find(folder, credentials::registry(name)).await;
    let found = client.inspect_registry_image(name, login.ok().flatten());
    match found.await {
        Err(cause) if is_not_supported(&cause) => Ok(()),
        found => found
            .map(drop)
            .map_err(|cause| registry::error(&cause, &format!("find the image {name}"))),
    }
}

/// Podman answers to what it does not have: "Path /v1.41/distribution/postgres/json is not supported".
fn is_not_supported(cause: &Cause) -> bool {
    matches!(cause, Cause::DockerResponseServerError { message, .. } if message.contains("not supported"))
}

/// A login that cannot be had is no reason to stop: most images need none.
async fn login(folder: &Path, name: &str, watcher: &dyn Watcher) -> Option<DockerCredentials> {
    let registry = credentials::registry(name);
    match credentials::find(folder, registry).await {
        Ok(login) => login,
        Err(why) => {
            watcher.notice(format!("{name} is pulled without a login: {why}"));
            None
        }
    }
}

fn pull_failure(cause: &Cause, name: &str, had_login: bool) -> Error {
    let error = registry::error(cause, &format!("pull the image {name}"));
    if error.code != Code::RegistryDenied || registry::is_enough(cause) {
        return error;
    }
    let command = credentials::login_command(credentials::registry(name));
    error.hint(if had_login {
        format!("the login that Docker keeps is not accepted: renew it with `{command}`, or correct the image's name in the profile; `--engine embedded` needs no image")
    } else {
        format!("log in with `{command}`, or correct the image's name in the profile; `--engine embedded` needs no image")
    })
}

/// Without a tag the Engine would pull every tag there is. A port in the registry's address is not a tag.
fn repository_and_tag(name: &str) -> (&str, &str) {
    if let Some(parts) = name.split_once('@') {
        return parts;
    }
    match name.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, tag),
        _ => (name, "latest"),
    }
}

/// bollard 0.21 reports the end of a stream as an error when the last line ending arrives by itself.
pub fn is_only_the_end(cause: &Cause) -> bool {
    matches!(cause, Cause::IOError { err } if err.to_string().contains("bytes remaining on stream"))
}

/// The layers of an image that is being pulled.
#[derive(Default)]
struct Layers {
    layers: BTreeMap<String, Layer>,
    was_there: bool,
}

#[derive(Default)]
struct Layer {
    bytes: u64,
    total: u64,
    status: String,
    is_done: bool,
}

impl Layers {
    fn update(&mut self, message: CreateImageInfo, watcher: &dyn Watcher) {
        let status = message.status.unwrap_or_default();
        self.was_there |= status.contains("Image is up to date");
        // The first message carries the tag where the others carry a layer's id.
        let Some(id) = message.id.filter(|_| !status.starts_with("Pulling from")) else {
            return;
        };
        let detail = message.progress_detail.unwrap_or_default();
        let layer = self.layers.entry(id.clone()).or_default();
        layer.update(&status, detail.current, detail.total);
        if layer.status != status {
            watcher.line(format!("{id}: {status}"));
            layer.status = status;
        }
        watcher.progress(self.progress());
    }

    fn progress(&self) -> Progress {
        let total = self.layers.values().map(|layer| layer.total).sum();
        Progress {
            bytes: self.layers.values().map(|layer| layer.bytes).sum(),
            total_bytes: Some(total).filter(|total| *total > 0),
            parts: Some(Parts::Layers {
                done: self.layers.values().filter(|layer| layer.is_done).count(),
                total: self.layers.len(),
            }),
        }
    }

    fn remark(&self) -> Remark {
        match self.progress().total_bytes {
            _ if self.was_there => Some("up to date".to_owned()),
            Some(total) => Some(format!("{} downloaded", Bytes(total))),
            None => None,
        }
    }
}

impl Layer {
    /// The last message about a download usually falls short of the total.
    fn update(&mut self, status: &str, current: Option<i64>, total: Option<i64>) {
        let number = |value: Option<i64>| value.and_then(|value| u64::try_from(value).ok());
        match status {
            "Downloading" => {
                self.bytes = number(current).unwrap_or(self.bytes);
                self.total = number(total).unwrap_or(self.total);
            }
            "Download complete" => self.bytes = self.total,
            "Pull complete" | "Already exists" => self.is_done = true,
            _ => {}
        }
    }
}

/// Builds the API image. Its tag follows from its contents, so the same contents are built once.
pub async fn build(client: &Client, image: &ApiImage, watcher: &dyn Watcher) -> Result<Remark> {
    let context = image.context().map_err(|error| {
        Error::new(
            Code::BuildFailed,
            "cannot gather what the API image is made of",
        )
        .because(error)
    })?;
    let size = Bytes(context.len() as u64);
    let options = BuildImageOptionsBuilder::default()
        .dockerfile("Dockerfile")
        .t(image.tag())
        .rm(true)
        .forcerm(true)
        .build();
    let messages = client.build_image(options, None, Some(body_full(context.into())));
    let mut output = Output::default();
    let mut messages = std::pin::pin!(messages);
    while let Some(message) = messages.next().await {
        match message {
            Ok(message) => output.take(message, watcher),
            Err(cause) if is_only_the_end(&cause) => break,
            Err(cause) => return Err(failed(&cause, image, output)),
        }
    }
    if id(client, image.tag()).await?.is_none() {
        let what = format!("the image {} is not there after its build", image.tag());
        return Err(Error::new(Code::BuildFailed, what).detail(output.lines));
    }
    let label = format!("{}=api", label::ROLE);
    forget_older(client, (&label, REPOSITORY), image.tag()).await;
    Ok(Some(format!("{size}")))
}

/// Everything the builder wrote, shown whole when the build fails.
#[derive(Debug, Default)]
pub struct Output {
    /// Its lines.
    pub lines: Vec<String>,
    partial: String,
}

impl Output {
    /// The builder sends pieces of text, not lines.
    pub fn take(&mut self, message: BuildInfo, watcher: &dyn Watcher) {
        self.partial.push_str(&message.stream.unwrap_or_default());
        while let Some((line, rest)) = self.partial.split_once('\n') {
            let line = line.trim_end().to_owned();
            self.partial = rest.to_owned();
            if !line.is_empty() {
                watcher.line(line.clone());
                self.lines.push(line);
            }
        }
    }
}

fn failed(cause: &Cause, image: &ApiImage, output: Output) -> Error {
    let mut error =
        explain::error(cause, &format!("build the image {}", image.tag())).detail(output.lines);
    if error.code == Code::DockerAnswer {
        error.code = Code::BuildFailed;
    }
    error
}

/// The newest image that was built here for a repository, by its name.
pub async fn newest(client: &Client, repository: &str) -> Result<Option<String>> {
    let filters = HashMap::from([("reference".to_owned(), vec![repository.to_owned()])]);
    let options = ListImagesOptionsBuilder::default()
        .filters(&filters)
        .build();
    let listed = client.list_images(Some(options)).await;
    let newest = listed.explain("list the images")?.into_iter();
    let newest = newest.max_by_key(|image| image.created);
    Ok(newest.and_then(|image| image.repo_tags.into_iter().next()))
}

/// How long an image is kept at least: another checkout may have built it and be about to use it.
const KEPT: SignedDuration = SignedDuration::from_hours(1);

/// Removes the images of earlier builds that nothing uses any more, and what builds left that were cut off; one that is
/// still in use refuses to go.
pub async fn forget_older(client: &Client, (label, repository): (&str, &str), kept: &str) {
    let filters = HashMap::from([("label".to_owned(), vec![label.to_owned()])]);
    let options = ListImagesOptionsBuilder::default()
        .filters(&filters)
        .build();
    let listed = client
        .list_images(Some(options))
        .await
        .explain("list the images");
    let old = |image: &ImageSummary| {
        let created = Timestamp::from_second(image.created);
        created.is_ok_and(|created| Timestamp::now().duration_since(created) > KEPT)
    };
    let old = listed.unwrap_or_default().into_iter().filter(old);
    let names = old.flat_map(|image| names(image, repository));
    for name in names.filter(|name| name != kept) {
        remove(client, &name).await;
    }
}

/// What an image is removed by: its names in this repository, or its id where it has no name at all. What somebody has
/// built upon one of ours has its labels too.
fn names(image: ImageSummary, repository: &str) -> Vec<String> {
    if image.repo_tags.iter().all(|tag| tag == "<none>:<none>") {
        return vec![image.id];
    }
    let is_ours = |tag: &String| {
        let rest = tag.strip_prefix(repository);
        rest.is_some_and(|rest| rest.starts_with(':'))
    };
    image.repo_tags.into_iter().filter(is_ours).collect()
}

/// Removes a name, and the image where it has no other. One that is in use stays.
pub async fn remove(client: &Client, tag: &str) {
    drop(
        client
            .remove_image(tag, None::<RemoveImageOptions>, None)
            .await,
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_without_a_tag_means_latest_and_never_every_tag() {
        let cases = [
            ("postgres:13.5", ("postgres", "13.5")),
            ("postgres", ("postgres", "latest")),
            (
                "127.0.0.1:5000/postgres",
                ("127.0.0.1:5000/postgres", "latest"),
            ),
            ("127.0.0.1:5000/a/b:1", ("127.0.0.1:5000/a/b", "1")),
            ("postgres@sha256:abc", ("postgres", "sha256:abc")),
        ];
        for (name, parts) in cases {
            assert_eq!(repository_and_tag(name), parts);
        }
    }

    /// Remembers what it is told.
    #[derive(Debug, Default)]
    struct Listener(std::sync::Mutex<(Vec<String>, Option<Progress>)>);

    impl Watcher for Listener {
        fn progress(&self, progress: Progress) {
            self.0.lock().unwrap().1 = Some(progress);
        }

        fn line(&self, line: String) {
            self.0.lock().unwrap().0.push(line);
        }

        fn notice(&self, _text: String) {}
    }

    fn message(id: &str, status: &str, bytes: Option<(i64, i64)>) -> CreateImageInfo {
        let detail = |(current, total)| bollard::models::ProgressDetail {
            current: Some(current),
            total: Some(total),
        };
        CreateImageInfo {
            id: Some(id.to_owned()),
            status: Some(status.to_owned()),
            progress_detail: bytes.map(detail),
            ..Default::default()
        }
    }

    #[test]
    fn a_pull_tells_how_far_each_layer_and_all_of_them_are() {
        let listener = Listener::default();
        let mut layers = Layers::default();
        for message in [
            message("13.5", "Pulling from library/postgres", None),
            message("aa", "Already exists", None),
            message("bb", "Pulling fs layer", None),
            message("bb", "Downloading", Some((10, 100))),
            message("bb", "Downloading", Some((90, 100))),
            message("bb", "Download complete", None),
        ] {
            layers.update(message, &listener);
        }
        let (lines, progress) = listener.0.into_inner().unwrap();
        assert_eq!(
            lines,
            [
                "aa: Already exists",
                "bb: Pulling fs layer",
                "bb: Downloading",
                "bb: Download complete"
            ]
        );
        let parts = Some(Parts::Layers { done: 1, total: 2 });
        assert_eq!(
            progress,
            Some(Progress {
                bytes: 100,
                total_bytes: Some(100),
                parts
            })
        );
        assert_eq!(layers.remark().as_deref(), Some("100 B downloaded"));
    }

    #[test]
    fn an_engine_that_cannot_ask_a_registry_is_told_from_a_registry_that_refuses() {
        let error = |message: &str| Cause::DockerResponseServerError {
            status_code: 500,
            message: message.to_owned(),
        };
        let podman = "Path /v1.41/distribution/postgres/json is not supported";
        assert!(is_not_supported(&error(podman)));
        assert!(!is_not_supported(&error("manifest unknown")));
    }

    #[test]
    fn the_end_of_a_stream_is_told_from_a_failure() {
        let error = |text: &str| Cause::IOError {
            err: std::io::Error::other(text),
        };
        assert!(is_only_the_end(&error("bytes remaining on stream")));
        assert!(!is_only_the_end(&error("connection reset by peer")));
    }
}
