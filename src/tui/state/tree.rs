//! A JSON value as rows that can be folded and searched.

use std::collections::BTreeSet;
use std::collections::HashMap;

use serde::de::DeserializeSeed;
use serde_json::Value;

use super::list::List;
use super::list::Step;
use reader::Part;

mod reader;

/// Nodes of a value at most; what comes after them is counted.
const MOST: usize = 20_000;
/// Bytes of the preview of a folded part, more or less.
const PREVIEW: usize = 400;

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Something that has named parts.
    Object,
    /// Something that has numbered parts.
    Array,
    /// A text.
    Text,
    /// A number, a truth value or nothing.
    Plain,
}

impl Kind {
    /// Whether it has parts.
    pub fn is_branch(self) -> bool {
        matches!(self, Self::Object | Self::Array)
    }
}

/// One value and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// How many values it is inside of.
    pub depth: usize,
    /// Its name, or its number.
    pub key: String,
    /// What it is.
    pub kind: Kind,
    /// Its text, whole; a branch has none.
    pub text: String,
    /// Whether its parts are shown.
    pub open: bool,
    /// Whether it was opened because something in it is sought.
    revealed: bool,
    /// The place behind its last part.
    end: usize,
    /// The keys that lead to it.
    path: String,
}

/// A value as rows.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    nodes: Vec<Node>,
    /// The places of the nodes that are shown.
    shown: Vec<usize>,
    /// The chosen row.
    pub list: List,
    /// What is looked for, in small letters.
    sought: String,
    /// Values that were left out.
    pub left_out: usize,
}

impl Tree {
    /// The parts of a value; those that are at most so deep are open.
    pub fn new(value: &Value, open: usize) -> Self {
        let mut tree = Self::default();
        // Whatever a value is, it can be read.
        drop(Part::root(&mut tree, open).deserialize(value));
        tree.without_root()
    }

    /// The parts of a JSON document in its order, which is never held as a value; none where it is no JSON.
    pub fn read(document: &[u8], open: usize) -> Option<Self> {
        let mut tree = Self::default();
        let mut reader = serde_json::Deserializer::from_slice(document);
        Part::root(&mut tree, open).deserialize(&mut reader).ok()?;
        reader.end().ok()?;
        Some(tree.without_root())
    }

