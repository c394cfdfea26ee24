//! What the user's own file says of the dashboard: its keys and its theme.

use toml::de::DeValue;

use super::GivenKeys;
use super::KEYS;
use super::Key;
use super::OwnDashboard;
use super::Reader;
use super::THEME;
use super::Value;
use crate::profile::kind::Raw;

impl Reader<'_> {
    pub(super) fn keys(&mut self, key: &Key<'_>, value: &Value<'_>) {
        let DeValue::Table(table) = value.get_ref() else {
            let found = Raw::new(value.get_ref());
            let fault = self.fault(value.span(), format!("`keys` must be a table, not {found}"));
            let help = "write [keys] on a line of its own, and actions below".to_owned();
            return self.dashboard(KEYS, key).faults.push(fault.help(help));
        };
        self.dashboard(KEYS, key);
        for (action, value) in table {
            let spot = self.spot(action.span());
            let name = action.get_ref().to_string();
            if let Some(keys) = texts(value.get_ref()) {
                let action = name;
                let given = &mut self.dashboard(KEYS, key).given;
                given.push(GivenKeys { action, keys, spot });
                continue;
            }
            let found = Raw::new(value.get_ref());
            let message = format!("a key must be a text or a list of texts, not {found}");
            let help = "for example follow = \"F\", or wrap = [\"w\", \"ctrl-w\"]".to_owned();
            let fault = self.fault(value.span(), message);
            self.dashboard(KEYS, key).faults.push(fault.help(help));
        }
    }

    pub(super) fn theme(&mut self, key: &Key<'_>, value: &Value<'_>) {
        if let DeValue::String(name) = value.get_ref() {
            let spot = self.spot(value.span());
            self.dashboard(THEME, key).theme = Some((name.to_string(), spot));
            return;
        }
        let found = Raw::new(value.get_ref());
        let fault = self.fault(value.span(), format!("`theme` must be a text, not {found}"));
        let help = "for example theme = \"light\"".to_owned();
        self.dashboard(THEME, key).faults.push(fault.help(help));
    }

    /// What is said of the dashboard, which begins with this key where nothing is yet.
    fn dashboard(&mut self, name: &'static str, key: &Key<'_>) -> &mut OwnDashboard {
        let spot = self.spot(key.span());
        self.layer.dashboard.get_or_insert_with(|| OwnDashboard {
            key: name,
            spot,
            given: Vec::new(),
            theme: None,
            faults: Vec::new(),
        })
    }
}

/// A text, or the texts of a list.
fn texts(value: &DeValue<'_>) -> Option<Vec<String>> {
    match value {
        DeValue::String(text) => Some(vec![text.to_string()]),
        DeValue::Array(all) => all
            .iter()
            .map(|one| one.get_ref().as_str().map(str::to_owned))
            .collect(),
        _ => None,
    }
}
