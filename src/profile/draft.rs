//! A profile while layers are laid over each other, weakest first.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;

use super::EngineChoice;
use super::Needs;
use super::Port;
use super::PortMapping;
use super::PortNumber;
use super::Profile;
use super::Role;
use super::ShortName;
use super::TeamService;
use super::fault::Error;
use super::fault::Fault;
use super::fault::Spot;
use super::fault::did_you_mean;
use super::file::Entry;
use super::file::GivenCheck;
use super::file::Layer;
use super::file::ServiceEntry;
use super::locate;
use super::locate::Found;
use super::name;
use super::order::order;
use super::origin::Origin;
use super::resolve::Resolved;
use super::rules::RULES;
use super::rules::Rule;
use super::settings;
use super::team;

/// What is known while layers are laid.
pub struct Draft {
    profile: Profile,
    given: BTreeMap<&'static str, Given>,
    services: BTreeMap<ShortName, ServiceDraft>,
    checks: Vec<GivenCheck>,
    faults: Vec<Fault>,
    /// Settings with a fault in some layer; rules over them would mislead.
    spoiled: BTreeSet<&'static str>,
    is_partial: bool,
    layers: usize,
}

/// An engine, and where it was chosen.
pub struct Choice {
    engine: EngineChoice,
    given: Given,
}

/// Where the value of a setting was given.
#[derive(Clone)]
struct Given {
    origin: Origin,
    spot: Option<Spot>,
    layer: usize,
}

impl Draft {
    /// Nothing is said yet.
    pub fn new(found: &Found) -> Self {
        let mut profile = settings::blank_profile();
        profile.name = locate::stem(&found.file);
        profile.file.clone_from(&found.file);
        profile.root.clone_from(&found.root);
        Self {
            profile,
            given: BTreeMap::new(),
            services: BTreeMap::new(),
            checks: Vec::new(),
            faults: Vec::new(),
            spoiled: BTreeSet::new(),
            is_partial: false,
            layers: 0,
        }
    }

    /// Puts a layer on top of those before; relative paths in it begin at `base`.
    pub fn lay(&mut self, layer: Layer, base: &Path) {
        self.layers += 1;
        self.is_partial |= layer.is_partial;
        let first = self.faults.len();
        self.faults.extend(layer.faults);
        for entry in layer.entries {
            self.put(entry, base);
        }
        for entry in layer.services {
            self.put_service(entry, base);
        }
        for check in layer.checks {
            self.put_check(check);
        }
        let new = self.faults.get_mut(first..).unwrap_or_default();
        new.sort_by_key(|fault| fault.spot.as_ref().map(Spot::start));
    }

    fn put(&mut self, entry: Entry, base: &Path) {
        let Entry {
            setting,
            raw,
            origin,
            spot,
        } = entry;
        match setting.store(&mut self.profile, &raw, base) {
            Ok(()) => {
                let layer = self.layers;
                self.given.insert(
                    setting.key,
                    Given {
                        origin,
                        spot,
                        layer,
                    },
                );
            }
            Err(refusal) => {
                self.spoiled.insert(setting.key);
                self.faults.push(Fault {
                    message: refusal.message,
                    spot,
                    help: Some(refusal.help),
                });
            }
        }
    }

    fn put_service(&mut self, entry: ServiceEntry, base: &Path) {
        let layer = self.layers;
        let draft = self.services.entry(entry.name);
        let draft = draft.or_insert_with(|| ServiceDraft::new(entry.name, entry.spot.clone()));
        self.faults.extend(draft.put(entry, layer, base));
    }

    /// A check replaces the one of the same name, in its place.
    fn put_check(&mut self, new: GivenCheck) {
        let mut same = self
            .checks
            .iter_mut()
            .filter(|old| old.check.name == new.check.name);
        match same.next() {
            Some(old) => *old = new,
            None => self.checks.push(new),
        }
    }

