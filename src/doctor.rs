//! What speaks for and against an environment on this machine: pure judgements of facts that others gather.

use std::path::Path;

use serde::Serialize;

use crate::engine::About;
use crate::engine::Instance;
use crate::engine::Machine;
use crate::engine::Provenance;
use crate::error::Code;
use crate::error::Report;
use crate::image::Platform;
use crate::profile::Bytes;
use crate::profile::PortNumber;
use crate::profile::Profile;
use crate::text::Charset;

/// Below this, an image, a dump and its database do not fit.
const LEAST_DISK: Bytes = Bytes(1_000_000_000);
/// Below this, they fit and little else does.
const GOOD_DISK: Bytes = Bytes(5_000_000_000);
/// The smallest terminal that tables are laid out for.
const SMALLEST: (u16, u16) = (80, 24);

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at: `engine`, `disk`, …
    pub topic: &'static str,
    /// How it is.
    pub verdict: Verdict,
    /// What was found.
    pub what: String,
    /// The stable code, where a command would fail with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cure: Option<String>,
}

/// How a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Good,
    /// It will do, but somebody should know.
    Warning,
    /// Something will not work.
    Bad,
}

impl Finding {
    fn good(topic: &'static str, what: impl Into<String>) -> Self {
        Self {
            topic,
            verdict: Verdict::Good,
            what: what.into(),
            code: None,
            cure: None,
        }
    }

    fn warning(topic: &'static str, what: impl Into<String>, cure: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Warning,
            cure: Some(cure.into()),
            ..Self::good(topic, what)
        }
    }

    fn bad(topic: &'static str, code: Code, what: impl Into<String>, cure: String) -> Self {
        Self {
            verdict: Verdict::Bad,
            code: Some(code),
            ..Self::warning(topic, what, cure)
        }
    }

    /// What a command would have failed with.
    pub fn failure(topic: &'static str, report: &Report) -> Self {
        let causes = report.causes.iter();
        let what = causes.fold(report.message.clone(), |what, cause| {
            format!("{what}: {cause}")
        });
        let cure = report.hint.clone();
        let cure = cure.unwrap_or_else(|| report.code.explanation().cure);
        Self::bad(topic, report.code, what, cure)
    }
}

/// Why the Docker Engine that was meant is not the one that is used.
pub fn refused(report: &Report) -> Finding {
    Finding {
        verdict: Verdict::Warning,
        ..Finding::failure("docker", report)
    }
}

/// What `up` would do. What it would refuse is a failure.
pub fn plan(steps: usize) -> Finding {
    let what = match steps {
        0 => "`up` has nothing to do".to_owned(),
        1 => "`up` has 1 step to take".to_owned(),
        steps => format!("`up` has {steps} steps to take"),
    };
    Finding::good("plan", what)
}

/// The engine answers. `instead` is why it is not Docker.
pub fn engine(about: &About, instead: Option<&str>) -> Finding {
    let About {
        engine,
        version,
        endpoint,
        ..
    } = about;
    let place = if about.local {
        ""
    } else {
        ", on another machine"
    };
    let because = instead.map(|because| format!(": {because}"));
    let because = because.unwrap_or_default();
    let what = format!("{engine} {version} answers at {endpoint}{place}{because}");
    Finding::good("engine", what)
}

/// Room for images and data.
pub fn disk(place: &str, free: Bytes, platform: &Platform) -> Finding {
    let what = format!("{free} free for {place}");
    let cure = match platform {
        Platform::Container(_) => {
            "make space; `ratesdev ls --all` shows what environments keep, `docker system df` what Docker keeps"
        }
        Platform::Process => "make space; `ratesdev ls --all` shows what environments keep",
    };
    if free < LEAST_DISK {
        Finding::bad("disk", Code::DiskFull, what, cure.to_owned())
    } else if free < GOOD_DISK {
        Finding::warning("disk", what, cure)
    } else {
        Finding::good("disk", what)
    }
}

/// A profile that resolves.
pub fn profile(profile: &Profile) -> Finding {
    let Profile { name, file, .. } = profile;
    Finding::good("profile", format!("{name} is valid ({})", file.display()))
}

/// A dump that can be read.
pub fn seed(file: &Path) -> Finding {
    Finding::good("seed", format!("{} can be read", file.display()))
}

/// The limits of a profile against what its machine has.
pub fn limits(profile: &Profile, machine: &Machine) -> Vec<Finding> {
    let memory = machine.memory.map(|there| memory(profile, there));
    let cores = machine.cores.map(|there| cores(profile, there));
    memory.into_iter().chain(cores).collect()
}

