//! Clusters of the PostgreSQL that is installed here, made and run as root's roles and as an ordinary user.

use std::net::Ipv4Addr;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use tempfile::TempDir;
use tokio::process::Child;
use tokio::time::Instant;
use tokio::time::sleep;
use tokio_postgres::Client;
use tokio_postgres::NoTls;
use tokio_postgres::error::SqlState;

use super::super::account;
use super::super::places;
use super::super::version::Version;
use super::*;

const DEADLINE: Duration = Duration::from_mins(1);
const PASSWORD: &str = "0123456789abcdef";

/// A folder, an installation of this machine, and who runs it.
struct Scene {
    folder: TempDir,
    installation: Installation,
    account: Option<Account>,
}

impl Scene {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let path = std::env::var_os("PATH");
        let found = places::candidates(Path::new("/none"), path.as_deref(), Path::new("/"));
        let first = found.first().expect("a PostgreSQL is installed");
        Self {
            folder,
            installation: places::ask(first).await.unwrap(),
            account: account::of_roles().unwrap(),
        }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    async fn prepare(&self) -> Result<()> {
        prepare(Wanted {
            installation: &self.installation,
            data: &self.data(),
            account: self.account.as_ref(),
            password: PASSWORD,
            durability: Durability::Fast,
        })
        .await
    }

    /// The names in the folder.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect()
    }

    /// Starts the server and waits until it answers. Where it ends instead, because a port was taken meanwhile or the
    /// processes of a killed server have not gone yet, it is started again.
    async fn start(&self) -> Server {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let mut server = self.spawn();
            while server.child.try_wait().unwrap().is_none() {
                if let Ok(client) = server.connect(PASSWORD).await {
                    drop(client);
                    return server;
                }
                assert!(Instant::now() < deadline, "the server does not answer");
                sleep(Duration::from_millis(50)).await;
            }
            assert!(Instant::now() < deadline, "the server does not stay");
        }
    }

    fn spawn(&self) -> Server {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let extra = ["-c", "fsync=off", "-c", "shared_buffers=16MB"].map(str::to_owned);
        let arguments = arguments(&self.data(), Ipv4Addr::LOCALHOST.into(), port, &extra);
        let program = self.installation.program("postgres");
        let mut postgres = command(&program, self.account.as_ref());
        let child = postgres.args(arguments).stderr(Stdio::null()).spawn();
        Server {
            child: child.unwrap(),
            port,
        }
    }
}

struct Server {
    child: Child,
    port: u16,
}

impl Server {
    async fn connect(&self, password: &str) -> Result<Client, tokio_postgres::Error> {
        let mut config = tokio_postgres::Config::new();
        config.host("127.0.0.1").port(self.port).user("rates");
        config.dbname("postgres").password(password);
        let (client, connection) = config.connect(NoTls).await?;
        #[expect(clippy::disallowed_methods, reason = "it ends with the client")]
        tokio::spawn(connection);
        Ok(client)
    }

    async fn stop(mut self) {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok());
        let id = rustix::process::Pid::from_raw(id.unwrap()).unwrap();
        rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
        assert!(self.child.wait().await.unwrap().success());
    }
}

/// The life of a cluster: made, run, asked, killed, run again.
async fn life() {
    let scene = Scene::new().await;
    scene.prepare().await.unwrap();
    assert_eq!(scene.names(), ["data"], "nothing else is left");
    let found = fs::metadata(scene.data()).unwrap();
    let this = rustix::process::geteuid().as_raw();
    let owner = scene.account.as_ref().map_or(this, |account| account.uid);
    assert_eq!((found.mode() & 0o777, found.uid()), (0o700, owner));
    let major = major(&scene.data()).unwrap();
    assert_eq!(major, Some(scene.installation.version.major));

    let mut server = scene.start().await;
    let refused = server.connect("wrong").await.unwrap_err();
    assert_eq!(refused.code(), Some(&SqlState::INVALID_PASSWORD));
    let client = server.connect(PASSWORD).await.unwrap();
    client
        .batch_execute("CREATE TABLE kept AS SELECT 1 AS one")
        .await
        .unwrap();
    let sql =
        "SELECT current_setting('server_encoding'), current_setting('unix_socket_directories'),
        current_setting('TimeZone'), rolsuper FROM pg_roles WHERE rolname = current_user";
    let row = client.query_one(sql, &[]).await.unwrap();
    let texts: [String; 3] = [row.get(0), row.get(1), row.get(2)];
    assert_eq!(texts, ["UTF8", "", "Etc/UTC"]);
    assert!(row.get::<_, bool>(3), "rates is the superuser");

    server.child.kill().await.unwrap();
    assert!(
        scene.data().join("postmaster.pid").exists(),
        "it was killed"
    );
    scene
        .prepare()
        .await
        .expect("a cluster that is there is left alone");
    let server = scene.start().await;
    let client = server.connect(PASSWORD).await.unwrap();
    client.query_one("SELECT one FROM kept", &[]).await.unwrap();
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn a_cluster_is_made_and_run_and_survives_a_kill() {
    life().await;
}

/// Where this is root, the test runs itself again as somebody else.
#[tokio::test]
async fn an_ordinary_user_runs_a_cluster_as_itself() {
    let Some(account) = account::of_roles().unwrap() else {
        return life().await;
    };
    let folder = tempfile::tempdir().unwrap();
    account.own(folder.path()).unwrap();
    let program = folder.path().join("test");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let mut test = std::process::Command::new("setpriv");
    let ids = [
        format!("--reuid={}", account.uid),
        format!("--regid={}", account.gid),
    ];
    test.args(ids).arg("--clear-groups").arg(program);
    let name =
        "engine::embedded::postgres::cluster::tests::an_ordinary_user_runs_a_cluster_as_itself";
    test.args(["--exact", name]).env("TMPDIR", folder.path());
    let output = test.current_dir("/").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}"
    );
}