    /// Texts with their names.
    pub fn of_texts<'a>(texts: impl IntoIterator<Item = (&'a str, String)>) -> Self {
        let mut tree = Self::default();
        for (key, text) in texts {
            tree.push(Kind::Text, text, (key.to_owned(), 0, String::new()));
        }
        tree.show();
        tree
    }

    /// Adds the values of another behind its own.
    pub fn append(&mut self, other: Self) {
        let before = self.nodes.len();
        let shifted = other.nodes.into_iter().map(|node| Node {
            end: node.end + before,
            ..node
        });
        self.nodes.extend(shifted);
        self.left_out += other.left_out;
        self.show();
    }

    /// Whether a value has this name, on the first level.
    pub fn has(&self, key: &str) -> bool {
        let mut nodes = self.nodes.iter();
        nodes.any(|node| node.depth == 0 && node.key == key)
    }

    /// Adds a value with its key, its depth and its path; returns its place.
    fn push(&mut self, kind: Kind, text: String, of: (String, usize, String)) -> usize {
        let place = self.nodes.len();
        let (key, depth, path) = of;
        self.nodes.push(Node {
            depth,
            key,
            kind,
            text,
            open: false,
            revealed: false,
            end: place + 1,
            path,
        });
        place
    }

    /// What has parts is seen by them: a row of its own stands only for what has none.
    fn without_root(mut self) -> Self {
        if self.nodes.len() > 1 {
            self.nodes.remove(0);
            for node in &mut self.nodes {
                node.depth -= 1;
                node.end -= 1;
            }
        }
        self.show();
        self
    }

    fn is_full(&self) -> bool {
        self.nodes.len() > MOST
    }

    /// Takes over what is folded, chosen and sought in an older value of the same kind.
    pub fn resume(&mut self, older: &Self) {
        let branches = older.nodes.iter().filter(|node| node.kind.is_branch());
        let was_open: HashMap<_, _> = branches
            .map(|node| (node.path.as_str(), node.open))
            .collect();
        for node in &mut self.nodes {
            if node.kind.is_branch() {
                let open = was_open.get(node.path.as_str()).copied();
                node.open = open.unwrap_or(node.open);
            }
        }
        self.sought.clone_from(&older.sought);
        self.list = older.list;
        self.show();
    }

    fn show(&mut self) {
        self.shown.clear();
        let mut place = 0;
        while let Some(node) = self.nodes.get(place) {
            self.shown.push(place);
            let is_folded = node.kind.is_branch() && !node.open;
            place = if is_folded { node.end } else { place + 1 };
        }
        self.list.selected = self.list.selected.min(self.rows().saturating_sub(1));
    }

    /// Rows there are.
    pub fn rows(&self) -> usize {
        self.shown.len()
    }

    /// The nodes that are shown, with whether each is found, from a row on.
    pub fn from(&self, row: usize) -> impl Iterator<Item = (usize, &Node, bool)> {
        let rows = self.shown.iter().enumerate().skip(row);
        rows.filter_map(|(row, place)| {
            let node = self.nodes.get(*place)?;
            Some((row, node, self.finds(node)))
        })
    }

    /// The beginning of what stands in a row, as JSON.
    pub fn preview(&self, row: usize) -> String {
        self.in_json(row, PREVIEW)
    }

    /// What stands in a row, as JSON.
    pub fn written(&self, row: usize) -> String {
        self.in_json(row, usize::MAX)
    }

    fn in_json(&self, row: usize, most: usize) -> String {
        let mut text = String::new();
        if let Some(place) = self.shown.get(row) {
            self.write(*place, &mut text, most);
        }
        text
    }

    /// The chosen value as it can be taken along: a text as it is, what has parts as JSON.
    pub fn value(&self) -> Option<String> {
        let node = self.current()?;
        Some(if node.kind.is_branch() {
            self.written(self.list.selected)
        } else {
            node.text.clone()
        })
    }

    /// All of it as JSON, a line for each value of the first level.
    pub fn values(&self) -> String {
        let mut text = String::new();
        let mut place = 0;
        while let Some(node) = self.nodes.get(place) {
            text += &node.key;
            text += if node.key.is_empty() { "" } else { ": " };
            self.write(place, &mut text, usize::MAX);
            text.push('\n');
            place = node.end;
        }
        text
    }

    /// Writes a value as JSON, until the text has about so many bytes.
    fn write(&self, place: usize, text: &mut String, most: usize) {
        let Some(node) = self.nodes.get(place) else {
            return;
        };
        let (opening, closing) = match node.kind {
            Kind::Object => ('{', '}'),
            Kind::Array => ('[', ']'),
            Kind::Text => return write_text(&node.text, text, most),
            Kind::Plain => return text.push_str(&node.text),
        };
        text.push(opening);
        let mut part = place + 1;
        while part < node.end && text.len() < most {
            let Some(node_of_part) = self.nodes.get(part) else {
                break;
            };
            if part > place + 1 {
                text.push(',');
            }
            if node.kind == Kind::Object {
                write_text(&node_of_part.key, text, most);
                text.push(':');
            }
            self.write(part, text, most);
            part = node_of_part.end;
        }
        if self.left_out > 0 && node.end == self.nodes.len() {
            text.push('…');
        }
        text.push(closing);
    }

    fn finds(&self, node: &Node) -> bool {
        let has = |text: &str| text.to_lowercase().contains(&self.sought);
        !self.sought.is_empty() && (has(&node.key) || (!node.kind.is_branch() && has(&node.text)))
    }

    /// The chosen value.
    pub fn current(&self) -> Option<&Node> {
        self.nodes.get(*self.shown.get(self.list.selected)?)
    }

    /// Takes a step through the rows.
    pub fn step(&mut self, step: Step, height: usize) {
        self.list.step(step, self.shown.len(), height);
    }

    /// Folds the chosen row, or opens it; on a value that has no parts, what it is a part of is folded.
    pub fn fold(&mut self) {
        let Some(place) = self.shown.get(self.list.selected).copied() else {
            return;
        };
        let Some(place) = self.branch(place) else {
            return;
        };
        if let Some(node) = self.nodes.get_mut(place) {
            node.open = !node.open;
            node.revealed = false;
        }
        self.show();
        self.select(place);
    }

    /// The node itself where it has parts, else the one above it.
    fn branch(&self, place: usize) -> Option<usize> {
        let node = self.nodes.get(place)?;
        if node.kind.is_branch() {
            return Some(place);
        }
        let above = self.nodes.iter().take(place).enumerate().rev();
        let mut above = above.filter(|(_, other)| other.depth < node.depth);
        above.next().map(|(place, _)| place)
    }

    /// Folds everything; opens everything, when all is folded.
    pub fn fold_all(&mut self) {
        let chosen = self.shown.get(self.list.selected).copied();
        let open = !self.nodes.iter().any(|node| node.open);
        for node in &mut self.nodes {
            node.open = open && node.kind.is_branch();
        }
        self.show();
        self.select(chosen.unwrap_or(0));
    }

    /// Chooses a node, or the folded one that it is in.
    fn select(&mut self, place: usize) {
        let row = self.shown.partition_point(|shown| *shown <= place);
        self.list.selected = row.saturating_sub(1);
    }

    /// What is looked for.
    pub fn sought(&self) -> &str {
        &self.sought
    }

    /// Looks for a text in names and values: what holds it is opened, and the first from the chosen row on is chosen.
    pub fn seek(&mut self, text: &str) {
        self.sought = text.to_lowercase();
        let chosen = self.shown.get(self.list.selected).copied().unwrap_or(0);
        // What a shorter text had opened is folded again.
        for node in self.nodes.iter_mut().filter(|node| node.revealed) {
            (node.open, node.revealed) = (false, false);
        }
        self.show();
        self.select(chosen);
        let found = self.found();
        if found.is_empty() {
            return;
        }
        self.reveal(&found);
        let next = found.range(chosen..).next().or_else(|| found.first());
        self.select(next.copied().unwrap_or(chosen));
    }

    /// The places of all that is found.
    fn found(&self) -> BTreeSet<usize> {
        let nodes = self.nodes.iter().enumerate();
        nodes
            .filter(|(_, node)| self.finds(node))
            .map(|(place, _)| place)
            .collect()
    }

    /// How many values are found.
    pub fn matches(&self) -> usize {
        self.nodes.iter().filter(|node| self.finds(node)).count()
    }

    /// Opens whatever holds one of these places.
    fn reveal(&mut self, found: &BTreeSet<usize>) {
        for (place, node) in self.nodes.iter_mut().enumerate() {
            let holds = found.range(place + 1..node.end).next().is_some();
            node.revealed |= holds && !node.open;
            node.open |= holds;
        }
        self.show();
    }

    /// Goes to the next value that is found, or to the one before; around the end.
    pub fn step_to_match(&mut self, forward: bool) {
        let found = self.found();
        self.reveal(&found);
        let chosen = self.shown.get(self.list.selected).copied().unwrap_or(0);
        let next = if forward {
            found.range(chosen + 1..).next().or_else(|| found.first())
        } else {
            found.range(..chosen).next_back().or_else(|| found.last())
        };
        if let Some(place) = next {
            self.select(*place);
        }
    }
}

