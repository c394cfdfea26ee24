//! A key with its modifiers, as text and as the terminal sends it.

use std::fmt;
use std::str::FromStr;

use crossterm::event::KeyCode;
use crossterm::event::KeyEvent;
use crossterm::event::KeyModifiers;

/// A key that was pressed together with others, such as `ctrl-p`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Chord {
    code: KeyCode,
    modifiers: KeyModifiers,
}

/// Keys that have a name instead of a character.
const NAMES: [(&str, KeyCode); 17] = [
    ("space", KeyCode::Char(' ')),
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("shift-tab", KeyCode::BackTab),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pgup", KeyCode::PageUp),
    ("pgdn", KeyCode::PageDown),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("f1", KeyCode::F(1)),
    ("f5", KeyCode::F(5)),
];

impl Chord {
    /// The names of keys that have one.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name)
    }

    /// The chord of what the terminal sent. Shift is part of the character it makes.
    pub fn of(key: KeyEvent) -> Self {
        let kept = key.modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT);
        Self {
            code: key.code,
            modifiers: kept,
        }
    }
}

impl FromStr for Chord {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (modifiers, name) = match (text.strip_prefix("ctrl-"), text.strip_prefix("alt-")) {
            (Some(name), _) => (KeyModifiers::CONTROL, name),
            (_, Some(name)) => (KeyModifiers::ALT, name),
            _ => (KeyModifiers::NONE, text),
        };
        let named = NAMES.iter().find(|(known, _)| *known == name);
        let mut characters = name.chars();
        let code = match (named, characters.next(), characters.next()) {
            (Some((_, code)), ..) => *code,
            (None, Some(character), None) => KeyCode::Char(character),
            _ => return Err(()),
        };
        Ok(Self { code, modifiers })
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.modifiers.contains(KeyModifiers::CONTROL) {
            f.write_str("ctrl-")?;
        }
        if self.modifiers.contains(KeyModifiers::ALT) {
            f.write_str("alt-")?;
        }
        let named = NAMES.iter().find(|(_, code)| *code == self.code);
        match (named, self.code) {
            (Some((name, _)), _) => f.write_str(name),
            (None, KeyCode::Char(character)) => write!(f, "{character}"),
            (None, code) => write!(f, "{code}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chord_is_written_as_it_is_read() {
        for text in [
            "q",
            "G",
            "ctrl-p",
            "alt-x",
            "space",
            "shift-tab",
            "pgdn",
            "?",
            "-",
        ] {
            assert_eq!(text.parse::<Chord>().unwrap().to_string(), text);
        }
        for text in ["", "ctrl-", "nothing"] {
            assert!(text.parse::<Chord>().is_err(), "{text}");
        }
    }
}
