//! Colours and characters. Glyphs carry every meaning; colours only repeat it, so that none is needed.

use ratatui::style::Color;
use ratatui::style::Modifier;
use ratatui::style::Style;

use crate::engine::Role;
use crate::log_line::Level;
use crate::profile::ShortName;
use crate::text::Charset;

/// What the screen is drawn with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    /// Its name.
    pub name: Name,
    /// The characters that the terminal knows.
    pub charset: Charset,
    /// What has the focus, and nothing else.
    pub accent: Style,
    /// Times, units, borders, asides.
    pub dim: Style,
    /// What is well.
    pub good: Style,
    /// What needs a look.
    pub warn: Style,
    /// What failed, and nothing else.
    pub bad: Style,
    /// The chosen row.
    pub raised: Style,
    /// What a filter or a search found.
    pub found: Style,
    roles: [Color; 3],
    /// For services of the team's own.
    own: [Color; 4],
}

/// The themes there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    /// For dark backgrounds.
    Dark,
    /// For light backgrounds.
    Light,
    /// Without red and green.
    ColourBlind,
    /// Without any colour.
    Mono,
}

impl Name {
    /// All of them, in the order of the key that changes it.
    pub const ALL: [Self; 4] = [Self::Dark, Self::Light, Self::ColourBlind, Self::Mono];

    /// What it is called.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
            Self::ColourBlind => "colour-blind",
            Self::Mono => "mono",
        }
    }

    /// The one that is called so.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == name)
    }

    fn next(self) -> Self {
        let after = Self::ALL.iter().skip_while(|name| **name != self).nth(1);
        after.copied().unwrap_or(Self::Dark)
    }
}

const fn indexed(index: u8) -> Style {
    Style::new().fg(Color::Indexed(index))
}

impl Theme {
    /// The theme of this name.
    pub fn new(name: Name, charset: Charset) -> Self {
        match name {
            Name::Dark => Self::dark(charset),
            Name::Light => Self::light(charset),
            Name::ColourBlind => Self::colour_blind(charset),
            Name::Mono => Self::mono(charset),
        }
    }