    /// The engine that was chosen so far, where one was.
    pub fn choice_of_engine(&self) -> Option<Choice> {
        let given = self.given.get(settings::ENGINE)?.clone();
        let engine = self.profile.engine;
        (engine != EngineChoice::Auto).then_some(Choice { engine, given })
    }

    /// Takes an earlier choice of the engine where nobody has made another one since.
    pub fn let_stand(&mut self, choice: Option<Choice>) {
        if let (EngineChoice::Auto, Some(choice)) = (self.profile.engine, choice) {
            self.profile.engine = choice.engine;
            self.given.insert(settings::ENGINE, choice.given);
        }
    }

    /// Takes out the services that a layer has switched off, and complains of those that were never there.
    pub fn drop_services(&mut self) {
        let dropped = self.services.extract_if(.., |_, draft| draft.is_dropped());
        let faults: Vec<_> = dropped
            .filter_map(|(_, draft)| draft.was_never_there())
            .collect();
        self.faults.extend(faults);
    }

    /// Fixed ports belong to the environment that has the profile's own name; in others, only those chosen for this run.
    pub fn free_ports(&mut self, environment: Option<&str>) {
        let owner = self.profile.name.clone();
        if environment.is_none_or(|name| name == owner) {
            return;
        }
        let ports = [
            ("database.port", &mut self.profile.database.port),
            ("api.port", &mut self.profile.api.port),
        ];
        for service in self.services.values_mut() {
            service.free_ports(&owner);
        }
        for (key, place) in ports {
            let given = self
                .given
                .get_mut(key)
                .filter(|given| !given.origin.is_for_this_run());
            if let (Some(given), Port::Fixed(port)) = (given, *place) {
                *place = Port::Auto;
                let owner = owner.clone();
                given.origin = Origin::Freed { port, owner };
            }
        }
    }

    /// An image and a folder to build one from exclude each other: the stronger layer decides. Where one layer says both,
    /// a rule complains.
    pub fn settle_source(&mut self) {
        let (image, folder) = (
            self.layer(settings::API_IMAGE),
            self.layer(settings::API_CONTEXT),
        );
        let Some(folder) = folder.zip(image) else {
            return;
        };
        let loser = match folder {
            (folder, image) if folder > image => settings::API_IMAGE,
            (folder, image) if folder < image => settings::API_BUILD,
            _ => return,
        };
        let defaults = settings::defaults();
        let api = &mut self.profile.api;
        if loser == settings::API_IMAGE {
            api.image = defaults.api.image;
        } else {
            api.build = defaults.api.build;
        }
        for (_, given) in self
            .given
            .iter_mut()
            .filter(|(key, _)| key.starts_with(loser))
        {
            given.origin = Origin::Default;
        }
    }

    /// What is said of a team's own API means nothing where a stronger layer has chosen the one that comes with ratesdev.
    pub fn settle_own_api(&mut self) {
        if !self.profile.api.is_built_in() {
            return;
        }
        let chosen = self.layer(settings::API_IMAGE);
        for key in settings::OF_OWN_API {
            if self.layer(key) < chosen {
                self.forget(key);
            }
        }
    }

    /// The layer that gave a setting its value.
    fn layer(&self, key: &str) -> Option<usize> {
        self.given.get(key).map(|given| given.layer)
    }

    /// Gives a setting its default.
    fn forget(&mut self, key: &str) {
        let default = settings::find(key).and_then(Entry::default_of);
        if let Some(default) = default {
            self.put(default, Path::new(""));
        }
    }

    /// A profile's name becomes that of its environment.
    pub fn check_name(&mut self) {
        let name = &self.profile.name;
        if !name::is_name(name) {
            self.faults.push(Fault {
                message: format!("{name:?} cannot be the name of a profile"),
                spot: None,
                help: Some(format!("rename the file: a name has {}", name::ALLOWED)),
            });
        }
    }

