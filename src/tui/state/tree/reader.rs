//! From JSON to the rows of a tree, value by value.

use std::fmt;

use serde::Deserializer;
use serde::de::DeserializeSeed;
use serde::de::Error;
use serde::de::IgnoredAny;
use serde::de::MapAccess;
use serde::de::SeqAccess;
use serde::de::Visitor;
use serde_json::Number;

use super::Kind;
use super::Tree;

/// A value that is about to be read, and its place.
pub struct Part<'a> {
    tree: &'a mut Tree,
    key: String,
    depth: usize,
    path: String,
    /// Parts that are at most so deep are open.
    open: usize,
}

impl<'a> Part<'a> {
    /// The whole document.
    pub fn root(tree: &'a mut Tree, open: usize) -> Self {
        Self {
            tree,
            key: String::new(),
            depth: 0,
            path: String::new(),
            open,
        }
    }

    fn leaf(self, kind: Kind, text: String) {
        self.tree
            .push(kind, text, (self.key, self.depth, self.path));
    }

    /// Adds what has parts; returns its place, and what its parts are made from.
    fn branch(self, kind: Kind) -> (usize, Parts<'a>) {
        let of = (self.key, self.depth, self.path.clone());
        let place = self.tree.push(kind, String::new(), of);
        if let Some(node) = self.tree.nodes.get_mut(place) {
            // The root is no row.
            node.open = self.depth <= self.open;
        }
        let parts = Parts {
            tree: self.tree,
            depth: self.depth + 1,
            path: self.path,
            open: self.open,
        };
        (place, parts)
    }
}

/// What the parts of a value are made from.
struct Parts<'a> {
    tree: &'a mut Tree,
    depth: usize,
    path: String,
    open: usize,
}

impl Parts<'_> {
    fn part(&mut self, key: String) -> Part<'_> {
        Part {
            path: format!("{}/{key}", self.path),
            tree: &mut *self.tree,
            key,
            depth: self.depth,
            open: self.open,
        }
    }

    /// All parts of the value at a place are there.
    fn close(self, place: usize) {
        let end = self.tree.nodes.len();
        if let Some(node) = self.tree.nodes.get_mut(place) {
            node.end = end;
        }
    }
}

impl<'de> DeserializeSeed<'de> for Part<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Part<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.leaf(Kind::Plain, "null".to_owned());
        Ok(())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.leaf(Kind::Plain, value.to_string());
        Ok(())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.leaf(Kind::Plain, value.to_string());
        Ok(())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.leaf(Kind::Plain, value.to_string());
        Ok(())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        let text = Number::from_f64(value).map_or_else(|| "null".to_owned(), |n| n.to_string());
        self.leaf(Kind::Plain, text);
        Ok(())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.leaf(Kind::Text, value.to_owned());
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (place, mut parts) = self.branch(Kind::Object);
        loop {
            if parts.tree.is_full() {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
                    parts.tree.left_out += 1;
                }
                break;
            }
            let Some(key) = map.next_key()? else {
                break;
            };
            map.next_value_seed(parts.part(key))?;
        }
        parts.close(place);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<(), A::Error> {
        let (place, mut parts) = self.branch(Kind::Array);
        for number in 0usize.. {
            if parts.tree.is_full() {
                while all.next_element::<IgnoredAny>()?.is_some() {
                    parts.tree.left_out += 1;
                }
                break;
            }
            let part = parts.part(number.to_string());
            if all.next_element_seed(part)?.is_none() {
                break;
            }
        }
        parts.close(place);
        Ok(())
    }
}
