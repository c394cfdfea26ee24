//! Fetching from a mirror on this machine that behaves, and from ones that do not.

#![cfg(unix)]

use std::collections::BTreeMap;
use std::fs;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Write;
use std::net::TcpListener;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Instant;

use lzma_rust2::XzOptions;
use lzma_rust2::XzWriter;
use rawzip::CompressionMethod;
use tempfile::TempDir;

use super::*;
use crate::error::Code;
use crate::error::Explain;

const DEADLINE: Duration = Duration::from_mins(1);
/// The variable by which a test that runs itself again is told what to do.
const CHILD: &str = "RATESDEV_TEST_FETCH";

fn release() -> Release {
    Release {
        version: Version::new(13, 5),
        platform: "linux-amd64".to_owned(),
    }
}

/// A jar in Zonky's layout, whose server says that it is this version, with so many further files.
fn jar(version: &str, files: u32) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    let mut add = |path: &str, text: &str| {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o755);
        tar.append_data(&mut header, path, text.as_bytes()).unwrap();
    };
    add(
        "bin/postgres",
        &format!("#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n"),
    );
    add("bin/initdb", "#!/bin/sh\n");
    add("lib/libpq.so.5.13", "library");
    for number in 0..files {
        add(&format!("share/{number}"), "share");
    }
    let mut link = tar::Header::new_gnu();
    link.set_entry_type(tar::EntryType::Symlink);
    link.set_size(0);
    tar.append_link(&mut link, "lib/libpq.so.5", "libpq.so.5.13")
        .unwrap();
    let mut xz = XzWriter::new(Vec::new(), XzOptions::with_preset(1)).unwrap();
    xz.write_all(&tar.into_inner().unwrap()).unwrap();
    zip(&[
        ("META-INF/MANIFEST.MF", b"Manifest"),
        ("postgres-linux-x86_64.txz", &xz.finish().unwrap()),
    ])
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut zip = rawzip::ZipArchiveWriter::new(&mut bytes);
    for (name, contents) in files {
        let file = zip
            .new_file(name)
            .compression_method(CompressionMethod::DEFLATE);
        let (mut entry, config) = file.start().unwrap();
        let deflate = flate2::write::DeflateEncoder::new(&mut entry, flate2::Compression::fast());
        let mut writer = config.wrap(deflate);
        writer.write_all(contents).unwrap();
        let (deflate, descriptor) = writer.finish().unwrap();
        deflate.finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    zip.finish().unwrap();
    bytes
}

/// What a mirror does with a file.
#[derive(Clone)]
enum Deed {
    Give(Vec<u8>),
    /// Promises all and hangs up after half.
    HangUp(Vec<u8>),
    /// Promises all and stops after half.
    Stall(Vec<u8>),
    /// Takes the request and says nothing.
    Silence,
    Redirect(String),
    Refuse,
}

/// A server that counts what it is asked for; it lives as long as the test's process.
struct Server {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(deeds: BTreeMap<String, Deed>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/maven2", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (deeds, log) = (deeds.clone(), Arc::clone(&log));
                std::thread::spawn(move || serve(stream, &deeds, &log));
            }
        });
        Self { url, asked }
    }

    /// A server with the archive and, under each of these endings, a checksum.
    fn of(archive: Deed, checksums: &[(&str, String)]) -> Self {
        let path = release().path();
        let mut deeds = BTreeMap::from([(format!("/maven2/{path}"), archive)]);
        for (extension, text) in checksums {
            let path = format!("/maven2/{path}.{extension}");
            deeds.insert(path, Deed::Give(text.clone().into_bytes()));
        }
        Self::start(deeds)
    }

    /// A server that does this with an archive, whose checksum it gives.
    fn with_sum(deed: impl FnOnce(Vec<u8>) -> Deed, archive: Vec<u8>) -> Self {
        let sum = hex(&Sha512::digest(&archive));
        Self::of(deed(archive), &[("sha512", sum)])
    }

    fn mirror(&self) -> Mirror {
        Mirror::new(&self.url).unwrap()
    }

    /// How often the archive was asked for.
    fn downloads(&self) -> usize {
        let asked = self.asked.lock().unwrap();
        asked
            .iter()
            .filter(|path| path.ends_with(&release().path()))
            .count()
    }
}