    /// Checks what several settings must be together, where each of them is sound.
    pub fn check_rules(&mut self) {
        if self.is_partial {
            return;
        }
        let is_sound = |rule: &&Rule| !rule.keys.iter().any(|key| self.spoiled.contains(key));
        let broken = |rule: &Rule| {
            let message = (rule.broken)(&self.profile)?;
            Some(Fault {
                message,
                spot: self.latest(rule.keys),
                help: Some(rule.cure.to_owned()),
            })
        };
        let faults: Vec<_> = RULES.iter().filter(is_sound).filter_map(broken).collect();
        self.faults.extend(faults);
        self.check_services();
    }

    fn check_services(&mut self) {
        let all = &self.services;
        let mut faults: Vec<_> = all.values().flat_map(ServiceDraft::faults).collect();
        let depends = self.depends();
        let known = |role: &Role| !role.is_own() || depends.contains_key(role);
        for (role, needed) in &depends {
            for unknown in needed.iter().filter(|needed| !known(needed)) {
                let words = depends.keys().map(Role::as_str).chain(["seed"]);
                let help = did_you_mean(unknown.as_str(), words.clone()).unwrap_or_else(|| {
                    format!("there are: {}", words.collect::<Vec<_>>().join(", "))
                });
                let message =
                    format!("`{role}` depends on `{unknown}`, which is no role of this profile");
                faults.push(Fault {
                    message,
                    spot: self.depends_at(*role),
                    help: Some(help),
                });
            }
        }
        if let Err(circle) = order(&depends) {
            let words: Vec<_> = circle.iter().map(Role::as_str).collect();
            // What a role of every environment needs cannot be changed.
            let blamed = circle.iter().find_map(|role| self.depends_at(*role));
            faults.push(Fault {
                message: format!(
                    "roles depend on each other in a circle: {}",
                    words.join(" → ")
                ),
                spot: blamed,
                help: Some("one of them must be started first".to_owned()),
            });
        }
        faults.extend(self.double_ports());
        self.faults.extend(faults);
    }

    /// What every role needs, as far as it is known.
    fn depends(&self) -> Needs {
        let services = self.services.values().map(|draft| &draft.service);
        super::needs(&self.profile.api, services)
    }

    /// Where it is said what a role depends on.
    fn depends_at(&self, role: Role) -> Option<Spot> {
        match role {
            Role::Service(name) => Some(self.services.get(&name)?.spot(&["depends_on"])),
            Role::Api => self.given.get("api.depends_on")?.spot.clone(),
            Role::Database | Role::Seed => None,
        }
    }

    /// Fixed ports of services that another role takes too.
    fn double_ports(&self) -> Vec<Fault> {
        let Profile { database, api, .. } = &self.profile;
        let replicas =
            (0..api.replicas).filter_map(|number| Some(fixed(api.port)?.saturating_add(number)));
        let mut taken: BTreeMap<PortNumber, Role> =
            replicas.map(|port| (port.into(), Role::Api)).collect();
        taken.extend(fixed(database.port).map(|port| (port.into(), Role::Database)));
        let mut faults = Vec::new();
        for draft in self.services.values() {
            for port in draft.service.ports.iter().filter_map(PortMapping::fixed) {
                let role = draft.service.role();
                if let Some(other) = taken.insert(port, role) {
                    faults.push(Fault {
                        message: format!("{role} and {other} would both publish port {port}"),
                        spot: Some(draft.spot(&["ports"])),
                        help: Some("give each a port of its own, or \"auto\"".to_owned()),
                    });
                }
            }
        }
        faults
    }

    /// The place of the setting that was given by the strongest layer: the one the user can most easily change.
    fn latest(&self, keys: &[&str]) -> Option<Spot> {
        let given = keys.iter().rev().filter_map(|key| self.given.get(key));
        given.max_by_key(|given| given.layer)?.spot.clone()
    }