/// Limits are ceilings, so more than there is may still go well.
fn memory(profile: &Profile, there: Bytes) -> Finding {
    let replicas = u64::from(profile.api.replicas);
    let services = profile.services.iter();
    let services: u64 = services.map(|service| service.limits.memory.0).sum();
    let wanted =
        profile.database.limits.memory.0 + replicas * profile.api.limits.memory.0 + services;
    let (name, wanted) = (&profile.name, Bytes(wanted));
    if wanted <= there {
        let what = format!("{name} may use {wanted} of {there}");
        return Finding::good("memory", what);
    }
    Finding::warning(
        "memory",
        format!("{name} may use {wanted}, and there are {there}"),
        "lower `memory` or `replicas` in the profile",
    )
}

fn cores(profile: &Profile, there: u32) -> Finding {
    let services = profile.services.iter().map(|service| &service.limits);
    let roles = [&profile.database.limits, &profile.api.limits].into_iter();
    let most = roles.chain(services).map(|limits| limits.millicpus).max();
    let most = most.unwrap_or_default();
    let wanted = f64::from(most) / 1000.0;
    if most <= there.saturating_mul(1000) {
        let what = format!("one role may use {wanted} of {there} cores");
        return Finding::good("cpu", what);
    }
    let cure = "lower `cpus` in the profile".to_owned();
    let what = format!("one role wants {wanted} cores, and there are {there}");
    Finding::bad("cpu", Code::DockerAnswer, what, cure)
}

/// A published port: nobody's, our own, or not to be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// Whichever is free will be taken.
    Auto,
    /// Nobody listens there.
    Nobody,
    /// Nothing of the engine publishes it; what else listens on another machine is not known.
    Unknown,
    /// The environment itself.
    Ourselves,
    /// Somebody else, or it could not be reached from here; this is what `up` would say.
    Refused(Report),
}

/// A port that the profile publishes.
pub fn port(instance: Instance, number: PortNumber, holder: &Holder) -> Finding {
    match holder {
        Holder::Auto => Finding::good("port", format!("{instance} takes a free one")),
        Holder::Nobody => Finding::good("port", format!("{number} is free for {instance}")),
        Holder::Unknown => Finding::good(
            "port",
            format!("no container there publishes {number}, which {instance} takes"),
        ),
        Holder::Ourselves => Finding::good("port", format!("{number} is {instance}'s already")),
        Holder::Refused(report) => Finding::failure("port", report),
    }
}

/// Where an image is that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Image {
    /// The engine has it.
    There,
    /// Nothing speaks against pulling it.
    ToBePulled,
    /// Its registry says nothing.
    Silent,
    /// It is not there and cannot be pulled; this is what `up` would say.
    Refused(Report),
}

/// An image that is wanted.
pub fn image(name: &str, image: &Image) -> Finding {
    match image {
        Image::There => Finding::good("image", format!("{name} is there")),
        Image::ToBePulled => {
            Finding::good("image", format!("{name} is not there; `up` will pull it"))
        }
        Image::Silent => Finding::warning(
            "image",
            format!("{name} is not there, and its registry does not answer"),
            format!("pull it now, to see whether that works: `docker pull {name}`"),
        ),
        Image::Refused(report) => Finding::failure("image", report),
    }
}

/// Which PostgreSQL runs.
pub fn postgres(provenance: &Provenance) -> Finding {
    let Provenance {
        program,
        origin,
        others,
        ..
    } = provenance;
    let also = match others.as_slice() {
        [] => String::new(),
        others => format!("; also there: {}", others.join(", ")),
    };
    Finding::good("postgres", format!("{program}: {origin}{also}"))
}

/// What this terminal can show.
pub fn terminal(is_terminal: bool, size: Option<(u16, u16)>, charset: Charset) -> Finding {
    const TOPIC: &str = "terminal";
    if !is_terminal {
        return Finding::good(TOPIC, "none: plain lines are written");
    }
    let (columns, lines) = size.unwrap_or(SMALLEST);
    let what = format!("{columns} columns, {lines} lines");
    if columns < SMALLEST.0 || lines < SMALLEST.1 {
        let cure = format!("make it at least {} × {}", SMALLEST.0, SMALLEST.1);
        return Finding::warning(TOPIC, format!("{what}: tables are cut"), cure);
    }
    match charset {
        Charset::Unicode => Finding::good(TOPIC, what),
        Charset::Ascii => Finding::warning(
            TOPIC,
            format!("{what}, ASCII only: the locale is not UTF-8"),
            "set LANG to a UTF-8 locale, for example C.UTF-8",
        ),
    }
}