fn serve(mut stream: TcpStream, deeds: &BTreeMap<String, Deed>, log: &Mutex<Vec<String>>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let request = lines.next().unwrap().unwrap();
    while lines
        .next()
        .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
    {}
    let path = request.split(' ').nth(1).unwrap().to_owned();
    let deed = deeds.get(&path).cloned();
    log.lock().unwrap().push(path);
    let head = |length: usize| format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
    let half = |bytes: &[u8]| [head(bytes.len()).as_bytes(), &bytes[..bytes.len() / 2]].concat();
    let answer = match &deed {
        Some(Deed::Give(bytes)) => [head(bytes.len()).as_bytes(), bytes].concat(),
        Some(Deed::HangUp(bytes) | Deed::Stall(bytes)) => half(bytes),
        Some(Deed::Silence) => Vec::new(),
        Some(Deed::Redirect(to)) => {
            format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\n\r\n").into_bytes()
        }
        Some(Deed::Refuse) => b"HTTP/1.1 503 Service Unavailable\r\n\r\n".to_vec(),
        None => b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec(),
    };
    // A client that has given up is what some of the tests are about.
    drop(stream.write_all(&answer));
    if matches!(deed, Some(Deed::Stall(_) | Deed::Silence)) {
        drop(lines.next());
    }
}

/// Remembers what it is told.
#[derive(Default)]
struct Told {
    progress: Mutex<Vec<Progress>>,
    notices: Mutex<Vec<String>>,
}

impl Watcher for Told {
    fn progress(&self, progress: Progress) {
        self.progress.lock().unwrap().push(progress);
    }

    fn line(&self, _line: String) {}

    fn notice(&self, text: String) {
        self.notices.lock().unwrap().push(text);
    }
}

const PATIENCE: Patience = Patience {
    answer: Duration::from_secs(20),
    stall: Duration::from_secs(20),
};

async fn fetch_into(cache: &Path, mirror: &Mirror) -> Result<Installation, FetchError> {
    fetch(&release(), mirror, PATIENCE, cache, &Told::default()).await
}

/// Why nothing can be fetched from a server by somebody with this patience.
async fn given_up(server: &Server, patience: Patience) -> String {
    let (cache, told) = (cache(), Told::default());
    let fetched = fetch(&release(), &server.mirror(), patience, cache.path(), &told).await;
    fetched.unwrap_err().to_string()
}

/// The names in the cache but those of locks.
fn names(cache: &Path) -> Vec<String> {
    let entries = fs::read_dir(cache).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let is_lock = |name: &String| Path::new(name).extension().is_some_and(|end| end == "lock");
    names.filter(|name| !is_lock(name)).collect()
}

