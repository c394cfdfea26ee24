//! The one table of failures.

use serde::Deserialize;
use serde::Serialize;

codes! {
    /// The engine has no addresses left for another network.
    ///
    /// Every environment has a network of its own, and all the addresses for networks are given away.
    ///
    /// Take environments down that are not needed (`ratesdev ls --all`), or remove networks that nothing uses with
    /// `docker network prune`.
    AddressesUsedUp = "E-ADDRESSES",
    /// A team's own API does not do what an API must.
    ///
    /// It listens where nobody can reach it, has no health path, or its answers are no rates; the message says which.
    ///
    /// docs/API.md says what an API must do; `listen`, `health` and `environment` of `[api]` say how yours does it.
    ApiContract = "E-API-CONTRACT",
    /// The API answered a question with an error.
    ///
    /// The question names a port or a region that does not exist, its span is too long, or the API itself is in
    /// trouble; the message quotes its answer.
    ///
    /// Correct the question; where the answer is 5xx, look at `ratesdev status` and `ratesdev logs api`.
    AnswerRejected = "E-ANSWER",
    /// The API cannot be reached although it should run.
    ///
    /// The API was stopped, is starting, or its address is not the one that was asked.
    ///
    /// Look at `ratesdev status`; `ratesdev start api` or `ratesdev up` brings it back. With `--url`, check the
    /// address.
    ApiUnreachable = "E-API-UNREACHABLE",
    /// An image could not be built.
    ///
    /// A step of the image's Dockerfile failed; its last lines are shown.
    ///
    /// Correct what they complain of, then `ratesdev up` again.
    BuildFailed = "E-BUILD-FAILED",
    /// The folder that an image is built from cannot be used.
    ///
    /// It is not there, lacks its Dockerfile, has a `.dockerignore` that makes no sense, or holds a file that cannot be
    /// read; the message names it.
    ///
    /// Put it right, leave the file out with a `.dockerignore`, or correct `[api] build` in the profile.
    ContextUnusable = "E-BUILD-CONTEXT",
    /// A check did not return its known answer.
    ///
    /// The database holds other prices than the profile's check expects, or the API works them out differently.
    ///
    /// Load the profile's seed with `ratesdev seed --reset`, or correct the check in the profile.
    CheckFailed = "E-CHECK-FAILED",
    /// The folder of a database is not a whole cluster, or could not be made one.
    ///
    /// It was damaged, or something else was put into its place; the message says what is wrong with it.
    ///
    /// Put the folder right, or give the data up with `ratesdev down -v`; the next `up` makes it anew.
    ClusterBroken = "E-CLUSTER",
    /// A cluster belongs to another user.
    ///
    /// Its environment was made by another user, for example by root, and PostgreSQL opens only what is its own.
    ///
    /// Run the command as that user, or choose another folder with `RATESDEV_HOME`.
    ClusterOwner = "E-CLUSTER-OWNER",
    /// Docker has no context of that name.
    ///
    /// `--context`, `DOCKER_CONTEXT` or the current context of Docker's configuration names one that is not there.
    ///
    /// `docker context ls` shows the names there are; `--context default` is the Engine of this machine.
    ContextMissing = "E-CONTEXT-MISSING",
    /// PostgreSQL refused a statement of ratesdev's own.
    ///
    /// The user lacks a right, the server is of an unsupported version, or its settings forbid the statement;
    /// PostgreSQL's own words are shown.
    ///
    /// Give the user what PostgreSQL asks for, or use a database that ratesdev made.
    DatabaseRefused = "E-DATABASE-REFUSED",
    /// PostgreSQL refused or lost a connection.
    ///
    /// The database was stopped, is starting, has no connection to spare, or wants another password.
    ///
    /// Look at `ratesdev status` and `ratesdev logs database`; `ratesdev start database` starts one that was stopped.
    DatabaseUnreachable = "E-DATABASE-UNREACHABLE",
    /// The disk is full.
    ///
    /// The disk of this machine, or that of the engine, has no space left. What runs may go on; `status` and `down` work.
    ///
    /// Make space: `docker system df` shows what fills Docker's disk, `ratesdev ls --all` what environments keep. Then
    /// `ratesdev up` again.
    DiskFull = "E-DISK-FULL",
    /// The engine answered something unexpected.
    ///
    /// The Docker Engine refused a request for a reason that ratesdev does not know; its words are shown.
    ///
    /// Follow its words; `ratesdev doctor` looks for what is usually wrong.
    DockerAnswer = "E-DOCKER-ANSWER",
    /// The user may not use the Docker socket.
    ///
    /// The socket of the Docker Engine belongs to a group that you are not in.
    ///
    /// `sudo usermod -aG docker $USER`, then log in again; whoever is in that group is as mighty as root. Or use a
    /// rootless Docker Engine.
    DockerDenied = "E-DOCKER-DENIED",
    /// No Docker Engine answers.
    ///
    /// There is no Docker Engine, it was stopped, or it listens somewhere else.
    ///
    /// Start it (`sudo systemctl start docker`), or name the right one in `DOCKER_HOST`; `ratesdev doctor` shows what
    /// was tried.
    DockerDown = "E-DOCKER-DOWN",
    /// The address of the Docker Engine cannot be used.
    ///
    /// What `--host`, `DOCKER_HOST` or a context says is no address of an Engine, or of a kind that is not supported.
    ///
    /// Correct it, or leave it out to use the Engine of this machine.
    DockerHost = "E-DOCKER-HOST",
    /// The Engine and ratesdev do not trust each other's certificates.
    ///
    /// A certificate is missing, has expired, or was signed by an authority that the other side does not trust.
    ///
    /// Check `ca.pem`, `cert.pem` and `key.pem` of the context, or of the folder in `DOCKER_CERT_PATH`.
    DockerTls = "E-DOCKER-TLS",
    /// The dump is a binary archive, not SQL text.
    ///
    /// It was made by `pg_dump` with the format custom, directory or tar.
    ///
    /// Make it again with `pg_dump --format=plain`, or convert it: `pg_restore -f rates.sql FILE`.
    DumpBinary = "E-DUMP-BINARY",
    /// The dump is not the one it was expected to be.
    ///
    /// The file was written to while it was loaded, or between two looks at it.
    ///
    /// Wait until whoever writes it is done, then run the command again.
    DumpChanged = "E-DUMP-CHANGED",
    /// The dump uses a psql command that cannot be part of a load.
    ///
    /// A line with a backslash, such as `\connect` or `\i`, is an order to psql, and would act on more than the load.
    ///
    /// Make the dump again without the option that wrote the line, or remove the line.
    DumpCommand = "E-DUMP-COMMAND",
    /// The dump is empty.
    ///
    /// The file has no statement in it.
    ///
    /// Check the file's name; make the dump again.
    DumpEmpty = "E-DUMP-EMPTY",
    /// The dump is not valid in its own encoding.
    ///
    /// The file is in another encoding than its own first lines say, or was damaged on the way.
    ///
    /// Make it again, for example with `pg_dump --encoding=UTF8`; the message names the line.
    DumpEncoding = "E-DUMP-ENCODING",
    /// The dump is not there or cannot be read.
    ///
    /// The file does not exist, or you may not read it.
    ///
    /// Correct `seed.file` in the profile, or give the file with `ratesdev seed --file FILE`.
    DumpMissing = "E-DUMP-MISSING",
    /// What was loaded lacks the tables of the rates system.
    ///
    /// It is the dump of something else, or of a part of the rates system.
    ///
    /// Load a dump with the tables `regions`, `ports` and `prices`.
    DumpSchema = "E-DUMP-SCHEMA",
    /// A statement of the dump failed.
    ///
    /// PostgreSQL refused the statement; its words, the line and the statement's first words are shown. Nothing of the
    /// dump was loaded.
    ///
    /// Correct the line in the dump, or make the dump again.
    DumpStatement = "E-DUMP-STATEMENT",
    /// The dump ends in the middle of something.
    ///
    /// The dump was cut off, for example by a full disk or a broken download.
    ///
    /// Make or fetch it again. Nothing of it was loaded.
    DumpTruncated = "E-DUMP-TRUNCATED",
    /// The engine cannot do what the profile asks for.
    ///
    /// A team's own API, services of its own and code that is mounted need containers, which the engine embedded has none
    /// of; folders of this machine can only be mounted by an Engine of this machine.
    ///
    /// Use a Docker Engine of this machine (`--engine docker`), or another profile without what the message names.
    EngineLacks = "E-ENGINE-LACKS",
    /// The folder of the embedded environments cannot be used.
    ///
    /// It cannot be written to, is on a disk that is mounted for reading only, belongs to somebody else, or holds what
    /// another version of ratesdev wrote.
    ///
    /// Choose another folder with `RATESDEV_HOME`, or make this one writable.
    HomeUnusable = "E-HOME",
    /// The user that roles run as cannot reach a folder.
    ///
    /// PostgreSQL does not run as root, so it runs as another user, for whom a folder on the way is closed.
    ///
    /// Open the folder that is named to others (`chmod o+x`), or choose another one with `RATESDEV_HOME`.
    FolderClosed = "E-FOLDER-CLOSED",
    /// The image is not there and cannot be pulled.
    ///
    /// The name or the tag is wrong, or the image is in no registry that can be reached.
    ///
    /// Check the image's name in the profile; `docker pull IMAGE` shows more. `scripts/postgres-image` builds a
    /// stand-in for PostgreSQL's.
    ImageMissing = "E-IMAGE-MISSING",
    /// The image is for another processor.
    ///
    /// The machine of the Docker Engine cannot run the image: it was made for another processor, and there is none for
    /// this one.
    ///
    /// Pull or build the image for that processor, or name another one in the profile.
    ImagePlatform = "E-IMAGE-PLATFORM",
    /// The user interrupted the command.
    ///
    /// Ctrl-C, or a signal to end.
    ///
    /// Run the command again: it goes on from what is there.
    Interrupted = "E-INTERRUPTED",
    /// A file or a stream could not be read or written.
    ///
    /// The file is not there, you may not use it, or the system failed; its words are shown.
    ///
    /// Follow the system's words: check the path and its permissions.
    Io = "E-IO",
    /// A file or folder that should be mounted is not there.
    ///
    /// `sync` or `volumes` of the profile names it; paths there begin at the folder of the file that says so.
    ///
    /// Make it, or correct the path in the profile.
    MountMissing = "E-MOUNT-MISSING",
    /// What your own `config.toml` says of the dashboard cannot be used.
    ///
    /// Its table `[keys]` names an action or a key that there is none of, gives one key to two actions of one pane, or gives
    /// an action of all panes a key that one of them has; or `theme` names no theme.
    ///
    /// Correct the lines that are shown, or take them out. The palette of the dashboard (`:`) shows the name of every
    /// action.
    KeysInvalid = "E-KEYS",
    /// The environment's name is held by another checkout.
    ///
    /// An environment, a container or a network of this name exists and is not this checkout's.
    ///
    /// Choose another name with `-e NAME`, or remove the other one from where it was made.
    NameTaken = "E-NAME-TAKEN",
    /// The environment did not become ready in time.
    ///
    /// A role started and did not answer in time; its last answer and its last lines are shown.
    ///
    /// Look at `ratesdev logs`; give it more time with `--wait-timeout`, or more memory and CPU in the profile.
    NotReady = "E-NOT-READY",
    /// Nothing runs under that name.
    ///
    /// It was never made, is down, or goes by another name.
    ///
    /// `ratesdev up` makes it, `ratesdev start` starts what was stopped; `ratesdev ls` shows the names there are.
    NotRunning = "E-NOT-RUNNING",
    /// No program could be started that shows a URL.
    ///
    /// There is no `xdg-open` (on macOS: `open`), or no browser behind it.
    ///
    /// `ratesdev open --print` prints the URL.
    OpenFailed = "E-OPEN-FAILED",
    /// A port is taken by something else.
    ///
    /// Another program or container listens on the port that the profile wants.
    ///
    /// Stop it, or take a free port: add `--set api.port=auto` to the command.
    PortTaken = "E-PORT-TAKEN",
    /// PostgreSQL could not be fetched.
    ///
    /// What was fetched is not what its checksum says, is no archive, or cannot be kept; or the mirror is no address.
    ///
    /// Run the command again; check `RATESDEV_POSTGRES_MIRROR`, or install PostgreSQL.
    PostgresFetch = "E-POSTGRES-FETCH",
    /// There is no PostgreSQL to run.
    ///
    /// Without Docker, PostgreSQL must be installed or fetched; none is installed, and it cannot be fetched.
    ///
    /// Install what the message names, name one with `--postgres DIR`, or start Docker.
    PostgresMissing = "E-POSTGRES-MISSING",
    /// A PostgreSQL has a version that cannot be used.
    ///
    /// It is older than what ratesdev supports, or of another major version than the one that made the data.
    ///
    /// Install the version that is named, or give the data up with `ratesdev down -v`.
    PostgresVersion = "E-POSTGRES-VERSION",
    /// A role publishes no port, or not the one that was asked for.
    ///
    /// Its profile publishes none, or others, so that only the other roles of the environment reach it.
    ///
    /// Publish one with `ports` of the service in the profile, or work inside of it with `ratesdev exec`.
    PortUnpublished = "E-PORT-UNPUBLISHED",
    /// A published port could not be reached from here.
    ///
    /// The port is bound to the Engine's machine alone, and no container could be started there that leads to it; or
    /// nothing is free here to lead to it.
    ///
    /// Use the Engine over `ssh://`, or bind the port to where the network reaches it (`--set api.bind=0.0.0.0`).
    PortUnreachable = "E-PORT-UNREACHABLE",
    /// A profile has faults.
    ///
    /// A key or a value is not what it must be; every fault is shown with file, line and column.
    ///
    /// Correct them; `ratesdev profile validate` looks again, and an editor that knows JSON Schema shows faults while
    /// you type.
    ProfileInvalid = "E-PROFILE-INVALID",
    /// There is no such profile.
    ///
    /// There is no file of that name in `profiles/`, here or in a folder above.
    ///
    /// `ratesdev profile list` shows the profiles there are.
    ProfileMissing = "E-PROFILE-MISSING",
    /// The instance has no such program.
    ///
    /// The image of the role does not have the program. The API's own image holds ratesdev and nothing else.
    ///
    /// Name a program that is there, by its full path where it is not on the path.
    ProgramMissing = "E-PROGRAM-MISSING",
    /// The instance has the program and cannot run it.
    ///
    /// The file is no program, or may not be executed.
    ///
    /// Check its path and its permissions inside the role.
    ProgramRefused = "E-PROGRAM-REFUSED",
    /// The environment is protected.
    ///
    /// The profile says `protected = true`, or there was nobody to be asked, or the answer was no.
    ///
    /// Where the data is to go: run the command in a terminal and type what it asks for; `--yes` is enough where
    /// nothing is protected.
    Protected = "E-PROTECTED",
    /// The registry wants other credentials.
    ///
    /// The registry does not know you, or does not let you have this image.
    ///
    /// `docker login REGISTRY`, then `docker pull IMAGE`; or correct the image's name in the profile.
    RegistryDenied = "E-REGISTRY-DENIED",
    /// The registry cannot be reached.
    ///
    /// No network, a proxy in between, or a wrong name of the registry.
    ///
    /// Check the network and the proxy of the Docker Engine. An image that is there already is not pulled again.
    RegistryUnreachable = "E-REGISTRY-UNREACHABLE",
    /// A role ended although it should run.
    ///
    /// The program ended by itself, or was killed for using more memory than it may; its last lines are shown.
    ///
    /// `ratesdev logs ROLE` shows all it wrote; raise `memory` in the profile where that was short.
    RoleDied = "E-ROLE-DIED",
    /// The database holds another seed than the one that is wanted.
    ///
    /// The profile names another dump than the one that was loaded, or the dump has changed since.
    ///
    /// `ratesdev seed --reset` replaces what is there; until then it is kept and served.
    SeedDiffers = "E-SEED-DIFFERS",
    /// The supervisor of an embedded environment does not do its work.
    ///
    /// It could not be started, ended, or does not answer and is not certain to be ours; its last words are shown.
    ///
    /// Run the command again; `ratesdev down` and `up` start a new one. End what else listens on the socket
    /// `supervisor.sock` in the environment's folder.
    Supervisor = "E-SUPERVISOR",
    /// The machine of the Engine does not let this user in.
    ///
    /// No key of yours is accepted there, or a password would have to be typed.
    ///
    /// Try `ssh` itself; load a key with `ssh-add`, or copy it there with `ssh-copy-id`.
    SshDenied = "E-SSH-DENIED",
    /// The machine of the Engine is not known, or not the one it was.
    ///
    /// Its key is not in `known_hosts`, or is another one than there.
    ///
    /// Log in once with `ssh` and compare the key; remove an old one with `ssh-keygen -R HOST`.
    SshHostKey = "E-SSH-HOST-KEY",
    /// There is no `ssh` here.
    ///
    /// `ssh://` is spoken by the system's own client, which is not on the path.
    ///
    /// Install OpenSSH's client (`apt-get install openssh-client`).
    SshMissing = "E-SSH-MISSING",
    /// The machine of the Engine cannot be reached, or the login there does not work.
    ///
    /// The name is wrong, the machine is off, or something in between is closed; the words of `ssh` are shown.
    ///
    /// Find out why with `ssh` itself: `ssh HOST true`.
    SshUnreachable = "E-SSH-UNREACHABLE",
    /// PostgreSQL refused a statement that was typed in the dashboard.
    ///
    /// The statement is wrong, took too long, was cancelled, or would write where writing is off; PostgreSQL's own words
    /// are shown, and the place in the statement that they are about.
    ///
    /// Correct the statement, or switch writing on first. `ratesdev psql` takes what the prompt does not.
    StatementRefused = "E-STATEMENT",
    /// The command line cannot be understood.
    ///
    /// A word, an option or a value is not one that the command knows.
    ///
    /// `ratesdev COMMAND --help` shows what there is, with examples.
    Usage = "E-USAGE",
}
