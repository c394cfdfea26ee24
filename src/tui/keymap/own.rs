//! Keys of the user's own, laid over the table.
//!
//! ```toml
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
use crate::profile::Fault;
use crate::profile::GivenKeys;
use crate::profile::OwnKeys;
use crate::profile::count;
use crate::profile::did_you_mean;

/// The keys in the user's own file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{} in the keys of your own", count(faults.len()))]
pub struct KeysInvalid {
    faults: Vec<Fault>,
}

impl Explain for KeysInvalid {
    fn code(&self) -> Code {
        Code::KeysInvalid
    }

    fn hint(&self) -> Option<String> {
        Some("correct [keys] in your config.toml, or take the line out".to_owned())
    }

    fn detail(&self) -> Vec<String> {
        let blocks: Vec<_> = self.faults.iter().map(Fault::lines).collect();
        blocks.join(&String::new())
    }

    fn exit(&self) -> Exit {
        Exit::Usage
    }
}

/// Lays the user's keys over the table; everything that is wrong with them is told at once.
pub fn lay(own: OwnKeys) -> Result<Keymap, KeysInvalid> {
    let mut faults = own.faults;
    let mut keymap = Keymap::default();
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
    if faults.is_empty() {
        Ok(keymap)
    } else {
        Err(KeysInvalid { faults })
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::own_keys_in;

    fn laid(text: &str) -> Result<Keymap, Vec<String>> {
        let own = own_keys_in(text).expect("a table of keys");
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
    fn two_actions_may_change_their_keys() {
        let keymap = laid("[keys]\nwrap = \"t\"\ntimes = \"w\"").unwrap();
        assert_eq!(keymap.key(Action::Wrap).unwrap().to_string(), "t");
        let near = own_keys_in("[keys]\nfolow = \"F\"").unwrap();
        let fault = lay(near).unwrap_err().faults.remove(0);
        assert_eq!(fault.help.unwrap(), "did you mean `follow`?");
    }
}
