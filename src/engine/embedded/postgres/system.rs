//! The machine as far as PostgreSQL is concerned: which binaries run on it, and how one is installed on it.

use std::path::Path;

use super::version::SUPPORTED;

/// Where PostgreSQL tells how it is installed.
const DOWNLOADS: &str = "https://www.postgresql.org/download/";

/// An operating system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct System {
    /// `linux` or `macos`, in Rust's words.
    pub kind: String,
    /// The processor, in Rust's words.
    pub processor: String,
    /// Whether its C library is musl, for which binaries are built apart.
    pub is_musl: bool,
    /// The distribution and those it is like, from `/etc/os-release`: `ubuntu`, `debian`.
    pub likes: Vec<String>,
}

impl System {
    /// The machine this runs on; `root` is where its files begin.
    pub fn of_this_machine(root: &Path) -> Self {
        let release = std::fs::read_to_string(root.join("etc/os-release"));
        let release = release.or_else(|_| std::fs::read_to_string(root.join("usr/lib/os-release")));
        let processor = std::env::consts::ARCH;
        let loader = format!("lib/ld-musl-{processor}.so.1");
        Self {
            kind: std::env::consts::OS.to_owned(),
            processor: processor.to_owned(),
            is_musl: root.join(loader).exists(),
            likes: likes(&release.unwrap_or_default()),
        }
    }

    /// What the published binaries for this machine are called, where there are any: `linux-amd64`.
    pub fn platform(&self) -> Option<String> {
        let processor = match self.processor.as_str() {
            "x86_64" => "amd64",
            "aarch64" => "arm64v8",
            _ => return None,
        };
        match (self.kind.as_str(), self.is_musl) {
            ("linux", true) => Some(format!("linux-{processor}-alpine")),
            ("linux", false) => Some(format!("linux-{processor}")),
            ("macos", _) => Some(format!("darwin-{processor}")),
            _ => None,
        }
    }

    /// How PostgreSQL is installed here: a major version, or whichever the system has.
    pub fn how_to_install(&self, major: Option<u16>) -> String {
        if self.kind == "macos" {
            return format!(
                "`brew install postgresql@{}`",
                major.unwrap_or(*SUPPORTED.end())
            );
        }
        let known = self.likes.iter().find_map(|like| command(like, major));
        known.unwrap_or_else(|| format!("see {DOWNLOADS}"))
    }

    /// How the clients of PostgreSQL are installed here, where that is less than all of it.
    pub fn how_to_install_clients(&self) -> String {
        let is_debian = |like: &String| matches!(like.as_str(), "debian" | "ubuntu");
        if self.likes.iter().any(is_debian) {
            return "`sudo apt-get install postgresql-client`".to_owned();
        }
        self.how_to_install(None)
    }
}

/// The words of `ID` and `ID_LIKE`, in this order.
fn likes(release: &str) -> Vec<String> {
    let value = |key: &str| {
        let mut values = release.lines().filter_map(|line| line.strip_prefix(key));
        values.next().unwrap_or_default().trim_matches('"')
    };
    let words = value("ID=").split_whitespace();
    let words = words.chain(value("ID_LIKE=").split_whitespace());
    words.map(str::to_owned).collect()
}

/// The package of a system. Most have one major version each, so that another comes from PostgreSQL's own packages.
fn command(like: &str, major: Option<u16>) -> Option<String> {
    let number = major.map(|major| major.to_string()).unwrap_or_default();
    let dashed = major.map(|major| format!("-{major}")).unwrap_or_default();
    let elsewhere = major.map(|_| format!(" (where the system lacks it, see {DOWNLOADS})"));
    let command = match like {
        "debian" | "ubuntu" => format!("apt install postgresql{dashed}"),
        "fedora" | "rhel" | "centos" => format!("dnf install postgresql{number}-server"),
        "arch" => "pacman -S postgresql".to_owned(),
        "alpine" => format!("apk add postgresql{number}"),
        "suse" | "opensuse" => format!("zypper install postgresql{number}-server"),
        _ => return None,
    };
    Some(format!("`sudo {command}`{}", elsewhere.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn system(kind: &str, processor: &str, is_musl: bool, release: &str) -> System {
        System {
            kind: kind.to_owned(),
            processor: processor.to_owned(),
            is_musl,
            likes: likes(release),
        }
    }

    #[test]
    fn every_system_is_told_its_own_command() {
        #[rustfmt::skip]
        let cases = [
            ("ID=debian\n", "apt install postgresql"),
            ("NAME=\"Linux Mint\"\nID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", "apt install postgresql"),
            ("ID=fedora\n", "dnf install postgresql-server"),
            ("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n", "dnf install postgresql-server"),
            ("ID=arch\n", "pacman -S postgresql"),
            ("ID=alpine\n", "apk add postgresql"),
            ("ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\n", "zypper install postgresql-server"),
        ];
        for (release, command) in cases {
            let said = system("linux", "x86_64", false, release).how_to_install(None);
            assert_eq!(said, format!("`sudo {command}`"));
        }
        let debian = system("linux", "x86_64", false, "ID=debian\n").how_to_install_clients();
        assert_eq!(debian, "`sudo apt-get install postgresql-client`");
        let unknown = system("linux", "x86_64", false, "ID=plan9\n").how_to_install(None);
        assert_eq!(unknown, "see https://www.postgresql.org/download/");
        let mac = system("macos", "aarch64", false, "");
        assert_eq!(mac.how_to_install(Some(13)), "`brew install postgresql@13`");
    }

    #[test]
    fn a_major_version_that_the_system_may_lack_is_had_elsewhere() {
        let said = system("linux", "x86_64", false, "ID=debian\n").how_to_install(Some(13));
        let elsewhere = "(where the system lacks it, see https://www.postgresql.org/download/)";
        assert_eq!(
            said,
            format!("`sudo apt install postgresql-13` {elsewhere}")
        );
    }

    #[test]
    fn binaries_are_published_for_these_machines() {
        let cases = [
            (("linux", "x86_64", false), Some("linux-amd64")),
            (("linux", "aarch64", false), Some("linux-arm64v8")),
            (("linux", "x86_64", true), Some("linux-amd64-alpine")),
            (("macos", "aarch64", false), Some("darwin-arm64v8")),
            (("linux", "riscv64", false), None),
            (("freebsd", "x86_64", false), None),
        ];
        for ((kind, processor, is_musl), platform) in cases {
            let system = system(kind, processor, is_musl, "");
            assert_eq!(system.platform().as_deref(), platform, "{kind} {processor}");
        }
    }

    #[test]
    fn a_machine_is_read_from_its_files() {
        let root = tempfile::tempdir().unwrap();
        assert!(System::of_this_machine(root.path()).likes.is_empty());
        std::fs::create_dir_all(root.path().join("etc")).unwrap();
        std::fs::write(root.path().join("etc/os-release"), "ID=alpine\n").unwrap();
        let system = System::of_this_machine(root.path());
        assert_eq!(
            (system.likes, system.is_musl),
            (vec!["alpine".to_owned()], false)
        );
    }
}
