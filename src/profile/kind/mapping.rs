//! What stands in the lists of a service: published ports, mounts, roles.

use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::path::Path;

use serde_json::Value as Json;
use serde_json::json;

use super::Raw;
use super::list::Item;
use super::plain::tidy;
use crate::profile::Mount;
use crate::profile::Port;
use crate::profile::PortMapping;
use crate::profile::PortNumber;
use crate::profile::Protocol;
use crate::profile::Role;
use crate::profile::Source;
use crate::profile::role;
use crate::rates::nearest;

/// Published ports: `80`, `"8080:80"`, `"auto:80"`, `"127.0.0.1:8080:80"`, `"5353:53/udp"`, or tables.
pub static PORTS: Item<PortMapping> = Item {
    expected: "ports like \"8080:80\", \"auto:80\", \"127.0.0.1:8080:80\" or \"5353:53/udp\", the one inside last",
    read: |raw, _base| match raw {
        Raw::Whole(port) => port_of("auto", &port.to_string()),
        Raw::Table(pairs) => port_of_table(pairs),
        _ => port_of_text(raw.text()?),
    },
    write: |mapping| Json::from(port_text(mapping)),
    schema: || {
        let number = json!({ "type": "integer", "minimum": 1, "maximum": 65_535 });
        let text = json!({ "type": "string", "pattern": "^(([0-9.]+|\\[[0-9a-fA-F:.]+\\]):)?([0-9]+|auto)(:[0-9]+)?(/(tcp|udp))?$" });
        json!({ "anyOf": [number, text, {
            "type": "object",
            "additionalProperties": false,
            "required": ["inside"],
            "properties": {
                "inside": number,
                "port": { "anyOf": [number, { "const": "auto" }] },
                "bind": { "type": "string" },
                "protocol": { "enum": ["tcp", "udp"] },
            },
        }] })
    },
    meant: |_raw| None,
};

fn port_text(mapping: &PortMapping) -> String {
    let PortMapping {
        address,
        port,
        inside,
    } = mapping;
    match address {
        IpAddr::V4(address) => format!("{address}:{port}:{inside}"),
        IpAddr::V6(address) => format!("[{address}]:{port}:{inside}"),
    }
}

fn port_of_text(text: &str) -> Option<PortMapping> {
    let Some((published, inside)) = text.rsplit_once(':') else {
        return port_of("auto", text);
    };
    let Some((address, published)) = published.rsplit_once(':') else {
        return port_of(published, inside);
    };
    let address = match address.strip_prefix('[') {
        Some(address) => IpAddr::V6(address.strip_suffix(']')?.parse().ok()?),
        None => IpAddr::V4(address.parse().ok()?),
    };
    Some(PortMapping {
        address,
        ..port_of(published, inside)?
    })
}

/// A port that is published on this machine alone.
fn port_of(published: &str, inside: &str) -> Option<PortMapping> {
    Some(PortMapping {
        address: Ipv4Addr::LOCALHOST.into(),
        port: match published {
            "auto" => Port::Auto,
            number => Port::Fixed(number_of(number)?),
        },
        inside: inside.parse().ok()?,
    })
}

/// A number that says nothing of what the port carries.
fn number_of(text: &str) -> Option<u16> {
    let port: PortNumber = text.parse().ok()?;
    (!text.contains('/')).then_some(port.number)
}

fn port_of_table(pairs: &[(String, Raw)]) -> Option<PortMapping> {
    let (mut inside, mut port, mut bind) = (None, "auto".to_owned(), None);
    let mut protocol = Protocol::default().to_string();
    for (key, value) in pairs {
        let word = match value {
            Raw::Whole(number) => number.to_string(),
            value => value.text()?.to_owned(),
        };
        match key.as_str() {
            "inside" => inside = Some(word),
            "port" => port = word,
            "bind" => bind = Some(word.parse().ok()?),
            "protocol" => protocol = word,
            _ => return None,
        }
    }
    let mapping = port_of(&port, &format!("{}/{protocol}", inside?))?;
    Some(PortMapping {
        address: bind.unwrap_or(mapping.address),
        ..mapping
    })
}

/// What is mounted: `"name:/path"` is a volume, `"./folder:/path:ro"` a folder or file of this machine.
pub static VOLUMES: Item<Mount> = Item {
    expected: "mounts like \"NAME:/path\" for a volume or \"./folder:/path:ro\" for a folder",
    read: |raw, base| mount(raw.text()?, base, false, volume_or_path),
    write: mount_text,
    schema: || json!({ "type": "string", "pattern": "^[^:]+:/.*$" }),
    meant: |_raw| None,
};

/// Code that is mounted: `"../rates:/app"`. It can only be read there, unless `:rw` is added.
pub static SYNC: Item<Mount> = Item {
    expected: "folders or files with their path inside, like \"../rates:/app\"",
    read: |raw, base| mount(raw.text()?, base, true, path),
    write: mount_text,
    schema: || json!({ "type": "string", "pattern": "^.+:/.*$" }),
    meant: |_raw| None,
};

/// Whether a source is a path rather than the name of a volume.
fn is_path(source: &str) -> bool {
    source.starts_with('.') || source.contains(['/', '\\'])
}

fn path(source: &str, base: &Path) -> Option<Source> {
    (!source.is_empty()).then(|| Source::Path(tidy(&base.join(source))))
}

