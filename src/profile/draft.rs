//! A profile while layers are laid over each other, weakest first.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;

use super::Port;
use super::Profile;
use super::fault::Error;
use super::fault::Fault;
use super::fault::Spot;
use super::file::Entry;
use super::file::GivenCheck;
use super::file::Layer;
use super::locate;
use super::locate::Found;
use super::name;
use super::origin::Origin;
use super::resolve::Resolved;
use super::rules::RULES;
use super::rules::Rule;
use super::settings;

/// What is known while layers are laid.
pub struct Draft {
    profile: Profile,
    given: BTreeMap<&'static str, Given>,
    checks: Vec<GivenCheck>,
    faults: Vec<Fault>,
    /// Settings with a fault in some layer; rules over them would mislead.
    spoiled: BTreeSet<&'static str>,
    is_partial: bool,
    layers: usize,
}

/// Where the value of a setting was given.
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
        Ok(Resolved {
            profile: self.profile,
            origins: origins.collect(),
            check_origins,
        })
    }
}