/// Begins to make a cluster and gives it up while `initdb` works; false where it was done before.
async fn cut_off(scene: &Scene) -> bool {
    let beside = || {
        let mut names = scene.names().into_iter();
        names.find(|name| name.starts_with(".data.initdb-"))
    };
    let works = |name: String| scene.folder.path().join(name).join("data/base").exists();
    let begun = async {
        while !beside().is_some_and(works) {
            sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::select! {
        done = scene.prepare() => done.map(|()| false).unwrap(),
        () = begun => true,
    }
}

#[tokio::test]
async fn an_initdb_that_is_cut_off_leaves_no_cluster_and_the_next_one_clears_up() {
    let scene = Scene::new().await;
    let deadline = Instant::now() + DEADLINE;
    while !cut_off(&scene).await {
        assert!(Instant::now() < deadline, "initdb is always too quick");
        fs::remove_dir_all(scene.data()).unwrap();
    }
    assert!(!scene.names().contains(&"data".to_owned()));
    scene.prepare().await.unwrap();
    // An orphan of the first attempt may write once more after its folder was removed.
    while scene.names() != ["data"] {
        remove_leftovers(&scene.data());
        assert!(Instant::now() < deadline, "{:?}", scene.names());
    }
}

#[tokio::test]
async fn a_cluster_that_cannot_be_run_is_told() {
    let mut scene = Scene::new().await;
    fs::create_dir(scene.data()).unwrap();
    assert_eq!(
        major(&scene.data()).unwrap(),
        None,
        "an empty folder is no cluster"
    );
    fs::write(scene.data().join("base"), "").unwrap();
    let error = scene.prepare().await.unwrap_err();
    assert_eq!(error.code, Code::ClusterBroken);
    assert!(error.what.ends_with("it has no PG_VERSION"), "{error}");

    fs::write(scene.data().join("PG_VERSION"), "no number\n").unwrap();
    assert_eq!(scene.prepare().await.unwrap_err().code, Code::ClusterBroken);

    fs::write(scene.data().join("PG_VERSION"), "13\n").unwrap();
    scene.installation.version = Version::new(15, 18);
    let error = scene.prepare().await.unwrap_err();
    assert_eq!(error.code, Code::PostgresVersion);
    assert!(
        error
            .what
            .ends_with("belongs to PostgreSQL 13, not to 15.18"),
        "{error}"
    );

    scene.installation.version = Version::new(13, 5);
    scene.account = Some(Account {
        name: "stranger".to_owned(),
        uid: 4_000_000,
        gid: 4_000_000,
    });
    let error = scene.prepare().await.unwrap_err();
    assert_eq!(error.code, Code::ClusterOwner);
    assert!(
        error.what.ends_with("would run as stranger (4000000)"),
        "{error}"
    );
}

#[tokio::test]
async fn what_initdb_complains_of_is_told() {
    let mut scene = Scene::new().await;
    let programs = scene.folder.path().join("bin");
    fs::create_dir(&programs).unwrap();
    let initdb = programs.join("initdb");
    fs::write(
        &initdb,
        "#!/bin/sh\necho 'initdb: error: no luck today' >&2\nexit 1\n",
    )
    .unwrap();
    fs::set_permissions(&initdb, fs::Permissions::from_mode(0o755)).unwrap();
    scene.installation.programs = programs;
    let error = scene.prepare().await.unwrap_err();
    assert_eq!(error.code, Code::ClusterBroken);
    assert_eq!(error.detail, ["initdb: error: no luck today"]);
    assert_eq!(scene.names(), ["bin"], "nothing is left");
}

#[test]
fn the_server_listens_where_it_is_told_whatever_else_is_said() {
    let extra = ["-c", "listen_addresses=*", "-c", "fsync=off"].map(str::to_owned);
    let arguments = arguments(
        Path::new("/e/data"),
        Ipv4Addr::LOCALHOST.into(),
        15432,
        &extra,
    );
    let expected = "-D /e/data -c listen_addresses=* -c fsync=off -c listen_addresses=127.0.0.1 -c port=15432 \
        -c unix_socket_directories= -c logging_collector=off -c log_destination=stderr";
    assert_eq!(arguments.join(" "), expected);
}

#[test]
fn the_locale_of_the_image_is_taken_where_the_system_has_it() {
    let cases = [
        ("C\nC.utf8\nPOSIX\nen_US.utf8\n", "en_US.utf8"),
        ("C\nPOSIX\nC.UTF-8\nen_US.UTF-8\n", "en_US.UTF-8"),
        ("C\nC.utf8\nPOSIX\nde_DE.utf8\n", "C.utf8"),
        ("C\nPOSIX\n", "C"),
        ("", "C"),
    ];
    for (listed, locale) in cases {
        assert_eq!(best_locale(listed), locale, "{listed}");
    }
}