    /// The one that is wished where the terminal can show it, else the one that suits the terminal; `variable` looks an
    /// environment variable up.
    pub fn of_terminal(wished: Option<Name>, variable: impl Fn(&str) -> Option<String>) -> Self {
        let charset = Charset::from_locale(&variable);
        let bare = variable("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb =
            variable("TERM").is_some_and(|term| matches!(&*term, "dumb" | "vt100" | "vt220"));
        // The last field of COLORFGBG is the background; 7 and 15 are the light ones.
        let background = variable("COLORFGBG").and_then(|value| {
            let last = value.rsplit(';').next()?;
            last.parse::<u8>().ok()
        });
        let name = match (dumb, wished, bare, background) {
            (true, ..) | (_, None, true, _) => Name::Mono,
            (_, Some(wished), ..) => wished,
            (_, _, _, Some(7 | 15)) => Name::Light,
            _ => Name::Dark,
        };
        Self::new(name, charset)
    }

    /// The theme after this one.
    pub fn next(self) -> Self {
        Self::new(self.name.next(), self.charset)
    }

    fn dark(charset: Charset) -> Self {
        Self {
            name: Name::Dark,
            charset,
            accent: indexed(75),
            dim: indexed(245),
            good: indexed(114),
            warn: indexed(221),
            bad: indexed(203).add_modifier(Modifier::BOLD),
            raised: Style::new().bg(Color::Indexed(237)),
            found: Style::new().fg(Color::Indexed(16)).bg(Color::Indexed(221)),
            roles: [Color::Indexed(111), Color::Indexed(176), Color::Indexed(80)],
            own: [179, 150, 216, 146].map(Color::Indexed),
        }
    }

    fn light(charset: Charset) -> Self {
        Self {
            name: Name::Light,
            charset,
            accent: indexed(26),
            dim: indexed(243),
            good: indexed(28),
            warn: indexed(130),
            bad: indexed(160).add_modifier(Modifier::BOLD),
            raised: Style::new().bg(Color::Indexed(254)),
            found: Style::new().fg(Color::Indexed(16)).bg(Color::Indexed(222)),
            roles: [Color::Indexed(25), Color::Indexed(90), Color::Indexed(30)],
            own: [94, 58, 130, 60].map(Color::Indexed),
        }
    }

    fn colour_blind(charset: Charset) -> Self {
        Self {
            name: Name::ColourBlind,
            accent: indexed(117),
            good: indexed(39),
            warn: indexed(228),
            bad: indexed(208).add_modifier(Modifier::BOLD),
            roles: [Color::Indexed(69), Color::Indexed(219), Color::Indexed(252)],
            own: [222, 117, 183, 248].map(Color::Indexed),
            ..Self::dark(charset)
        }
    }

    fn mono(charset: Charset) -> Self {
        let plain = Style::new();
        Self {
            name: Name::Mono,
            charset,
            accent: plain.add_modifier(Modifier::BOLD),
            dim: plain.add_modifier(Modifier::DIM),
            good: plain,
            warn: plain,
            bad: plain.add_modifier(Modifier::BOLD),
            raised: plain.add_modifier(Modifier::REVERSED),
            found: plain.add_modifier(Modifier::REVERSED),
            roles: [Color::Reset; 3],
            own: [Color::Reset; 4],
        }
    }

    /// Every role keeps its colour, everywhere.
    pub fn role(&self, role: Role) -> Style {
        let [database, seed, api] = self.roles;
        Style::new().fg(match role {
            Role::Database => database,
            Role::Seed => seed,
            Role::Api => api,
            Role::Service(name) => self.own(name),
        })
    }

    /// One of a few colours that no role of every environment has; a name has the same in every run.
    fn own(&self, name: ShortName) -> Color {
        let sum = name
            .as_str()
            .bytes()
            .fold(0_usize, |sum, byte| sum * 31 % 997 + usize::from(byte));
        let colour = self.own.get(sum % self.own.len());
        colour.copied().unwrap_or_default()
    }

    /// How a line of this level is written.
    pub fn level(&self, level: Level) -> Style {
        match level {
            Level::Error => self.bad,
            Level::Warn => self.warn,
            Level::Info => Style::new(),
            Level::Debug => self.dim,
        }
    }

    /// The one of two twins that the terminal can show.
    pub fn pick<T>(&self, unicode: T, ascii: T) -> T {
        self.charset.pick(unicode, ascii)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn theme(variables: &[(&str, &str)]) -> Theme {
        wished(None, variables)
    }

    fn wished(wished: Option<Name>, variables: &[(&str, &str)]) -> Theme {
        Theme::of_terminal(wished, |name| {
            let mut known = variables.iter();
            let found = known.find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_terminal_decides_which_theme_suits_it() {
        assert_eq!(theme(&[]).name, Name::Dark);
        assert_eq!(theme(&[("NO_COLOR", "1")]).name, Name::Mono);
        assert_eq!(theme(&[("TERM", "vt100")]).name, Name::Mono);
        assert_eq!(theme(&[("COLORFGBG", "0;15")]).name, Name::Light);
        assert_eq!(theme(&[("COLORFGBG", "15;0")]).name, Name::Dark);
        assert_eq!(theme(&[("LANG", "C.UTF-8")]).charset, Charset::Unicode);
    }

    #[test]
    fn the_theme_that_is_wished_is_taken_where_the_terminal_can_show_it() {
        let light = Some(Name::Light);
        assert_eq!(wished(light, &[("COLORFGBG", "15;0")]).name, Name::Light);
        assert_eq!(wished(light, &[("NO_COLOR", "1")]).name, Name::Light);
        assert_eq!(wished(light, &[("TERM", "vt100")]).name, Name::Mono);
    }

    #[test]
    fn the_themes_go_round() {
        let first = theme(&[]);
        let all = std::iter::successors(Some(first), |theme| Some(theme.next()));
        assert_eq!(all.take(5).last(), Some(first));
    }
}