/// Keys of the user's own in the dashboard, where there are any.
pub fn keys(remapped: usize) -> Option<Finding> {
    let actions = match remapped {
        0 => return None,
        1 => "1 action of the dashboard has".to_owned(),
        more => format!("{more} actions of the dashboard have"),
    };
    Some(Finding::good("keys", format!("{actions} keys of your own")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Role;
    use crate::profile;

    fn prod() -> Profile {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let request = profile::Request::of_files(Some("prod"), folder);
        profile::load(&request).unwrap().profile
    }

    #[test]
    fn an_engine_elsewhere_is_as_good_as_one_here() {
        let about = |local| About {
            engine: "docker",
            version: "20.10".to_owned(),
            endpoint: "tcp://there".to_owned(),
            local,
            platform: Platform::Container("amd64".to_owned()),
        };
        let here = engine(&about(true), Some("asked for"));
        assert_eq!(here.what, "docker 20.10 answers at tcp://there: asked for");
        let elsewhere = engine(&about(false), None);
        assert_eq!(elsewhere.verdict, Verdict::Good);
        assert!(elsewhere.what.ends_with(", on another machine"));
    }

    #[test]
    fn little_room_is_told_before_there_is_none() {
        let container = Platform::Container("amd64".to_owned());
        let verdict = |free| disk("images", Bytes(free), &container).verdict;
        assert_eq!(verdict(900_000_000), Verdict::Bad);
        assert_eq!(verdict(2_000_000_000), Verdict::Warning);
        assert_eq!(verdict(9_000_000_000), Verdict::Good);
        let cure = |platform| disk("data", Bytes(1), platform).cure.unwrap();
        assert!(cure(&container).contains("docker system df"));
        assert!(!cure(&Platform::Process).contains("docker"));
    }

    #[test]
    fn limits_are_held_against_the_machine() {
        let found = |memory, cores| {
            let machine = Machine {
                memory: Some(Bytes(memory)),
                cores: Some(cores),
                folder: None,
            };
            let findings = limits(&prod(), &machine);
            findings
                .iter()
                .map(|finding| finding.verdict)
                .collect::<Vec<_>>()
        };
        assert_eq!(found(8_000_000_000, 4), [Verdict::Good, Verdict::Good]);
        assert_eq!(found(500_000_000, 0), [Verdict::Warning, Verdict::Bad]);
        assert!(limits(&prod(), &Machine::default()).is_empty());
    }

    #[test]
    fn a_failure_keeps_its_code_and_is_always_given_a_cure() {
        let report = Report {
            code: Code::PortTaken,
            message: "port 1 is taken".to_owned(),
            causes: vec!["by sshd".to_owned()],
            detail: Vec::new(),
            hint: None,
        };
        let finding = port(
            Instance::first(Role::Api),
            1.into(),
            &Holder::Refused(report),
        );
        assert_eq!(finding.what, "port 1 is taken: by sshd");
        assert_eq!(finding.code, Some(Code::PortTaken));
        assert!(finding.cure.unwrap().contains("api.port=auto"));
    }

    #[test]
    fn what_services_may_use_counts_too() {
        let machine = Machine {
            memory: Some(Bytes(8_000_000_000)),
            cores: Some(4),
            folder: None,
        };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("own.toml");
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let dev = root.join("profiles/dev.toml");
        let service = "[services.cache]\nimage = \"x:1\"\nmemory = \"8 GB\"\ncpus = 5";
        let text = format!("extends = {:?}\n{service}\n", dev.display().to_string());
        std::fs::write(&file, text).unwrap();
        let request = profile::Request::of_files(file.to_str(), root);
        let profile = profile::load(&request).unwrap().profile;
        let [memory, cores] = &limits(&profile, &machine)[..] else {
            panic!("one finding for each");
        };
        assert_eq!(memory.verdict, Verdict::Warning);
        assert_eq!(cores.what, "one role wants 5 cores, and there are 4");
    }

    #[test]
    fn an_image_is_bad_only_where_it_certainly_cannot_be_had() {
        let verdict = |found: Image| image("x:1", &found).verdict;
        assert_eq!(verdict(Image::There), Verdict::Good);
        assert_eq!(verdict(Image::ToBePulled), Verdict::Good);
        assert_eq!(verdict(Image::Silent), Verdict::Warning);
        let report = crate::engine::Error::new(Code::ImageMissing, "cannot find the image x:1");
        let report = crate::error::Error::from(report).report();
        assert_eq!(refused(&report).verdict, Verdict::Warning);
        assert_eq!(verdict(Image::Refused(report)), Verdict::Bad);
    }

    #[test]
    fn a_small_terminal_and_a_plain_locale_are_mentioned() {
        let verdict = |size, charset| terminal(true, Some(size), charset).verdict;
        assert_eq!(verdict((80, 24), Charset::Unicode), Verdict::Good);
        assert_eq!(verdict((79, 24), Charset::Unicode), Verdict::Warning);
        assert_eq!(verdict((80, 24), Charset::Ascii), Verdict::Warning);
        let none = terminal(false, None, Charset::Ascii);
        assert_eq!(none.verdict, Verdict::Good);
    }
}
