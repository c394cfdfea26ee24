//! Images that do not do what they should. Those that stand in for the API bear the very name that ratesdev would build,
//! so they are on an Engine of the test's own.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::support::checkout::known_dump;
use crate::support::docker::Image;
use crate::support::docker::docker;
use crate::support::docker::lines;
use crate::support::engine::PrivateEngine;
use crate::support::environment::Environment;
use crate::support::eventually;

/// How much the Engine may keep.
const DISK_MEGABYTES: u32 = 1500;

/// Takes connections and answers each of them with the same words, or none.
const SERVER: &str = r#"exec perl -e 'use IO::Socket::INET; $| = 1; print "listening badly\n"; my $s = IO::Socket::INET->new(LocalPort => 8000, Listen => 50, ReuseAddr => 1) or die; my @kept; while (my $c = $s->accept) { push @kept, $c; if (@ARGV) { sysread $c, my $question, 4096; print $c "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 12\r\n\r\nout of order"; close $c } }' --"#;

#[test]
fn an_api_that_does_not_do_what_it_should_is_shown_with_its_last_words() {
    let Some(_engine) = PrivateEngine::start(DISK_MEGABYTES) else {
        return;
    };
    let environment = Environment::ready("odd-api").unwrap();
    let real = "ratesdev-test/api:real";
    let images = [
        "images",
        "--format",
        "{{.Repository}}:{{.Tag}}",
        "ratesdev/api",
    ];
    let name = lines(&images).remove(0);
    docker(&["tag", &name, real]);
    let late = "api did not become ready in time";
    let cases: [(&str, String, &[&str]); 4] = [
        (
            "exits",
            "echo no rates today; exit 7".to_owned(),
            &["E-ROLE-DIED", "api ", "no rates today"],
        ),
        (
            "never listens",
            "echo thinking; exec sleep 600".to_owned(),
            &["E-NOT-READY", late, "its last answer: ", "thinking"],
        ),
        (
            "answers 500",
            format!("{SERVER} words"),
            &[
                "E-NOT-READY",
                late,
                "its last answer: 500: out of order",
                "listening badly",
            ],
        ),
        (
            "hangs",
            SERVER.to_owned(),
            &[
                "E-NOT-READY",
                late,
                "its last answer: cannot get an answer from http://127.0.0.1:",
                "listening badly",
            ],
        ),
    ];
    for (what, behaviour, words) in cases {
        eprintln!("an API that {what}");
        let image = stand_in(&name, real, &behaviour);
        let failed = environment.run(&["up", "--wait-timeout", "5"]).exits(1);
        eprintln!("{failed}");
        failed.says(words);
        environment.run(&["status"]).exits(3);
        docker(&["tag", real, &name]);
        environment.run(&["up"]).exits(0);
        environment.is_whole();
        drop(image);
    }
}

/// An image of this name that loads seeds as the real one does, and is another API.
fn stand_in(name: &str, real: &str, behaviour: &str) -> Image {
    let script = format!("[ \"$1\" = load ] && exec /ratesdev \"$@\"\n{behaviour}\n");
    let script = STANDARD.encode(script);
    let lines = format!(
        "COPY --from={real} /ratesdev /ratesdev\nRUN echo {script} | base64 -d > /api\nENTRYPOINT [\"sh\", \"/api\"]"
    );
    Image::build(name, &lines)
}

#[test]
fn a_role_that_its_memory_is_too_little_for_is_told_with_the_limit_and_its_key() {
    let Some(environment) = Environment::small("hungry") else {
        return;
    };
    let hungry = format!("ratesdev-test/{}", environment.name);
    let eats =
        r#"ENTRYPOINT ["perl", "-e", "my @eaten; push @eaten, 'x' x 1000000 while 1", "--"]"#;
    environment.make_image(&hungry, eats);
    let image = format!("database.image={hungry}");
    let up = ["up", "--set", &image, "--set", "database.memory=64 MB"];
    let died = environment.run(&up).exits(1);
    eprintln!("{died}");
    died.says(&[
        "E-ROLE-DIED",
        "database was killed",
        "64.0 MB",
        "`database.memory`",
        "hint:",
    ]);
    environment.run(&["up"]).exits(0);
    environment.answers();
}

