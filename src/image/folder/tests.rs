use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::fs::symlink;

use super::*;

/// A folder with a Dockerfile.
struct Context(tempfile::TempDir);

impl Context {
    fn new() -> Self {
        let context = Self(tempfile::tempdir().unwrap());
        context.write("Dockerfile", "FROM scratch\nCOPY . /\n");
        context
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn locate(&self, build: &Build) -> Result<FolderImage, Unusable> {
        FolderImage::locate(build, self.path(), None)
    }

    fn tag(&self) -> String {
        self.locate(&build()).unwrap().tag
    }

    /// The paths of the archive, as they are in it.
    fn archived(&self, build: &Build) -> Vec<String> {
        let mut bytes = Vec::new();
        self.locate(build).unwrap().write(&mut bytes).unwrap();
        let mut archive = tar::Archive::new(bytes.as_slice());
        let entries = archive.entries().unwrap();
        let path = |entry: tar::Entry<'_, &[u8]>| entry.path().unwrap().display().to_string();
        entries.map(|entry| path(entry.unwrap())).collect()
    }
}

fn build() -> Build {
    Build {
        context: None,
        dockerfile: "Dockerfile".to_owned(),
        target: None,
        args: BTreeMap::new(),
    }
}

#[test]
fn the_name_follows_from_all_that_goes_into_an_image_and_from_nothing_else() {
    let context = Context::new();
    context.write("a/b", "one");
    context.write(".dockerignore", "*.log\n");
    let first = context.tag();
    context.write("x.log", "left out");
    let file = fs::File::options()
        .write(true)
        .open(context.path().join("a/b"))
        .unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
    assert_eq!(
        context.tag(),
        first,
        "times and what is left out do not matter"
    );

    let mut seen = vec![first];
    let mut differs = |tag: String| {
        assert!(!seen.contains(&tag), "{tag}");
        seen.push(tag);
    };
    context.write("a/b", "two");
    differs(context.tag());
    let runs = fs::Permissions::from_mode(0o755);
    fs::set_permissions(context.path().join("a/b"), runs).unwrap();
    differs(context.tag());
    symlink("a/b", context.path().join("link")).unwrap();
    differs(context.tag());
    fs::create_dir(context.path().join("empty")).unwrap();
    differs(context.tag());
    let of = |build: &Build| context.locate(build).unwrap().tag;
    differs(of(&Build {
        target: Some("run".to_owned()),
        ..build()
    }));
    let args = BTreeMap::from([("A".to_owned(), "1".to_owned())]);
    differs(of(&Build { args, ..build() }));
    context.write("other", "FROM scratch\n");
    differs(context.tag());
    differs(of(&Build {
        dockerfile: "other".to_owned(),
        ..build()
    }));
}

#[test]
fn what_is_remembered_gives_the_same_name() {
    let (context, cache) = (Context::new(), tempfile::tempdir().unwrap());
    context.write("a", "one");
    let old = SystemTime::from(Timestamp::now()) - std::time::Duration::from_hours(1);
    for name in ["a", "Dockerfile"] {
        let file = fs::File::options()
            .write(true)
            .open(context.path().join(name))
            .unwrap();
        file.set_modified(old).unwrap();
    }
    let locate = || {
        FolderImage::locate(&build(), context.path(), Some(cache.path()))
            .unwrap()
            .tag
    };
    let first = locate();
    assert_eq!((locate(), context.tag()), (first.clone(), first.clone()));
    context.write("a", "two");
    assert_ne!(locate(), first);
}

#[test]
fn links_modes_and_long_names_arrive_as_they_are() {
    let context = Context::new();
    let long = format!("{}/{}", "d".repeat(120), "f".repeat(200));
    context.write(&long, "deep");
    symlink("/nowhere/at/all", context.path().join("dangling")).unwrap();
    symlink("t".repeat(180), context.path().join("far")).unwrap();
    context.write("run", "#!/bin/sh\n");
    let special = fs::Permissions::from_mode(0o4751);
    fs::set_permissions(context.path().join("run"), special).unwrap();
    let mut bytes = Vec::new();
    context.locate(&build()).unwrap().write(&mut bytes).unwrap();
    let out = tempfile::tempdir().unwrap();
    let mut archive = tar::Archive::new(bytes.as_slice());
    let mut modes = BTreeMap::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let header = entry.header();
        assert_eq!((header.uid().unwrap(), header.gid().unwrap()), (0, 0));
        modes.insert(entry.path().unwrap().into_owned(), header.mode().unwrap());
        entry.unpack_in(out.path()).unwrap();
    }
    assert_eq!(fs::read_to_string(out.path().join(long)).unwrap(), "deep");
    let link = |name: &str| fs::read_link(out.path().join(name)).unwrap();
    assert_eq!(link("dangling"), Path::new("/nowhere/at/all"));
    assert_eq!(link("far"), Path::new(&"t".repeat(180)));
    assert_eq!(modes[Path::new("run")], 0o4751);
}

