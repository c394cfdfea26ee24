//! The keys of one entry of `[[checks]]`.

use jiff::civil::Date;
use serde_json::json;

use super::Absent::IsFine;
use super::Absent::IsWrong;
use super::Setting;
use crate::profile::Check;
use crate::profile::kind::Day;
use crate::profile::kind::Kind;
use crate::profile::kind::Known;
use crate::profile::kind::Price;
use crate::profile::kind::Prices;
use crate::profile::kind::Text;
use crate::rates::DailyAverage;
use crate::rates::Place;

/// The keys of one entry of `[[checks]]`.
pub static CHECK: &[Setting<Check>] = &[
    Setting {
        key: "name",
        doc: "What the check is called; a profile replaces a check it inherits by giving one of the same name.",
        absent: IsWrong,
        example: "\"known day\"",
        place: |c| {
            Box::new(Text {
                place: &mut c.name,
                expected: "a text of 1 to 80 characters on one line",
                is_valid: is_label,
                pattern: r"^\S(.{0,78}\S)?$",
            })
        },
    },
    Setting {
        key: "orig",
        doc: "Where from: a port code or a region slug.",
        absent: IsWrong,
        example: "\"CNGGZ\"",
        place: |c| end(&mut c.orig),
    },
    Setting {
        key: "dest",
        doc: "Where to: a port code or a region slug.",
        absent: IsWrong,
        example: "\"EETLL\"",
        place: |c| end(&mut c.dest),
    },
    Setting {
        key: "day",
        doc: "The day asked for.",
        absent: IsWrong,
        example: "\"2021-01-31\"",
        place: |c| Box::new(Day(&mut c.expect.day)),
    },
    Setting {
        key: "count",
        doc: "How many prices the day has.",
        absent: IsWrong,
        example: "3",
        place: |c| Box::new(Prices(&mut c.expect.count)),
    },
    Setting {
        key: "price",
        doc: "The average price of the day; without it, any will do.",
        absent: IsFine,
        example: "1154.33333333333",
        place: |c| Box::new(Price(&mut c.expect.price)),
    },
];

fn is_label(text: &str) -> bool {
    let characters = text.chars().count();
    (1..=80).contains(&characters) && text.trim() == text && !text.contains(char::is_control)
}

fn end(place: &mut Place) -> Box<dyn Kind + '_> {
    Box::new(Known {
        place,
        expected: "a port code, like \"CNGGZ\", or a region slug, like \"northern_europe\"",
        schema: || json!({ "type": "string", "pattern": "^([A-Z0-9]{5}|[a-z0-9_-]{1,63})$" }),
    })
}

/// A check to be filled.
pub fn blank_check() -> Check {
    Check {
        name: String::new(),
        orig: Place::Port(String::new()),
        dest: Place::Port(String::new()),
        expect: DailyAverage {
            count: None,
            day: Date::ZERO,
            price: None,
        },
    }
}