    /// The whole, or all that is wrong with it.
    pub fn finish(mut self) -> Result<Resolved, Error> {
        if !self.faults.is_empty() {
            return Err(Error::Invalid {
                what: format!("the profile {}", self.profile.name),
                faults: self.faults,
            });
        }
        let origins = self
            .given
            .into_iter()
            .map(|(key, given)| (key, given.origin));
        let (checks, check_origins) = self
            .checks
            .into_iter()
            .map(|given| (given.check, given.origin))
            .unzip();
        self.profile.checks = checks;
        let mut service_origins = BTreeMap::new();
        for (name, draft) in self.services {
            let given = draft.given.into_iter();
            service_origins
                .extend(given.map(|(key, given)| (format!("services.{name}.{key}"), given.origin)));
            self.profile.services.push(draft.service);
        }
        Ok(Resolved {
            profile: self.profile,
            origins: origins.collect(),
            service_origins,
            check_origins,
        })
    }
}

fn fixed(port: Port) -> Option<u16> {
    match port {
        Port::Auto => None,
        Port::Fixed(port) => Some(port),
    }
}

/// A service while layers are laid over each other.
struct ServiceDraft {
    service: TeamService,
    given: BTreeMap<&'static str, Given>,
    /// Where it is named first.
    spot: Spot,
    is_spoiled: bool,
}

impl ServiceDraft {
    fn new(name: ShortName, spot: Spot) -> Self {
        Self {
            service: team::defaults(name),
            given: BTreeMap::new(),
            spot,
            is_spoiled: false,
        }
    }

    /// Keeps a value, or says why not.
    fn put(&mut self, entry: ServiceEntry, layer: usize, base: &Path) -> Option<Fault> {
        let (setting, raw) = entry.value?;
        if let Err(refusal) = setting.store(&mut self.service, &raw, base) {
            self.is_spoiled = true;
            let path = format!("`services.{}.", entry.name);
            return Some(Fault {
                message: refusal.message.replacen('`', &path, 1),
                spot: Some(entry.spot),
                help: Some(refusal.help),
            });
        }
        let given = Given {
            origin: entry.origin,
            spot: Some(entry.spot),
            layer,
        };
        self.given.insert(setting.key, given);
        None
    }

    fn is_dropped(&self) -> bool {
        !self.service.enabled
    }

    /// A service of which only this is said was mistyped.
    fn was_never_there(&self) -> Option<Fault> {
        let name = self.service.name;
        let is_known = self.given.keys().any(|key| *key != team::ENABLED);
        (!is_known && !self.is_spoiled).then(|| Fault {
            message: format!("there is no service `{name}` to switch off"),
            spot: Some(self.spot(&[team::ENABLED])),
            help: Some("correct its name, or take this out".to_owned()),
        })
    }

    /// Gives fixed ports up that belong to the environment `owner`.
    fn free_ports(&mut self, owner: &str) {
        let given = self.given.get_mut("ports");
        let Some(given) = given.filter(|given| !given.origin.is_for_this_run()) else {
            return;
        };
        for mapping in &mut self.service.ports {
            if let Port::Fixed(port) = mapping.port {
                mapping.port = Port::Auto;
                let owner = owner.to_owned();
                given.origin = Origin::Freed { port, owner };
            }
        }
    }

    /// Where one of these keys is given, else where the service is.
    fn spot(&self, keys: &[&str]) -> Spot {
        let mut given = keys.iter().filter_map(|key| self.given.get(key));
        let spot = given.find_map(|given| given.spot.clone());
        spot.unwrap_or_else(|| self.spot.clone())
    }

    /// What is wrong with it as a whole; nothing where a part of it is not known.
    fn faults(&self) -> Vec<Fault> {
        if self.is_spoiled {
            return Vec::new();
        }
        let objections = team::objections(&self.service, |key| self.given.contains_key(key));
        let fault = |(keys, message, help): team::Objection| Fault {
            message,
            spot: Some(self.spot(keys)),
            help: Some(help.to_owned()),
        };
        objections.into_iter().map(fault).collect()
    }
}