#[test]
fn a_load_that_the_database_has_too_little_memory_for_is_told_with_the_key_of_the_limit() {
    let Some(environment) = Environment::small("greedy") else {
        return;
    };
    let up = ["up", "--set", "database.memory=96 MB"];
    environment.run(&up).exits(0);
    let loaded_at = environment.loaded_at();
    let greedy = "SELECT pg_catalog.length(pg_catalog.repeat('x', 500000000));\n";
    let dump = known_dump().replacen("COPY", &format!("{greedy}COPY"), 1);
    environment.checkout.write("db/rates.sql", dump);
    let died = environment.run(&["seed", "--reset"]).exits(1);
    eprintln!("{died}");
    died.says(&[
        "E-ROLE-DIED",
        "database was killed",
        "`database.memory`",
        "hint:",
    ]);
    eventually("the old data is answered", || {
        let answered = environment.run(&["query", "CNGGZ", "EETLL", "2021-01-31"]);
        (answered.code == Some(0)).then_some(())
    });
    environment.answers();
    assert_eq!(environment.loaded_at(), loaded_at);
}

#[test]
fn an_image_for_another_processor_is_named() {
    let Some(environment) = Environment::small("processor") else {
        return;
    };
    let name = format!("ratesdev-test/{}", environment.name);
    let folder = tempfile::tempdir().unwrap();
    // It begins like a program, and is none that any processor runs.
    std::fs::write(folder.path().join("postgres"), b"\x7fELF of another world").unwrap();
    let archive = folder.path().join("image.tar");
    let packed = std::process::Command::new("tar")
        .args(["--create", "--mode=0755", "--file"])
        .arg(&archive)
        .arg("--directory")
        .arg(folder.path())
        .arg("postgres")
        .status();
    assert!(packed.unwrap().success());
    let archive = archive.display().to_string();
    let entrypoint = r#"ENTRYPOINT ["/postgres"]"#;
    docker(&[
        "import",
        "--platform",
        "linux/s390x",
        "--change",
        entrypoint,
        &archive,
        &name,
    ]);
    let _image = Named(name.clone());
    let up = ["up", "--set", &format!("database.image={name}")];
    let died = environment.run(&up).exits(1);
    eprintln!("{died}");
    died.says(&["E-IMAGE-PLATFORM", &name, "processor", "hint:"]);
    environment.run(&["up"]).exits(0);
    environment.answers();
}

#[test]
fn data_of_another_major_version_is_named_and_kept() {
    let Some(environment) = Environment::ready("version") else {
        return;
    };
    let loaded_at = environment.loaded_at();
    environment.run(&["down"]).exits(0);
    let volume = format!("ratesdev-{}-database:/data", environment.name);
    let image = crate::support::docker::postgres_image();
    let write = |version: &str| {
        let command = format!("cat /data/PG_VERSION; echo {version} > /data/PG_VERSION");
        docker(&[
            "run",
            "--rm",
            "--volume",
            &volume,
            "--entrypoint",
            "sh",
            &image,
            "-c",
            &command,
        ])
    };
    let own = write("12");
    let refused = environment.run(&["up"]).exits(1);
    eprintln!("{refused}");
    refused.says(&["E-POSTGRES-VERSION", &image, "version 12", "hint:"]);
    let told = [
        "E-POSTGRES-VERSION",
        &image,
        "PostgreSQL 12",
        "cure:",
        "down -v",
    ];
    environment.run(&["doctor"]).exits(1).says(&told);
    environment.run(&["down"]).exits(0);
    let newer = write("99");
    assert_eq!(newer, "12");
    let told = ["E-POSTGRES-VERSION", "PostgreSQL 99"];
    environment.run(&["doctor"]).exits(1).says(&told);
    environment.is_down();
    environment
        .run(&["up"])
        .exits(1)
        .says(&["E-POSTGRES-VERSION", "version 99"]);
    write(&own);
    environment.run(&["doctor"]).exits(0);
    environment.run(&["up"]).exits(0);
    environment.answers();
    environment.run(&["doctor"]).exits(0);
    assert_eq!(environment.loaded_at(), loaded_at);
}

/// An image that is removed when dropped.
struct Named(String);

impl Drop for Named {
    fn drop(&mut self) {
        drop(crate::support::docker::attempt(&[
            "rmi", "--force", &self.0,
        ]));
    }
}