#[test]
fn the_dockerfile_is_sent_even_where_it_is_left_out() {
    let context = Context::new();
    context.write("a", "");
    context.write(".dockerignore", "*\n");
    assert_eq!(context.archived(&build()), [".dockerignore", "Dockerfile"]);
}

#[test]
fn a_dockerfile_s_own_ignore_file_goes_before_the_folder_s() {
    let context = Context::new();
    for name in ["a", "b", "docker/Dockerfile"] {
        context.write(name, "FROM scratch\n");
    }
    context.write(".dockerignore", "a\n");
    context.write("docker/Dockerfile.dockerignore", "b\ndocker\n");
    let own = Build {
        dockerfile: "./docker/Dockerfile".to_owned(),
        ..build()
    };
    let archived = context.archived(&own);
    assert_eq!(
        archived,
        ["Dockerfile", "a", "docker/Dockerfile", ".dockerignore"]
    );
    let image = context.locate(&own).unwrap();
    let instead = image.rules().unwrap().instead.unwrap();
    assert_eq!(
        instead, ".dockerignore\ndocker/Dockerfile\n",
        "the Engine leaves out what must not be copied"
    );
}

#[test]
fn what_cannot_be_built_from_is_named() {
    let context = Context::new();
    let missing = FolderImage::locate(&build(), Path::new("/no/such/folder"), None);
    assert!(matches!(missing, Err(Unusable::NoFolder(_))));
    let other = Build {
        dockerfile: "nope".to_owned(),
        ..build()
    };
    let error = context.locate(&other).unwrap_err().to_string();
    assert!(error.starts_with("there is no nope in "), "{error}");
    context.write(".dockerignore", "a\n[\n");
    let error = context.locate(&build()).unwrap_err();
    let why = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(why, "\"[\" is no pattern");
}

#[test]
fn a_file_that_goes_while_it_is_sent_is_named() {
    let context = Context::new();
    context.write("a", "here");
    let image = context.locate(&build()).unwrap();
    let (_, entries) = image.entries().unwrap();
    context.write("a", "he");
    let sent = archive::write(&image.context, &entries, None, io::sink(), |_| Ok(())).unwrap_err();
    assert!(
        sent.to_string()
            .ends_with("a: it became shorter while it was read"),
        "{sent}"
    );
    fs::remove_file(context.path().join("a")).unwrap();
    let sent = archive::write(&image.context, &entries, None, io::sink(), |_| Ok(())).unwrap_err();
    assert!(sent.to_string().contains("/a: "), "{sent}");
}

#[test]
fn what_changes_after_the_name_was_worked_out_is_never_sent_whole() {
    let context = Context::new();
    context.write("app.py", "one");
    let image = context.locate(&build()).unwrap();
    let change: [&dyn Fn(); 3] = [
        &|| context.write("app.py", "two"),
        &|| context.write("more.py", ""),
        &|| fs::remove_file(context.path().join("app.py")).unwrap(),
    ];
    let write = |out: &mut Vec<u8>| image.write(out);
    let (mut whole, mut broken) = (Vec::new(), Vec::new());
    write(&mut whole).unwrap();
    for change in change {
        change();
        broken.clear();
        let error = write(&mut broken).unwrap_err();
        let inner = error.get_ref().unwrap();
        assert!(inner.is::<ChangedMeanwhile>(), "{error}");
        assert!(!broken.ends_with(&[0; 1024]), "it is not ended");
    }
    fs::remove_file(context.path().join("more.py")).unwrap();
    context.write("app.py", "one");
    write(&mut Vec::new()).unwrap();
}

#[test]
fn a_folder_that_cannot_be_reached_is_not_said_to_be_missing() {
    let context = Context::new();
    let looped = context.path().join("loop");
    symlink(&looped, &looped).unwrap();
    let error = FolderImage::locate(&build(), &looped, None).unwrap_err();
    assert!(matches!(error, Unusable::Unreadable { .. }), "{error:?}");
    for absent in ["none", "Dockerfile/none", "Dockerfile"] {
        let absent = context.path().join(absent);
        let error = FolderImage::locate(&build(), &absent, None).unwrap_err();
        assert!(matches!(error, Unusable::NoFolder(_)), "{error:?}");
    }
}
