//! Which key asks for what: one table, from which the keys, the footer, the help and the palette are made.

mod chord;
mod own;
mod table;

use std::collections::HashSet;

use crossterm::event::KeyEvent;

pub use chord::Chord;
pub use own::Own;
#[cfg(test)]
pub use own::lay;
pub use table::Action;
pub use table::BINDINGS;
pub use table::Scope;

/// One line of the table.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    /// What is asked for.
    pub action: Action,
    /// Where these keys mean it.
    pub scope: Scope,
    /// The keys, apart by spaces; the first is the one that is shown.
    pub keys: &'static str,
    /// One word for the footer; empty where it never stands there.
    pub word: &'static str,
    /// What it does, for the help and the palette.
    pub help: &'static str,
}

/// The keys as they are bound.
#[derive(Debug, Clone)]
pub struct Keymap {
    bound: Vec<(Scope, Chord, Action)>,
}

impl Default for Keymap {
    fn default() -> Self {
        let bound = BINDINGS.iter().flat_map(|binding| {
            let keys = binding.keys.split(' ');
            keys.filter_map(|key| Some((binding.scope, key.parse().ok()?, binding.action)))
        });
        Self {
            bound: bound.collect(),
        }
    }
}

impl Keymap {
    /// How many actions have other keys than those of the table.
    pub fn remapped(&self) -> usize {
        let table = Self::default();
        let differs = |action: &Action| !self.keys(*action).eq(table.keys(*action));
        let actions: HashSet<_> = BINDINGS.iter().map(|binding| binding.action).collect();
        actions.iter().filter(|action| differs(action)).count()
    }

    /// Gives an action other keys, wherever it has some.
    fn rebind(&mut self, action: Action, chords: &[Chord]) {
        let bindings = BINDINGS.iter().filter(|binding| binding.action == action);
        let scopes: Vec<_> = bindings.map(|binding| binding.scope).collect();
        self.bound.retain(|(_, _, bound)| *bound != action);
        for scope in scopes {
            let own = chords.iter().map(|chord| (scope, *chord, action));
            self.bound.extend(own);
        }
    }

    /// The key of an action as it is written in a sentence.
    pub fn word(&self, action: Action) -> String {
        self.key(action)
            .map_or_else(|| action.name(), |key| key.to_string())
    }

    /// What a key asks for here: what it means in this scope, else what it means everywhere.
    pub fn action(&self, scope: Scope, key: KeyEvent) -> Option<Action> {
        let chord = Chord::of(key);
        let find = |scope: Scope| {
            let mut bound = self.bound.iter();
            bound.find(|(where_, bound, _)| *where_ == scope && *bound == chord)
        };
        let found = find(scope).or_else(|| find(scope.general()));
        found
            .or_else(|| find(Scope::Everywhere))
            .map(|(_, _, action)| *action)
    }

    /// The key that is shown for an action.
    pub fn key(&self, action: Action) -> Option<Chord> {
        let mut bound = self.bound.iter();
        bound
            .find(|(_, _, bound)| *bound == action)
            .map(|(_, chord, _)| *chord)
    }

    /// What a key that panes share means instead in some of them.
    fn hidden_by(&self, scope: Scope, chord: Chord, action: Action) -> Vec<(Scope, Action)> {
        let hides = |(pane, bound, other): &&(Scope, Chord, Action)| {
            pane.comes_before(scope) && *bound == chord && *other != action
        };
        let hiding = self.bound.iter().filter(hides);
        hiding.map(|(pane, _, other)| (*pane, *other)).collect()
    }

    /// Whether a key of the pane hides every key of a binding that is shared.
    pub fn hides(&self, scope: Scope, binding: &Binding) -> bool {
        let is_taken = |chord: Chord| {
            let mut bound = self.bound.iter();
            bound.any(|(where_, bound, _)| *where_ == scope && *bound == chord)
        };
        scope != binding.scope && self.keys(binding.action).all(is_taken)
    }

    /// All keys of an action.
    pub fn keys(&self, action: Action) -> impl Iterator<Item = Chord> {
        let bound = self.bound.iter();
        bound
            .filter(move |(_, _, bound)| *bound == action)
            .map(|(_, chord, _)| *chord)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_table_is_one() {
        for binding in BINDINGS {
            for key in binding.keys.split(' ') {
                assert!(
                    key.parse::<Chord>().is_ok(),
                    "{key} of {:?}",
                    binding.action
                );
            }
        }
    }

    #[test]
    fn no_key_means_two_things_in_one_place() {
        let mut seen = HashSet::new();
        for (scope, chord, action) in Keymap::default().bound {
            assert!(
                seen.insert((scope, chord)),
                "{chord} in {scope:?} again: {action:?}"
            );
        }
    }

    #[test]
    fn a_key_of_the_pane_beats_the_same_key_of_everywhere() {
        let keymap = Keymap::default();
        let key = |code| KeyEvent::from(crossterm::event::KeyCode::Char(code));
        assert_eq!(
            keymap.action(Scope::Logs, key('0')),
            Some(Action::WindowTail)
        );
        assert_eq!(keymap.action(Scope::Roles, key('1')), Some(Action::Tab(0)));
        assert_eq!(keymap.action(Scope::Logs, key('q')), Some(Action::Leave));
        assert_eq!(keymap.action(Scope::Logs, key('j')), Some(Action::Next));
        assert_eq!(keymap.action(Scope::Logs, key('€')), None);
    }
}
