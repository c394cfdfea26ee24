//! What the user's own file says of the dashboard: keys, which are laid over the table, and the theme.
//!
//! ```toml
//! theme = "light"
//!
//! [keys]
//! follow = "F"
//! next-tab = ["]", "ctrl-n"]
//! ```

use super::BINDINGS;
use super::Chord;
use super::Keymap;
use super::table::Action;
use super::table::Scope;
use crate::error::Code;
use crate::error::Exit;
use crate::error::Explain;
use crate::profile;
use crate::profile::Fault;
use crate::profile::GivenKeys;
use crate::profile::OwnDashboard;
use crate::profile::Spot;
use crate::profile::count;
use crate::profile::did_you_mean;
use crate::tui::theme::Name;

/// How the user wants the dashboard.
#[derive(Debug, Default)]
pub struct Own {
    /// The keys of the table with the user's own laid over them.
    pub keymap: Keymap,
    /// The theme, where one is named.
    pub theme: Option<Name>,
}

/// What the user's own file says of the dashboard cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{} in what your config.toml says of the dashboard", count(faults.len()))]
pub struct OwnInvalid {
    faults: Vec<Fault>,
}

impl Explain for OwnInvalid {
    fn code(&self) -> Code {
        Code::KeysInvalid
    }

    fn hint(&self) -> Option<String> {
        Some("correct the line in your config.toml, or take it out".to_owned())
    }

    fn detail(&self) -> Vec<String> {
        let blocks: Vec<_> = self.faults.iter().map(Fault::lines).collect();
        blocks.join(&String::new())
    }

    fn exit(&self) -> Exit {
        Exit::Usage
    }
}

impl Own {
    /// What the user's own file says.
    pub fn read() -> crate::error::Result<Self> {
        Ok(match profile::own_dashboard()? {
            Some(own) => lay(own)?,
            None => Self::default(),
        })
    }
}

/// Lays the user's keys over the table and finds the theme; everything that is wrong with them is told at once.
pub fn lay(own: OwnDashboard) -> Result<Own, OwnInvalid> {
    let mut faults = own.faults;
    let mut keymap = Keymap::default();
    let theme = own.theme.and_then(|(name, spot)| {
        let known = Name::of(&name);
        faults.extend(known.is_none().then(|| no_theme(&name, spot)));
        known
    });
    let mut given = Vec::new();
    for one in own.given {
        match read(&one) {
            Ok((action, chords)) => {
                keymap.rebind(action, &chords);
                given.push((action, one));
            }
            Err(fault) => faults.push(fault),
        }
    }
    faults.extend(clashes(&keymap, &given));
    faults.extend(hidden(&keymap, &given));
    if faults.is_empty() {
        Ok(Own { keymap, theme })
    } else {
        Err(OwnInvalid { faults })
    }
}

fn no_theme(name: &str, spot: Spot) -> Fault {
    let names = Name::ALL.map(Name::as_str);
    let known = || format!("known here: {}", names.join(", "));
    let help = did_you_mean(name, names).unwrap_or_else(known);
    Fault::at(spot, format!("there is no theme `{name}`")).help(help)
}

fn read(given: &GivenKeys) -> Result<(Action, Vec<Chord>), Fault> {
    let names: Vec<_> = BINDINGS
        .iter()
        .map(|binding| (binding.action.name(), binding.action))
        .collect();
    let known = names.iter().find(|(name, _)| *name == given.action);
    let Some((name, action)) = known else {
        let message = format!("there is no action `{}`", given.action);
        let meant = did_you_mean(&given.action, names.iter().map(|(name, _)| name.as_str()));
        let help = meant.unwrap_or_else(|| "the palette shows the names".to_owned());
        return Err(Fault::at(given.spot.clone(), message).help(help));
    };
    if *action == Action::Leave && given.keys.is_empty() {
        let message = format!("`{name}` needs a key");
        return Err(Fault::at(given.spot.clone(), message));
    }
    let chords = given.keys.iter().map(|key| chord(key, given));
    Ok((*action, chords.collect::<Result<_, _>>()?))
}

fn chord(key: &str, given: &GivenKeys) -> Result<Chord, Fault> {
    key.parse().map_err(|()| {
        let message = format!("{key:?} is no key");
        let names = Chord::names().collect::<Vec<_>>().join(", ");
        let help = format!("one character or {names}; ctrl- or alt- may stand before");
        Fault::at(given.spot.clone(), message).help(help)
    })
}

/// Keys that ask for two things in one place, because of what the user gave.
fn clashes(keymap: &Keymap, given: &[(Action, GivenKeys)]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (place, (scope, chord, action)) in keymap.bound.iter().enumerate() {
        let mut before = keymap.bound.iter().take(place);
        let is_same = |(where_, bound, other): &&(Scope, Chord, Action)| {
            where_ == scope && bound == chord && other != action
        };
        let Some((_, _, other)) = before.find(is_same) else {
            continue;
        };
        let own = given.iter().rev();
        let mut own = own.filter(|(given, _)| given == action || given == other);
        if let Some((_, one)) = own.next() {
            let message = format!(
                "`{chord}` is the key of two actions in {}: {} and {}",
                scope.title(),
                other.name(),
                action.name()
            );
            let help = "give one of them another".to_owned();
            faults.push(Fault::at(one.spot.clone(), message).help(help));
        }
    }
    faults
}

