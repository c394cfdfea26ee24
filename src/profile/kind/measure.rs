//! Kinds with a unit: cores, sizes, times.

use std::path::Path;
use std::time::Duration;

use serde_json::Value as Json;
use serde_json::json;

use super::Kind;
use super::Raw;
use super::plain::without_quotes;
use crate::profile::Bytes;
use crate::profile::quantity;
use crate::profile::quantity::SIZES;
use crate::profile::quantity::TIMES;
use crate::profile::quantity::Unit;
use crate::rates::nearest;

/// Cores, kept in thousandths of one: 0.01 to 512.
pub struct Cores<'a>(pub &'a mut u32);

impl Cores<'_> {
    const LEAST: u32 = 10;
    const MOST: u32 = 512_000;
}

impl Kind for Cores<'_> {
    fn expected(&self) -> String {
        "a number of cores from 0.01 to 512 with at most three decimals".to_owned()
    }

    fn read(&mut self, raw: &Raw, _base: &Path) -> Option<()> {
        let value = u32::try_from(quantity::scaled(&raw.decimal()?, 1_000)?).ok()?;
        if !(Self::LEAST..=Self::MOST).contains(&value) {
            return None;
        }
        *self.0 = value;
        Some(())
    }

    fn write(&self) -> Json {
        Json::from(f64::from(*self.0) / 1_000.0)
    }

    fn schema(&self) -> Json {
        json!({ "type": "number", "minimum": 0.01, "maximum": 512 })
    }

    fn meant(&self, raw: &Raw) -> Option<String> {
        without_quotes(raw)
    }
}

/// A size and the least that makes sense.
pub struct Size<'a>(pub &'a mut Bytes, pub Bytes);

impl Kind for Size<'_> {
    fn expected(&self) -> String {
        let least = quantity::write(self.1.0, SIZES, " ");
        let units = quantity::names(SIZES);
        format!("a size of at least {least}, as a text with its unit ({units})")
    }

    fn read(&mut self, raw: &Raw, _base: &Path) -> Option<()> {
        /// Docker counts in signed 64-bit numbers; no machine has this much.
        const MOST: u64 = 1 << 60;
        let value = quantity::read(raw.text()?, SIZES)?;
        if !(self.1.0..=MOST).contains(&value) {
            return None;
        }
        *self.0 = Bytes(value);
        Some(())
    }

    fn write(&self) -> Json {
        Json::from(quantity::write(self.0.0, SIZES, " "))
    }

    fn schema(&self) -> Json {
        json!({ "type": "string", "pattern": pattern(SIZES) })
    }

    fn meant(&self, raw: &Raw) -> Option<String> {
        with_unit(raw, SIZES, " ")
    }
}

/// A time and the least and greatest that make sense, in milliseconds.
pub struct Time<'a>(pub &'a mut Duration, pub u64, pub u64);

impl Kind for Time<'_> {
    fn expected(&self) -> String {
        let [least, most] = [self.1, self.2].map(|bound| quantity::write(bound, TIMES, ""));
        let units = quantity::names(TIMES);
        format!("a time from {least} to {most}, as a text with its unit ({units})")
    }

    fn read(&mut self, raw: &Raw, _base: &Path) -> Option<()> {
        let value = quantity::read(raw.text()?, TIMES)?;
        if !(self.1..=self.2).contains(&value) {
            return None;
        }
        *self.0 = Duration::from_millis(value);
        Some(())
    }

    fn write(&self) -> Json {
        Json::from(quantity::time(*self.0))
    }

    fn schema(&self) -> Json {
        json!({ "type": "string", "pattern": pattern(TIMES) })
    }

    fn meant(&self, raw: &Raw) -> Option<String> {
        with_unit(raw, TIMES, "")
    }
}

fn pattern(units: &[Unit]) -> String {
    let names: Vec<_> = units.iter().map(|(name, _)| *name).collect();
    format!("^[0-9]+(\\.[0-9]+)? ?({})$", names.join("|"))
}

/// The value with the unit that was probably meant: `512 mb` is `"512 MB"`.
fn with_unit(raw: &Raw, units: &[Unit], gap: &str) -> Option<String> {
    let (number, unit) = quantity::split(raw.text()?)?;
    if unit.is_empty() {
        // Any unit would be a guess.
        return None;
    }
    let known = units.iter().map(|(name, _)| *name);
    let unit = *nearest(unit, known).first()?;
    let meant = format!("{number}{gap}{unit}");
    let is_cure = quantity::read(&meant, units).is_some() && raw.text() != Some(&meant);
    is_cure.then(|| raw.quoted(&meant))
}
