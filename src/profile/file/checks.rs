//! The entries of `[[checks]]`.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::DeTable;
use toml::de::DeValue;

use super::CHECKS;
use super::GivenCheck;
use super::Reader;
use super::Value;
use super::origin;
use crate::profile::Check;
use crate::profile::kind::Raw;
use crate::profile::settings;
use crate::profile::settings::Absent;
use crate::profile::settings::CHECK;
use crate::profile::settings::Setting;

impl Reader<'_> {
    pub(super) fn checks(&mut self, value: &Value<'_>) {
        let help = "write [[checks]] on a line of its own, and its keys below".to_owned();
        let DeValue::Array(checks) = value.get_ref() else {
            let found = Raw::new(value.get_ref());
            let message = format!("`checks` must be a list of tables, not {found}");
            let fault = self.fault(value.span(), message);
            return self.push(fault.help(help));
        };
        let mut names = BTreeSet::new();
        for check in checks {
            let DeValue::Table(table) = check.get_ref() else {
                let message = format!("a check must be a table, not {}", Raw::new(check.get_ref()));
                let fault = self.fault(check.span(), message);
                self.push(fault.help(help.clone()));
                continue;
            };
            self.check(table, &check.span(), &mut names);
        }
    }

    fn check(&mut self, table: &DeTable<'_>, span: &Range<usize>, names: &mut BTreeSet<String>) {
        let before = self.layer.faults.len();
        let mut check = settings::blank_check();
        for (key, value) in table {
            match CHECK.iter().find(|setting| setting.key == key.get_ref()) {
                Some(setting) => self.store(setting, &mut check, value),
                None => self.unknown(CHECKS, key, value),
            }
        }
        self.complete(table, span);
        if self.layer.faults.len() > before {
            return;
        }
        self.average(&check, table);
        if !names.insert(check.name.clone()) {
            let place = table
                .get("name")
                .map_or_else(|| span.clone(), Spanned::span);
            let fault = self.fault(
                place,
                format!("there are two checks named {:?}", check.name),
            );
            self.push(fault.help("give each a name of its own".to_owned()));
        }
        let origin = origin(&self.spot(span.clone()));
        self.layer.checks.push(GivenCheck { check, origin });
    }

    fn store(&mut self, setting: &Setting<Check>, check: &mut Check, value: &Value<'_>) {
        let raw = Raw::new(value.get_ref());
        if let Err(refusal) = setting.store(check, &raw, Path::new("")) {
            let fault = self.fault(value.span(), refusal.message);
            self.push(fault.help(refusal.help));
        }
    }

    /// A check must have every key that has no default.
    fn complete(&mut self, table: &DeTable<'_>, span: &Range<usize>) {
        let is_missing =
            |s: &&Setting<Check>| s.absent == Absent::IsWrong && !table.contains_key(s.key);
        for setting in CHECK.iter().filter(is_missing) {
            let message = format!("this check lacks the key `{}`", setting.key);
            let fault = self.fault(span.clone(), message);
            self.push(fault.help(format!("for example {} = {}", setting.key, setting.example)));
        }
    }

    /// A day with few prices has no average, so that a check that asks for one would never pass.
    fn average(&mut self, check: &Check, table: &DeTable<'_>) {
        use crate::rates::PRICES_FOR_AN_AVERAGE as ENOUGH;
        let count = check.expect.count.unwrap_or_default();
        if let Some(price) = table.get("price").filter(|_| count < ENOUGH) {
            let message = format!("a day with fewer than {ENOUGH} prices has no average price");
            let fault = self.fault(price.span(), message);
            self.push(fault.help("leave `price` out".to_owned()));
        }
    }
}
