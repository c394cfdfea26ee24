//! The tables of the team's own services.

use std::ops::Range;

use super::Key;
use super::Reader;
use super::ServiceEntry;
use super::Value;
use super::origin;
use crate::profile::ShortName;
use crate::profile::TeamService;
use crate::profile::kind;
use crate::profile::kind::Raw;
use crate::profile::role;
use crate::profile::settings::Setting;
use crate::profile::team;
use crate::profile::team::HEALTH;
use crate::profile::team::SERVICES;

impl Reader<'_> {
    pub(super) fn services(&mut self, value: &Value<'_>) {
        let Some(services) = self.table_of(value, SERVICES, "[services.NAME]") else {
            return;
        };
        for (key, value) in services {
            match key.get_ref().parse() {
                Ok(name) => self.service(name, key, value),
                Err(_not_a_name) => {
                    let name = kind::cut(key.get_ref());
                    let message = format!("`{name}` cannot be the name of a service");
                    let fault = self.fault(key.span(), message);
                    self.push(fault.help(format!("a name has {}", role::ALLOWED)));
                }
            }
        }
    }

    fn service(&mut self, name: ShortName, key: &Key<'_>, value: &Value<'_>) {
        let table = format!("{SERVICES}.{name}");
        let Some(keys) = self.table_of(value, &table, &format!("[{table}]")) else {
            return;
        };
        self.service_entry(name, None, key.span());
        for (key, value) in keys {
            let word = key.get_ref().as_ref();
            if word == HEALTH {
                self.health(name, value);
            } else if let Some(setting) = team::find(word).filter(|_| !word.contains('.')) {
                self.service_entry(
                    name,
                    Some((setting, Raw::new(value.get_ref()))),
                    value.span(),
                );
            } else {
                self.unknown(&table, key, value);
            }
        }
    }

    fn health(&mut self, name: ShortName, value: &Value<'_>) {
        let table = format!("{SERVICES}.{name}.{HEALTH}");
        let Some(keys) = self.table_of(value, &table, &format!("[{table}]")) else {
            return;
        };
        for (key, value) in keys {
            match team::find(&format!("{HEALTH}.{}", key.get_ref())) {
                Some(setting) => {
                    let raw = Raw::new(value.get_ref());
                    self.service_entry(name, Some((setting, raw)), value.span());
                }
                None => self.unknown(&table, key, value),
            }
        }
    }

    fn service_entry(
        &mut self,
        name: ShortName,
        value: Option<(&'static Setting<TeamService>, Raw)>,
        span: Range<usize>,
    ) {
        let spot = self.spot(span);
        self.layer.services.push(ServiceEntry {
            name,
            value,
            origin: origin(&spot),
            spot,
        });
    }
}
