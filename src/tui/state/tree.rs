//! A JSON value as rows that can be folded and searched.

use std::collections::BTreeSet;
use std::collections::HashMap;

use serde_json::Value;

use super::list::List;
use super::list::Step;

/// Nodes of a value at most; what comes after them is counted.
const MOST: usize = 20_000;
/// Characters of a text, or of the preview of a folded part, that are kept.
const LONGEST: usize = 400;

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Something that has parts, named or numbered.
    Branch,
    /// A text.
    Text,
    /// A number, a truth value or nothing.
    Plain,
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
    /// Its text; of a branch, its beginning as JSON.
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
        let parts = parts(value);
        if parts.is_empty() {
            tree.add(String::new(), value, (0, ""), open);
        }
        for (key, part) in parts {
            tree.add(key, part, (0, ""), open);
        }
        tree.show();
        tree
    }

    fn add(&mut self, key: String, value: &Value, (depth, above): (usize, &str), open: usize) {
        if self.nodes.len() >= MOST {
            self.left_out += 1;
            return;
        }
        let place = self.nodes.len();
        let path = format!("{above}/{key}");
        let (kind, text) = match value {
            Value::Object(_) | Value::Array(_) => (Kind::Branch, value.to_string()),
            Value::String(text) => (Kind::Text, text.clone()),
            plain => (Kind::Plain, plain.to_string()),
        };
        self.nodes.push(Node {
            depth,
            key,
            kind,
            text: shortened(text),
            open: kind == Kind::Branch && depth < open,
            revealed: false,
            end: place + 1,
            path: path.clone(),
        });
        for (key, part) in parts(value) {
            self.add(key, part, (depth + 1, &path), open);
        }
        let end = self.nodes.len();
        if let Some(node) = self.nodes.get_mut(place) {
            node.end = end;
        }
    }

    /// Takes over what is folded, chosen and sought in an older value of the same kind.
    pub fn resume(&mut self, older: &Self) {
        let branches = older.nodes.iter().filter(|node| node.kind == Kind::Branch);
        let was_open: HashMap<_, _> = branches
            .map(|node| (node.path.as_str(), node.open))
            .collect();
        for node in &mut self.nodes {
            if node.kind == Kind::Branch {
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
            let is_folded = node.kind == Kind::Branch && !node.open;
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

    fn finds(&self, node: &Node) -> bool {
        let has = |text: &str| text.to_lowercase().contains(&self.sought);
        !self.sought.is_empty()
            && (has(&node.key) || (node.kind != Kind::Branch && has(&node.text)))
    }

    /// The chosen value.
    #[cfg(test)]
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
        if node.kind == Kind::Branch {
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
            node.open = open && node.kind == Kind::Branch;
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

fn parts(value: &Value) -> Vec<(String, &Value)> {
    match value {
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (key.clone(), value))
            .collect(),
        Value::Array(all) => {
            let numbered = all.iter().enumerate();
            numbered
                .map(|(place, value)| (place.to_string(), value))
                .collect()
        }
        _ => Vec::new(),
    }
}

fn shortened(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(end);
        text.push('…');
    }
    text
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
