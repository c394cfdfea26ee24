//! The load of a dump as a container beside the database. Once begun it does not need the manager: a manager that was
//! killed finds it by its labels and goes on listening.

use std::io;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use bollard::body_full;
use bollard::body_try_stream;
use bollard::query_parameters::DownloadFromContainerOptionsBuilder;
use bollard::query_parameters::UploadToContainerOptionsBuilder;
use bytes::Bytes;
use futures_util::Stream;
use futures_util::StreamExt;
use futures_util::TryStreamExt;
use tokio::fs::File;
use tokio_util::io::ReaderStream;

use super::Docker;
use super::container;
use super::container::PASSWORD_FILE;
use super::container::SECRETS;
use super::explain;
use super::explain::Explained;
use super::hash;
use crate::database::Password;
use crate::engine::Error;
use crate::engine::Identity;
use crate::engine::Instance;
use crate::engine::Progress;
use crate::engine::Remark;
use crate::engine::Result;
use crate::engine::Role;
use crate::engine::SeedJob;
use crate::engine::Service;
use crate::engine::Watcher;
use crate::engine::load;
use crate::engine::random_password;
use crate::error::Code;

/// The folder of the job's own volume, which goes when the container goes.
const FOLDER: &str = "/seed";

/// The user of our own roles.
const NOBODY: u64 = 65534;

/// The permissions of the password. Nothing but the environment's own containers ever sees the volume it is in.
const READABLE: u32 = 0o444;

/// A block of the tar format.
const BLOCK: u64 = 512;

impl Docker {
    pub(super) async fn seed(
        &self,
        owner: &Identity,
        job: &SeedJob,
        watcher: &dyn Watcher,
    ) -> Result<Remark> {
        let info = self
            .client
            .info()
            .await
            .explain("ask the Engine about its machine")?;
        let cores = info
            .ncpu
            .and_then(|cores| u32::try_from(cores).ok())
            .unwrap_or(1);
        let service = load::service(job, &format!("{FOLDER}/dump.sql"), cores);
        let config_hash = hash(&container::job_body(&service, FOLDER));
        let id = match load::running(self, owner, &config_hash).await? {
            Some(running) => running.id,
            None => self.begin(owner, &service, job, watcher).await?,
        };
        load::listen(self, owner, &id, watcher).await
    }

    async fn begin(
        &self,
        owner: &Identity,
        service: &Service,
        job: &SeedJob,
        watcher: &dyn Watcher,
    ) -> Result<String> {
        let id = self.create_job(owner, service, FOLDER).await?;
        let dump = open(&job.file).await?;
        let length = dump
            .metadata()
            .await
            .map_err(|error| unreadable(&job.file, error))?
            .len();
        self.upload(&id, dump, length, watcher).await?;
        self.client
            .start_container(&id, None)
            .await
            .explain("start the seed")?;
        Ok(id)
    }

    /// Streams a file into the job's volume: a dump may be larger than memory.
    async fn upload(&self, id: &str, file: File, length: u64, watcher: &dyn Watcher) -> Result<()> {
        let options = UploadToContainerOptionsBuilder::default()
            .path(FOLDER)
            .build();
        let archive = archive("dump.sql", file, length);
        watcher.progress(Progress {
            total_bytes: Some(length),
            ..Progress::default()
        });
        // The Engine answers when it has taken the whole archive, which may take longer than an answer usually may.
        let patient = self.client.clone().with_timeout(Duration::from_hours(1));
        let uploaded = patient
            .upload_to_container(id, Some(options), body_try_stream(archive))
            .await;
        uploaded.explain("hand the dump to the seed")
    }

    /// Makes sure that the environment has a password. It is made once, by the first start of the database.
    pub(super) async fn ensure_password(&self, name: &str) -> Result<()> {
        match self.stored_password(name).await? {
            Some(_) => Ok(()),
            None => {
                self.store_password(name, random_password()?.as_bytes())
                    .await
            }
        }
    }

    /// Makes sure that a program of any user can read the password. Environments that were made before programs of
    /// others than ratesdev's own could be run keep it for its own user alone.
    pub(super) async fn open_password(&self, owner: &Identity) -> Result<()> {
        let database = container::name(owner, Instance::first(Role::Database));
        match self.stored_password(&database).await? {
            Some((_, READABLE)) | None => Ok(()),
            Some((password, _)) => self.store_password(&database, &password).await,
        }
    }

    /// The password of the database in this container.
    pub(super) async fn read_password(&self, id: &str) -> Result<Password> {
        let stored = self.stored_password(id).await?;
        let missing = || Error::new(Code::DatabaseUnreachable, "the database has no password");
        let (password, _) = stored.ok_or_else(missing)?;
        Ok(Password::new(String::from_utf8_lossy(&password).trim_end()))
    }

    /// The password and the permissions of its file.
    async fn stored_password(&self, container: &str) -> Result<Option<(Vec<u8>, u32)>> {
        let path = format!("{SECRETS}/{PASSWORD_FILE}");
        self.file(container, &path).await
    }

