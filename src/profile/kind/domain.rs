//! Kinds of the rates system: ports, addresses, durability, and the parts of a check.

use std::fmt::Display;
use std::path::Path;
use std::str::FromStr;

use jiff::civil::Date;
use serde_json::Value as Json;
use serde_json::json;

use super::Kind;
use super::Raw;
use super::plain::tidy;
use super::plain::without_quotes;
use crate::profile::Port;
use crate::profile::Postgres;
use crate::rates::nearest;
use crate::rates::parse_day;

/// A published port: a number, or `"auto"` for whichever is free.
pub struct PublishedPort<'a>(pub &'a mut Port);

impl Kind for PublishedPort<'_> {
    fn expected(&self) -> String {
        "a port from 1 to 65535, or \"auto\" for a free one".to_owned()
    }

    fn read(&mut self, raw: &Raw, _base: &Path) -> Option<()> {
        *self.0 = match raw.text() {
            Some("auto") => Port::Auto,
            _ => Port::Fixed(u16::try_from(raw.whole()?).ok().filter(|port| *port > 0)?),
        };
        Some(())
    }

    fn write(&self) -> Json {
        match *self.0 {
            Port::Auto => Json::from("auto"),
            Port::Fixed(port) => Json::from(port),
        }
    }

    fn schema(&self) -> Json {
        let number = json!({ "type": "integer", "minimum": 1, "maximum": 65_535 });
        json!({ "anyOf": [{ "const": "auto" }, number] })
    }

    fn meant(&self, raw: &Raw) -> Option<String> {
        let is_near = |text: &str| !nearest(text, ["auto"]).is_empty();
        if raw.whole() == Some(0) || raw.text().is_some_and(is_near) {
            return Some(raw.quoted("auto"));
        }
        without_quotes(raw)
    }
}

/// Which PostgreSQL is run without Docker: a folder, or `"auto"`. A folder that is called `auto` is written `./auto`.
pub struct Installed<'a>(pub &'a mut Postgres);

impl Installed<'_> {
    /// A word without a slash that was probably meant to be `auto`.
    fn is_near_auto(text: &str) -> bool {
        !text.contains(['/', '\\']) && !nearest(text, ["auto"]).is_empty()
    }
}

impl Kind for Installed<'_> {
    fn expected(&self) -> String {
        "the folder of an installed PostgreSQL, or \"auto\" to find one or fetch one".to_owned()
    }

    fn read(&mut self, raw: &Raw, base: &Path) -> Option<()> {
        let text = raw.text()?;
        if text == "auto" {
            *self.0 = Postgres::Auto;
            return Some(());
        }
        let is_folder = !text.is_empty() && !text.contains(char::is_control);
        let is_folder = is_folder && !Self::is_near_auto(text);
        *self.0 = Postgres::Folder(tidy(&base.join(is_folder.then_some(text)?)));
        Some(())
    }

    fn write(&self) -> Json {
        match &*self.0 {
            Postgres::Auto => Json::from("auto"),
            Postgres::Folder(folder) => Json::from(folder.to_string_lossy()),
        }
    }

    fn schema(&self) -> Json {
        json!({ "type": "string", "minLength": 1 })
    }

    fn meant(&self, raw: &Raw) -> Option<String> {
        let is_near = raw.text().is_some_and(Self::is_near_auto);
        is_near.then(|| raw.quoted("auto"))
    }
}

/// A text that its own type can read: addresses, ends of a question.
pub struct Known<'a, T> {
    /// Where it is kept.
    pub place: &'a mut T,
    /// What may stand there, as a fragment.
    pub expected: &'static str,
    /// What a JSON Schema says about the text.
    pub schema: fn() -> Json,
}

impl<T: FromStr + Display> Kind for Known<'_, T> {
    fn expected(&self) -> String {
        self.expected.to_owned()
    }

    fn read(&mut self, raw: &Raw, _base: &Path) -> Option<()> {
        *self.place = raw.text()?.parse().ok()?;
        Some(())
    }

    fn write(&self) -> Json {
        Json::from(self.place.to_string())
    }

    fn schema(&self) -> Json {
        (self.schema)()
    }
}

/// A day, with or without quotes.
pub struct Day<'a>(pub &'a mut Date);

impl Kind for Day<'_> {
    fn expected(&self) -> String {
        "a day of the calendar, written like 2021-01-31".to_owned()
    }

    fn read(&mut self, raw: &Raw, _base: &Path) -> Option<()> {
        let text = match raw {
            Raw::Bare(text) => text,
            _ => raw.text()?,
        };
        *self.0 = parse_day(text)?;
        Some(())
    }

    fn write(&self) -> Json {
        Json::from(self.0.to_string())
    }

    fn schema(&self) -> Json {
        json!({ "type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" })
    }
}

/// How many prices a day has; none is kept as absent, as the API answers.
pub struct Prices<'a>(pub &'a mut Option<i64>);

impl Kind for Prices<'_> {
    fn expected(&self) -> String {
        "a whole number of prices, 0 or more".to_owned()
    }

    fn read(&mut self, raw: &Raw, _base: &Path) -> Option<()> {
        let count = raw.whole().filter(|count| *count >= 0)?;
        *self.0 = (count > 0).then_some(count);
        Some(())
    }

    fn write(&self) -> Json {
        Json::from(self.0.unwrap_or_default())
    }

    fn schema(&self) -> Json {
        json!({ "type": "integer", "minimum": 0 })
    }

    fn meant(&self, raw: &Raw) -> Option<String> {
        without_quotes(raw)
    }
}

/// An average price.
pub struct Price<'a>(pub &'a mut Option<f64>);

impl Kind for Price<'_> {
    fn expected(&self) -> String {
        "a price, 0 or more".to_owned()
    }

    fn read(&mut self, raw: &Raw, _base: &Path) -> Option<()> {
        let price: f64 = raw.decimal()?.parse().ok()?;
        if !price.is_finite() || price < 0.0 {
            return None;
        }
        *self.0 = Some(price);
        Some(())
    }

    fn write(&self) -> Json {
        Json::from(*self.0)
    }

    fn schema(&self) -> Json {
        json!({ "type": "number", "minimum": 0 })
    }

    fn meant(&self, raw: &Raw) -> Option<String> {
        without_quotes(raw)
    }
}