/// Writes a text in quotation marks, as far as that makes sense.
fn write_text(text: &str, out: &mut String, most: usize) {
    let end = text.floor_char_boundary(most.saturating_sub(out.len()));
    let part = text.get(..end).unwrap_or_default();
    *out += &Value::from(part).to_string();
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn rows(tree: &Tree) -> Vec<String> {
        let rows = tree.from(0);
        rows.map(|(_, node, _)| format!("{}{}", " ".repeat(node.depth), node.key))
            .collect()
    }

    fn sample() -> Tree {
        let value = json!({"rates": [{"day": "2021-01-31", "price": 1.5}, {"day": "2021-01-30", "price": null}], "n": 2});
        Tree::new(&value, 1)
    }

    #[test]
    fn parts_are_folded_and_opened_where_the_reader_is() {
        let mut tree = sample();
        assert_eq!(rows(&tree), ["n", "rates", " 0", " 1"]);
        tree.list.selected = 2;
        tree.fold();
        assert_eq!(rows(&tree), ["n", "rates", " 0", "  day", "  price", " 1"]);
        tree.list.selected = 4;
        tree.fold();
        assert_eq!(
            (rows(&tree).len(), tree.list.selected),
            (4, 2),
            "a part folds what it is in"
        );
        tree.fold_all();
        assert_eq!(
            (rows(&tree), tree.list.selected),
            (vec!["n".to_owned(), "rates".to_owned()], 1)
        );
        tree.fold_all();
        assert_eq!(rows(&tree).len(), 8);
    }

    #[test]
    fn what_is_sought_is_opened_and_walked_around_the_end() {
        let mut tree = sample();
        tree.seek("PRICE");
        assert_eq!(
            (tree.matches(), tree.current().unwrap().text.as_str()),
            (2, "1.5")
        );
        tree.step_to_match(true);
        assert_eq!(tree.current().unwrap().text, "null");
        tree.step_to_match(true);
        assert_eq!(tree.current().unwrap().text, "1.5");
        tree.step_to_match(false);
        assert_eq!(tree.current().unwrap().text, "null");
        // What was opened to be seen is folded again.
        tree.seek("nowhere");
        assert_eq!((tree.matches(), rows(&tree).len()), (0, 4));
    }

    #[test]
    fn a_new_answer_keeps_what_was_folded() {
        let mut tree = sample();
        tree.list.selected = 1;
        tree.fold();
        let mut next = sample();
        next.resume(&tree);
        assert_eq!(rows(&next), ["n", "rates"]);
        assert_eq!(next.list.selected, 1);
    }

    #[test]
    fn a_document_is_read_in_its_order_and_written_as_it_was() {
        let text = r#"{"z":[1,2.0,-3,null,true,{"a":"x\"y","empty":[]}],"b":{}}"#;
        let mut tree = Tree::read(text.as_bytes(), 0).unwrap();
        assert_eq!(rows(&tree), ["z", "b"]);
        let first = r#"[1,2.0,-3,null,true,{"a":"x\"y","empty":[]}]"#;
        assert_eq!(
            (tree.preview(0).as_str(), tree.value().unwrap().as_str()),
            (first, first)
        );
        assert_eq!(tree.values(), format!("z: {first}\nb: {{}}\n"));
        tree.append(Tree::of_texts([("more", "a\nb".to_owned())]));
        tree.list.selected = 2;
        assert_eq!(tree.value().unwrap(), "a\nb");
        for broken in ["{", "1 2", "", "[1,"] {
            assert!(Tree::read(broken.as_bytes(), 0).is_none(), "{broken}");
        }
    }

    #[test]
    fn a_long_text_is_kept_whole_and_its_preview_is_short() {
        let long = "ä".repeat(5000);
        let tree = Tree::new(&json!({"a": {"b": long}}), 0);
        assert!(tree.preview(0).len() < 500);
        assert!(tree.value().unwrap().contains(&long));
    }

    #[test]
    fn a_value_without_parts_and_one_with_too_many_are_shown_as_far_as_they_go() {
        assert_eq!(Tree::new(&json!(7), 1).rows(), 1);
        let many: Vec<u32> = (0..25_000).collect();
        let tree = Tree::new(&json!(many), 1);
        assert_eq!((tree.rows(), tree.left_out), (MOST, 5000));
    }

    proptest! {
        #[test]
        fn the_chosen_row_exists_whatever_is_done(steps in prop::collection::vec((0u8..7, 0usize..9), 1..40)) {
            let mut tree = sample();
            for (what, number) in steps {
                match what {
                    0 => tree.fold(),
                    1 => tree.fold_all(),
                    2 => tree.seek(["", "1", "day", "x"][number % 4]),
                    3 => tree.step_to_match(number % 2 == 0),
                    4 => tree.step(Step::Rows(3), number),
                    5 => tree.step(Step::Pages(-1), number),
                    _ => { let mut next = sample(); next.resume(&tree); tree = next; }
                }
                prop_assert!(tree.current().is_some());
            }
        }
    }
}