    /// The contents and the permissions of a file in a container, whether that runs or not.
    pub(super) async fn file(&self, container: &str, path: &str) -> Result<Option<(Vec<u8>, u32)>> {
        let options = DownloadFromContainerOptionsBuilder::default()
            .path(path)
            .build();
        let archive = self
            .client
            .download_from_container(container, Some(options));
        match archive.try_collect::<Vec<Bytes>>().await {
            // Taken for none, it would be written over: nothing else holds it.
            Ok(archive) => only_file(&archive.concat())
                .map(Some)
                .map_err(|error| broken(container, error)),
            Err(cause) if explain::is_missing(&cause) => Ok(None),
            Err(cause) => Err(explain::error(&cause, &format!("look for {path}"))),
        }
    }

    async fn store_password(&self, name: &str, password: &[u8]) -> Result<()> {
        let length = password.len() as u64;
        let mut archive = header(PASSWORD_FILE, length, READABLE);
        archive.extend(password);
        archive.extend(padding(length));
        let options = UploadToContainerOptionsBuilder::default()
            .path(SECRETS)
            .build();
        let uploaded = self
            .client
            .upload_to_container(name, Some(options), body_full(archive.into()))
            .await;
        uploaded.explain("store the password")
    }
}

/// The contents and the permissions of the file in an archive.
fn only_file(archive: &[u8]) -> io::Result<(Vec<u8>, u32)> {
    let mut archive = tar::Archive::new(archive);
    let first = archive.entries()?.next();
    let mut entry = first.ok_or(io::ErrorKind::UnexpectedEof)??;
    if !entry.header().entry_type().is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let mode = entry.header().mode()?;
    let mut contents = Vec::new();
    entry.read_to_end(&mut contents)?;
    if (contents.len() as u64) < entry.size() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok((contents, mode & 0o777))
}

fn broken(container: &str, error: io::Error) -> Error {
    let what = format!("cannot read the password that {container} has in {SECRETS}");
    Error::new(Code::DockerAnswer, what).because(error).hint(
        "nothing was changed; run the command again, and see whether the Engine's disk is full",
    )
}

/// A tar archive of one file, made while it is read.
fn archive(
    name: &str,
    file: File,
    length: u64,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    let whole = |bytes: Vec<u8>| futures_util::stream::iter([Ok(Bytes::from(bytes))]);
    let contents =
        ReaderStream::with_capacity(tokio::io::AsyncReadExt::take(file, length), 256 * 1024);
    whole(header(name, length, 0o444))
        .chain(contents)
        .chain(whole(padding(length)))
}

fn header(name: &str, length: u64, mode: u32) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header
        .set_path(name)
        .expect("our own short names fit into a header");
    header.set_size(length);
    header.set_mode(mode);
    header.set_uid(NOBODY);
    header.set_gid(NOBODY);
    header.set_mtime(0);
    header.set_entry_type(tar::EntryType::Regular);
    header.set_cksum();
    header.as_bytes().to_vec()
}

/// What fills the last block, and the two empty blocks that end an archive.
fn padding(length: u64) -> Vec<u8> {
    let rest = (BLOCK - length % BLOCK) % BLOCK + 2 * BLOCK;
    vec![0; usize::try_from(rest).expect("at most three blocks")]
}

async fn open(path: &Path) -> Result<File> {
    File::open(path)
        .await
        .map_err(|error| unreadable(path, error))
}

fn unreadable(path: &Path, error: io::Error) -> Error {
    Error::new(
        Code::DumpMissing,
        format!("cannot read the dump {}", path.display()),
    )
    .because(error)
    .hint("name the dump in the profile ([seed] file) or with `ratesdev seed --file`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_that_cannot_be_read_is_not_taken_for_none() {
        let length = 5;
        let mut archive = header(PASSWORD_FILE, length, READABLE);
        archive.extend(b"12345");
        archive.extend(padding(length));
        assert_eq!(only_file(&archive).unwrap(), (b"12345".to_vec(), READABLE));
        for cut in [0, 3, 100, 512, 514] {
            only_file(&archive[..cut]).unwrap_err();
        }
        let mut odd = archive.clone();
        odd[100..108].copy_from_slice(b"zzzzzzzz");
        only_file(&odd).unwrap_err();
        let mut folder = tar::Header::new_gnu();
        folder.set_entry_type(tar::EntryType::Directory);
        folder.set_cksum();
        only_file(folder.as_bytes()).unwrap_err();
    }

    #[tokio::test]
    async fn the_archive_that_is_streamed_is_one_that_tar_reads() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dump");
        for length in [0usize, 1, 511, 512, 513, 300_000] {
            std::fs::write(&path, vec![b'x'; length]).unwrap();
            let file = File::open(&path).await.unwrap();
            let chunks: Vec<Bytes> = archive("dump.sql", file, length as u64)
                .try_collect()
                .await
                .unwrap();
            let bytes = chunks.concat();
            let mut archive = tar::Archive::new(bytes.as_slice());
            let mut entries = archive.entries().unwrap();
            let entry = entries.next().unwrap().unwrap();
            assert_eq!(
                (entry.path().unwrap().to_str(), entry.size()),
                (Some("dump.sql"), length as u64)
            );
            drop(entry);
            assert!(entries.next().is_none());
        }
    }
}