fn cache() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[tokio::test]
async fn a_release_is_fetched_once_with_its_progress_and_its_links_and_modes() {
    let jar = jar("13.5", 0);
    let sum = format!("{}  some.jar\n", hex(&Sha512::digest(&jar)).to_uppercase());
    let server = Server::of(Deed::Give(jar.clone()), &[("sha512", sum)]);
    let cache = cache();
    let told = Told::default();
    for _ in 0..2 {
        let fetched = fetch(&release(), &server.mirror(), PATIENCE, cache.path(), &told).await;
        assert_eq!(fetched.unwrap().version, Version::new(13, 5));
    }
    assert_eq!(server.downloads(), 1);
    let last = *told.progress.lock().unwrap().last().unwrap();
    let all = jar.len() as u64;
    assert_eq!((last.bytes, last.total_bytes), (all, Some(all)));
    assert_eq!(names(cache.path()), ["13.5.0-linux-amd64"]);
    let folder = cache.path().join("13.5.0-linux-amd64");
    assert_eq!(fs::read(folder.join("lib/libpq.so.5")).unwrap(), b"library");
    let mode = |path: &str| {
        fs::metadata(folder.join(path))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!((mode(""), mode("bin/postgres")), (0o755, 0o755));
}

#[tokio::test]
async fn the_strongest_published_checksum_counts() {
    let jar = jar("13.5", 0);
    let right = [
        ("sha512", hex(&Sha512::digest(&jar))),
        ("sha256", hex(&Sha256::digest(&jar))),
        ("sha1", hex(&Sha1::digest(&jar))),
    ];
    for first in 0..right.len() {
        let server = Server::of(Deed::Give(jar.clone()), &right[first..]);
        fetch_into(cache().path(), &server.mirror()).await.unwrap();
        let mut published = right[first..].to_vec();
        published[0].1 = "0".repeat(published[0].1.len());
        let server = Server::of(Deed::Give(jar.clone()), &published);
        let cache = cache();
        let error = fetch_into(cache.path(), &server.mirror())
            .await
            .unwrap_err();
        assert!(matches!(error, FetchError::Checksum { .. }), "{error}");
        assert!(
            !error.may_be_passed_over(),
            "nothing is run behind the user's back"
        );
        assert_eq!(error.code(), Code::PostgresFetch);
        assert!(names(cache.path()).is_empty());
    }
    let md5 = [("md5", "d41d8cd98f00b204e9800998ecf8427e".to_owned())];
    let server = Server::of(Deed::Give(jar), &md5);
    let error = fetch_into(cache().path(), &server.mirror())
        .await
        .unwrap_err();
    assert!(matches!(error, FetchError::Unpublished { .. }), "{error}");
}

#[tokio::test]
async fn a_mirror_that_fails_is_told_and_nothing_is_left() {
    let (jar, old) = (jar("13.5", 0), jar("13.4", 0));
    let elsewhere = |_archive| Deed::Redirect("/maven2/a".to_owned());
    let cases = [
        (
            Server::with_sum(Deed::HangUp, jar.clone()),
            "cannot be reached",
            true,
        ),
        (
            Server::with_sum(|_archive| Deed::Refuse, jar.clone()),
            "is answered with 503",
            true,
        ),
        (Server::with_sum(elsewhere, jar), "does not exist", true),
        (
            Server::start(BTreeMap::new()),
            "has no PostgreSQL 13.5 for linux-amd64",
            true,
        ),
        (
            Server::with_sum(Deed::Give, old),
            "it is PostgreSQL 13.4",
            true,
        ),
        (
            Server::with_sum(Deed::Give, b"not a zip".to_vec()),
            "cannot be unpacked",
            false,
        ),
    ];
    for (server, expected, may_be_passed_over) in cases {
        let cache = cache();
        let error = fetch_into(cache.path(), &server.mirror())
            .await
            .unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(error.may_be_passed_over(), may_be_passed_over, "{error}");
        assert!(names(cache.path()).is_empty(), "{error}");
    }
    let nobody = Mirror::new("http://127.0.0.1:9/maven2").unwrap();
    let error = fetch_into(cache().path(), &nobody).await.unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("127.0.0.1:9 cannot be reached ("),
        "{error}"
    );
}

#[tokio::test]
async fn a_redirect_is_followed() {
    let jar = jar("13.5", 0);
    let sum = [("sha512", hex(&Sha512::digest(&jar)))];
    let path = release().path();
    let deeds = BTreeMap::from([(format!("/maven2/{path}"), Deed::Give(jar))]);
    let other = Server::start(deeds);
    let server = Server::of(Deed::Redirect(format!("{}/{path}", other.url)), &sum);
    fetch_into(cache().path(), &server.mirror()).await.unwrap();
    assert_eq!((server.downloads(), other.downloads()), (1, 1));
}

#[tokio::test]
async fn a_mirror_that_says_nothing_is_given_up_after_three_seconds() {
    let path = format!("/maven2/{}.sha512", release().path());
    let server = Server::start(BTreeMap::from([(path, Deed::Silence)]));
    let begun = Instant::now();
    let patience = Patience::default();
    let error = given_up(&server, patience).await;
    assert!(error.ends_with("does not answer within 3 s"), "{error}");
    assert!(begun.elapsed() >= patience.answer, "it was waited for");
}

#[tokio::test]
async fn a_download_that_stalls_is_given_up() {
    let server = Server::with_sum(Deed::Stall, jar("13.5", 0));
    let patience = Patience {
        stall: Duration::from_secs(1),
        ..PATIENCE
    };
    let error = given_up(&server, patience).await;
    assert!(error.ends_with("sent nothing more for 1 s"), "{error}");
}