fn volume_or_path(source: &str, base: &Path) -> Option<Source> {
    if is_path(source) {
        return path(source, base);
    }
    Some(Source::Volume(source.parse().ok()?))
}

fn mount(
    text: &str,
    base: &Path,
    read_only: bool,
    source_of: fn(&str, &Path) -> Option<Source>,
) -> Option<Mount> {
    let (text, read_only) = match text.rsplit_once(':') {
        Some((text, "ro")) => (text, true),
        Some((text, "rw")) => (text, false),
        _ => (text, read_only),
    };
    let (source, target) = text.rsplit_once(':')?;
    if text.contains(char::is_control) {
        return None;
    }
    Some(Mount {
        source: source_of(source, base)?,
        target: target_of(target)?,
        read_only,
    })
}

/// An absolute path inside that is not the root of everything.
fn target_of(text: &str) -> Option<String> {
    let path = text.trim_end_matches('/');
    let mut parts = path.strip_prefix('/')?.split('/');
    let is_right = parts.all(|part| !["", ".", ".."].contains(&part));
    is_right.then(|| path.to_owned())
}

fn mount_text(mount: &Mount) -> Json {
    let source = match &mount.source {
        Source::Volume(name) => name.to_string(),
        Source::Path(path) => path.to_string_lossy().into_owned(),
    };
    let mode = if mount.read_only { "ro" } else { "rw" };
    Json::from(format!("{source}:{}:{mode}", mount.target))
}

/// Names of roles. Whether a service of that name is there is looked at when all of them are known.
pub static ROLES: Item<Role> = Item {
    expected: "names of roles: database, seed, api or services of the profile",
    read: |raw, _base| raw.text()?.parse().ok(),
    write: |role| Json::from(role.as_str()),
    schema: || json!({ "type": "string", "pattern": role::PATTERN }),
    meant: |raw| {
        let text = raw.text()?;
        let known = const { &Role::BUILT_IN }.iter().map(Role::as_str);
        let near = nearest(text, known.clone());
        near.first().map(|near| raw.quoted(near))
    },
};

/// Roles whose password may be read.
pub static SECRETS: Item<Role> = Item {
    expected: "secrets, of which there is \"database\"",
    read: |raw, _base| (raw.text()? == "database").then_some(Role::Database),
    write: |role| Json::from(role.as_str()),
    schema: || json!({ "const": "database" }),
    meant: |raw| {
        let near = nearest(raw.text()?, ["database"]);
        near.first().map(|near| raw.quoted(near))
    },
};

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn read<T>(item: &Item<T>, text: &str) -> Option<T> {
        (item.read)(&Raw::Text(text.to_owned()), Path::new("/checkout/profiles"))
    }

    #[test]
    fn a_port_is_published_on_this_machine_unless_another_address_is_named() {
        for (text, written) in [
            ("80", "127.0.0.1:auto:80"),
            ("8080:80", "127.0.0.1:8080:80"),
            ("auto:80", "127.0.0.1:auto:80"),
            ("0.0.0.0:8080:80", "0.0.0.0:8080:80"),
            ("[::1]:auto:80", "[::1]:auto:80"),
            ("8080:80/tcp", "127.0.0.1:8080:80"),
            ("53/udp", "127.0.0.1:auto:53/udp"),
            ("[::]:5353:53/udp", "[::]:5353:53/udp"),
        ] {
            let mapping = read(&PORTS, text).unwrap();
            assert_eq!((PORTS.write)(&mapping), written);
            assert_eq!(read(&PORTS, written), Some(mapping));
        }
        for wrong in [
            "",
            "0",
            "80:0",
            "x:80",
            "::1:80:80",
            "80:80/sctp",
            "80/udp:80",
            "1.2.3:80:80",
            "+8:80",
            "65536",
        ] {
            assert_eq!(read(&PORTS, wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_name_is_a_volume_and_a_path_is_of_this_machine() {
        let volume = |name: &str| Source::Volume(name.parse().unwrap());
        let path = |path: &str| Source::Path(PathBuf::from(path));
        for (text, source, target, read_only) in [
            ("data:/var/lib/x", volume("data"), "/var/lib/x", false),
            ("data:/x/:ro", volume("data"), "/x", true),
            (
                "./conf:/etc/x:ro",
                path("/checkout/profiles/conf"),
                "/etc/x",
                true,
            ),
            ("../src:/app", path("/checkout/src"), "/app", false),
            ("/etc/a:b:/app", path("/etc/a:b"), "/app", false),
        ] {
            let mount = read(&VOLUMES, text).unwrap();
            let expected = Mount {
                source,
                target: target.to_owned(),
                read_only,
            };
            assert_eq!(mount, expected);
            assert_eq!(
                read(&VOLUMES, (VOLUMES.write)(&mount).as_str().unwrap()),
                Some(expected)
            );
        }
        for wrong in [
            "",
            "data",
            "data:x",
            "data:/",
            "a b:/x",
            "Data:/x",
            ":/x",
            "x:/a/../b",
        ] {
            assert_eq!(read(&VOLUMES, wrong), None, "{wrong}");
        }
        assert!(read(&SYNC, "src:/app").unwrap().read_only);
        assert!(!read(&SYNC, "src:/app:rw").unwrap().read_only);
    }
}