/// Keys of the user's own that panes share, and that mean something else in one of them where the table's did not.
fn hidden(keymap: &Keymap, given: &[(Action, GivenKeys)]) -> Vec<Fault> {
    let table = Keymap::default();
    let mut faults = Vec::new();
    for bound in &keymap.bound {
        let (scope, chord, action) = bound;
        let own = given.iter().find(|(given, _)| given == action);
        let Some((_, one)) = own.filter(|_| !table.bound.contains(bound)) else {
            continue;
        };
        let hiding = keymap.hidden_by(*scope, *chord, *action);
        if let Some((pane, other)) = hiding.first() {
            let (action, other, pane) = (action.name(), other.name(), pane.title());
            let message = format!(
                "`{chord}` is the key of {other} in {pane}, where {action} would not have it"
            );
            let help = "give one of them another".to_owned();
            faults.push(Fault::at(one.spot.clone(), message).help(help));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::own_dashboard_in;

    fn laid(text: &str) -> Result<Keymap, Vec<String>> {
        all_laid(text).map(|own| own.keymap)
    }

    fn all_laid(text: &str) -> Result<Own, Vec<String>> {
        let own = own_dashboard_in(text).expect("something of the dashboard");
        lay(own).map_err(|error| {
            error
                .faults
                .iter()
                .map(|fault| fault.message.clone())
                .collect()
        })
    }

    #[test]
    fn an_action_gets_other_keys_wherever_it_has_some() {
        let keymap = laid("[keys]\nfollow = \"F\"\nwrap = [\"W\", \"alt-w\"]\nmark = []").unwrap();
        let keys = |action| {
            let keys = keymap.keys(action).map(|chord| chord.to_string());
            keys.collect::<Vec<_>>()
        };
        assert_eq!(keys(Action::Follow), ["F"]);
        assert_eq!(keys(Action::Wrap), ["W", "alt-w"]);
        assert!(keys(Action::Mark).is_empty());
        assert_eq!(keys(Action::Times), ["t"]);
    }

    #[test]
    fn what_cannot_be_used_is_told_with_what_was_meant_and_all_at_once() {
        let cases = [
            ("folow = \"F\"", "there is no action `folow`"),
            ("follow = \"hyper-f\"", "\"hyper-f\" is no key"),
            (
                "follow = 3",
                "a key must be a text or a list of texts, not 3",
            ),
            (
                "follow = \"w\"",
                "`w` is the key of two actions in Logs: wrap and follow",
            ),
            (
                "leave = \"u\"",
                "`u` is the key of two actions in Everywhere: up and leave",
            ),
            ("leave = []", "`leave` needs a key"),
        ];
        for (line, expected) in cases {
            let faults = laid(&format!("[keys]\n{line}")).unwrap_err();
            assert_eq!(faults, [expected], "{line}");
        }
        let all: Vec<_> = cases
            .iter()
            .take(2)
            .map(|(line, _)| line.replace("follow", "wrap"))
            .collect();
        let faults = laid(&format!("[keys]\n{}", all.join("\n"))).unwrap_err();
        assert_eq!(faults.len(), 2, "{faults:?}");
    }

    #[test]
    fn a_key_that_a_pane_hides_is_told_unless_the_table_does_so_itself() {
        let cases = [
            (
                "up = \"a\"",
                "`a` is the key of follow in Logs, where up would not have it",
            ),
            (
                "up = \"j\"",
                "`j` is the key of next in Rows, where up would not have it",
            ),
            (
                "last = \"W\"",
                "`W` is the key of writing in Database, where last would not have it",
            ),
            (
                "up = [\"u\", \"h\"]",
                "`h` is the key of history in Query, where up would not have it",
            ),
        ];
        for (line, expected) in cases {
            let faults = laid(&format!("[keys]\n{line}")).unwrap_err();
            assert_eq!(faults, [expected], "{line}");
        }
        for line in [
            "down = [\"d\", \"ctrl-g\"]",
            "tab-logs = \"1\"",
            "up = \"a\"\nfollow = \"F\"\nask = \"F\"",
        ] {
            assert!(laid(&format!("[keys]\n{line}")).is_ok(), "{line}");
        }
    }

    #[test]
    fn a_theme_is_named_and_one_that_there_is_none_of_is_told_with_the_keys() {
        let theme = |text| all_laid(text).map(|own| own.theme);
        assert_eq!(
            theme("theme = \"colour-blind\""),
            Ok(Some(Name::ColourBlind))
        );
        assert_eq!(theme("[keys]\nwrap = \"W\""), Ok(None));
        let faults = theme("theme = \"lihgt\"\n[keys]\nfolow = \"F\"").unwrap_err();
        assert_eq!(
            faults,
            ["there is no theme `lihgt`", "there is no action `folow`"]
        );
        let faults = theme("theme = 3").unwrap_err();
        assert_eq!(faults, ["`theme` must be a text, not 3"]);
        let near = own_dashboard_in("theme = \"lihgt\"").unwrap();
        let fault = lay(near).unwrap_err().faults.remove(0);
        assert_eq!(fault.help.unwrap(), "did you mean `light`?");
    }

    #[test]
    fn two_actions_may_change_their_keys() {
        let keymap = laid("[keys]\nwrap = \"t\"\ntimes = \"w\"").unwrap();
        assert_eq!(keymap.key(Action::Wrap).unwrap().to_string(), "t");
        let near = own_dashboard_in("[keys]\nfolow = \"F\"").unwrap();
        let fault = lay(near).unwrap_err().faults.remove(0);
        assert_eq!(fault.help.unwrap(), "did you mean `follow`?");
    }
}