#[tokio::test]
async fn of_two_at_once_one_fetches_and_the_other_waits() {
    let server = Server::with_sum(Deed::Give, jar("13.5", 0));
    let (cache, mirror) = (cache(), server.mirror());
    let told = Told::default();
    let one = || async { fetch(&release(), &mirror, PATIENCE, cache.path(), &told).await };
    let (one, other) = tokio::join!(one(), one());
    assert_eq!(one.unwrap(), other.unwrap());
    assert_eq!(server.downloads(), 1);
    let notices = told.notices.lock().unwrap();
    assert_eq!(
        *notices,
        ["another ratesdev fetches PostgreSQL 13.5; waiting"]
    );
}

/// The test runs itself again as the process that is killed while it unpacks.
#[tokio::test]
async fn a_fetch_that_is_killed_leaves_nothing_half_and_the_next_one_succeeds() {
    if let Ok(folder) = std::env::var(CHILD) {
        let folder = Path::new(&folder);
        let mirror = Mirror::Folder(folder.join("maven2"));
        drop(fetch_into(&folder.join("cache"), &mirror).await);
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (cache, mirror) = (folder.path().join("cache"), folder.path().join("maven2"));
    let jar = jar("13.5", 5_000);
    let file = mirror.join(release().path());
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(
        file.with_extension("jar.sha256"),
        hex(&Sha256::digest(&jar)),
    )
    .unwrap();
    fs::write(&file, jar).unwrap();
    let deadline = Instant::now() + DEADLINE;
    while !killed_while_unpacking(folder.path()).await {
        assert!(
            Instant::now() < deadline,
            "the unpacking is always too quick"
        );
        fs::remove_dir_all(&cache).unwrap();
    }
    assert_eq!(names(&cache), [".13.5.0-linux-amd64.partial"]);
    fetch_into(&cache, &Mirror::Folder(mirror)).await.unwrap();
    assert_eq!(names(&cache), ["13.5.0-linux-amd64"]);
    assert!(cache.join("13.5.0-linux-amd64/share/4999").exists());
}

/// Runs the test above as a process that fetches, and kills it while it unpacks; false where it was done before.
async fn killed_while_unpacking(folder: &Path) -> bool {
    let name = "engine::embedded::postgres::fetch::tests::\
        a_fetch_that_is_killed_leaves_nothing_half_and_the_next_one_succeeds";
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", name]).env(CHILD, folder);
    let mut child = child.stdout(std::process::Stdio::null()).spawn().unwrap();
    let partial = folder.join("cache/.13.5.0-linux-amd64.partial");
    while !partial.join("share/9").exists() && child.try_wait().unwrap().is_none() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    partial.exists()
}

/// A disk in memory, given back when it is dropped.
struct SmallDisk(TempDir);

impl SmallDisk {
    /// None where nothing may be mounted.
    fn new() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"]);
        let mounted = mount.arg(folder.path()).status();
        if mounted.is_ok_and(|status| status.success()) {
            return Some(Self(folder));
        }
        eprintln!("CANNOT RUN HERE: a small disk needs root, and the right to mount");
        assert!(std::env::var_os("CI").is_none(), "CI must be able to");
        None
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let mut unmount = Command::new("umount");
        drop(unmount.arg("--lazy").arg(self.0.path()).status());
    }
}

#[tokio::test]
async fn a_disk_that_fills_up_while_a_release_is_unpacked_is_told_and_nothing_of_it_stays() {
    let Some(disk) = SmallDisk::new() else { return };
    let archive = jar("13.5", 200);
    let sum = hex(&Sha256::digest(&archive));
    let server = Server::of(Deed::Give(archive), &[("sha256", sum)]);
    let cache = disk.0.path().join("postgres");
    let told = Told::default();
    let fetched = fetch(&release(), &server.mirror(), PATIENCE, &cache, &told).await;
    let error = fetched.unwrap_err();
    assert_eq!(error.code(), Code::DiskFull, "{error}");
    assert!(!cache.join(".13.5.0-linux-amd64.partial").exists());
    let entries = fs::read_dir(&cache).unwrap().flatten();
    let names: Vec<_> = entries.map(|entry| entry.file_name()).collect();
    assert_eq!(names.len(), 1, "only the lock: {names:?}");
}
