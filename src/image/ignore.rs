//! What a `.dockerignore` leaves out, by the rules of Docker's own builders, surprises included.
//!
//! The last pattern that matches decides. A pattern that matches a folder holds for what is in it, unless an exception
//! (`!`) brings that back; and a folder that is left out is not even looked into, unless an exception begins with its name.

use regex::Regex;

/// A pattern that cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no pattern")]
pub struct BadPattern(pub String);

/// The patterns of one file, in their order.
#[derive(Debug, Default)]
pub struct Ignore {
    patterns: Vec<Pattern>,
}

#[derive(Debug)]
struct Pattern {
    text: String,
    is_exception: bool,
    shape: Shape,
}

/// How a pattern is compared with a path.
#[derive(Debug)]
enum Shape {
    Exact,
    /// `text**`.
    Begins,
    /// `**text`.
    Ends,
    Like(Regex),
}

/// Which patterns matched a folder, and so hold for what is in it.
#[derive(Debug, Clone)]
pub struct Matched(Vec<bool>);

impl Ignore {
    /// Reads the text of a `.dockerignore`.
    pub fn read(text: &[u8]) -> Result<Self, BadPattern> {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let text = String::from_utf8_lossy(text);
        let mut ignore = Self::default();
        for line in text.lines().filter_map(pattern_of_line) {
            ignore.patterns.extend(Pattern::new(&line)?);
        }
        Ok(ignore)
    }

    /// Leaves this path in, whatever was said before.
    pub fn keep(&mut self, path: &str) -> Result<(), BadPattern> {
        self.patterns.extend(Pattern::new(&format!("!{path}"))?);
        Ok(())
    }

    /// Whether a path is left out, and what that means for what is in it. `parent` is what was said of its folder; the
    /// folder that holds everything has none.
    pub fn leaves_out(&self, path: &str, parent: Option<&Matched>) -> (bool, Matched) {
        let mut is_out = false;
        let mut matched = Vec::with_capacity(self.patterns.len());
        for (index, pattern) in self.patterns.iter().enumerate() {
            let inherited = parent.and_then(|parent| parent.0.get(index).copied());
            let applies = match inherited {
                Some(true) => true,
                // A pattern that would change nothing is not asked, and is not remembered either.
                _ if pattern.is_exception != is_out => false,
                Some(false) => pattern.matches(path),
                None => ancestry(path).any(|path| pattern.matches(path)),
            };
            if applies {
                is_out = !pattern.is_exception;
            }
            matched.push(applies);
        }
        (is_out, Matched(matched))
    }

    /// Whether a single path is left out.
    pub fn leaves_out_alone(&self, path: &str) -> bool {
        self.leaves_out(path, None).0
    }

    /// Whether nothing of a folder that is left out can come back.
    pub fn ends_at(&self, folder: &str) -> bool {
        let folder = format!("{folder}/");
        let mut exceptions = self.patterns.iter().filter(|pattern| pattern.is_exception);
        !exceptions.any(|pattern| format!("{}/", pattern.text).starts_with(&folder))
    }
}

/// A path and the folders it is in.
fn ancestry(path: &str) -> impl Iterator<Item = &str> {
    let folders = path.match_indices('/');
    let folders = folders.filter_map(|(end, _)| path.get(..end));
    std::iter::once(path).chain(folders)
}

/// What a line says, with `!` kept; comments and empty lines say nothing.
fn pattern_of_line(line: &str) -> Option<String> {
    let text = Some(line).filter(|line| !line.starts_with('#'))?.trim();
    let (sign, text) = match text.strip_prefix('!') {
        Some(text) => ("!", text.trim()),
        None => ("", text),
    };
    if text.is_empty() {
        return (!sign.is_empty()).then(|| sign.to_owned());
    }
    let text = clean(text);
    let relative = text.strip_prefix('/').filter(|text| !text.is_empty());
    Some(format!("{sign}{}", relative.unwrap_or(&text)))
}

/// A path with slashes, without empty parts, `.` and what `..` takes back.
fn clean(path: &str) -> String {
    let is_absolute = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
    {
        match (part, parts.last()) {
            ("..", Some(&last)) if last != ".." => drop(parts.pop()),
            ("..", None) if is_absolute => {}
            _ => parts.push(part),
        }
    }
    let path = parts.join("/");
    match (is_absolute, path.is_empty()) {
        (true, _) => format!("/{path}"),
        (false, true) => ".".to_owned(),
        (false, false) => path,
    }
}

impl Pattern {
    /// None where the text says nothing.
    fn new(text: &str) -> Result<Option<Self>, BadPattern> {
        let bad = || BadPattern(text.to_owned());
        let cleaned = clean(text.trim());
        let (is_exception, pattern) = match cleaned.strip_prefix('!') {
            Some("") => return Err(bad()),
            Some(pattern) => (true, pattern),
            None => (false, cleaned.as_str()),
        };
        if text.trim().is_empty() {
            return Ok(None);
        }
        if !is_well_formed(pattern) {
            return Err(bad());
        }
        Ok(Some(Self {
            text: pattern.to_owned(),
            is_exception,
            shape: shape(pattern).ok_or_else(bad)?,
        }))
    }

    fn matches(&self, path: &str) -> bool {
        let text = self.text.as_str();
        match &self.shape {
            Shape::Exact => path == text,
            Shape::Begins => path.starts_with(text.strip_suffix("**").unwrap_or(text)),
            Shape::Ends => {
                let end = text.strip_prefix("**").unwrap_or(text);
                path.ends_with(end) || end.strip_prefix('/') == Some(path)
            }
            Shape::Like(regex) => regex.is_match(path),
        }
    }
}

/// Whether classes are closed and not empty, and escapes escape something.
fn is_well_formed(pattern: &str) -> bool {
    let mut rest = pattern.chars();
    while let Some(c) = rest.next() {
        let is_sound = match c {
            '\\' => rest.next().is_some(),
            '[' => skip_class(&mut rest).is_some(),
            _ => true,
        };
        if !is_sound {
            return false;
        }
    }
    true
}

/// Goes behind the end of a class; none where it is not well formed.
fn skip_class(rest: &mut std::str::Chars<'_>) -> Option<()> {
    if rest.as_str().starts_with('^') {
        rest.next();
    }
    let mut is_empty = true;
    loop {
        if rest.as_str().starts_with(']') && !is_empty {
            rest.next();
            return Some(());
        }
        skip_member(rest)?;
        if rest.as_str().starts_with('-') {
            rest.next();
            skip_member(rest)?;
        }
        is_empty = false;
    }
}

/// One character of a class, which must not be its last thing.
fn skip_member(rest: &mut std::str::Chars<'_>) -> Option<()> {
    match rest.next()? {
        '-' | ']' => return None,
        '\\' => drop(rest.next()?),
        _ => {}
    }
    (!rest.as_str().is_empty()).then_some(())
}

/// How a pattern is compared; none where it means nothing.
fn shape(pattern: &str) -> Option<Shape> {
    let mut regex = String::from("^");
    let mut shape = Simple::Exact;
    let mut rest = pattern.chars().peekable();
    let mut is_first = true;
    let mut in_class = false;
    while let Some(c) = rest.next() {
        match c {
            '*' if rest.next_if_eq(&'*').is_some() => {
                rest.next_if_eq(&'/');
                let is_last = rest.peek().is_none();
                regex.push_str(if is_last { ".*" } else { "(.*/)?" });
                shape = match (is_first, is_last, shape) {
                    (true, ..) => Simple::Ends,
                    (false, true, Simple::Exact) => Simple::Begins,
                    _ => Simple::None,
                };
            }
            '*' | '?' => {
                regex.push_str(if c == '*' { "[^/]*" } else { "[^/]" });
                shape = Simple::None;
            }
            '\\' => {
                regex.push('\\');
                if let Some(escaped) = rest.next() {
                    regex.push(escaped);
                    shape = Simple::None;
                }
            }
            '[' | ']' => {
                // Sets inside of classes are not known to Docker.
                if c == '[' && in_class {
                    regex.push('\\');
                }
                in_class = c == '[';
                regex.push(c);
                shape = Simple::None;
            }
            '&' | '~' if in_class => regex.extend(['\\', c]),
            '.' | '+' | '(' | ')' | '|' | '{' | '}' | '$' => regex.extend(['\\', c]),
            _ => regex.push(c),
        }
        is_first = false;
    }
    regex.push('$');
    Some(match shape {
        Simple::Exact => Shape::Exact,
        Simple::Begins => Shape::Begins,
        Simple::Ends => Shape::Ends,
        Simple::None => Shape::Like(Regex::new(&regex).ok()?),
    })
}

/// A shape for which no expression is needed, as far as a pattern was read.
#[derive(Clone, Copy)]
enum Simple {
    Exact,
    Begins,
    Ends,
    None,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Whether `path` is left out by these lines.
    fn is_out(lines: &[&str], path: &str) -> bool {
        let ignore = Ignore::read(lines.join("\n").as_bytes()).unwrap();
        ignore.leaves_out_alone(path)
    }

    #[test]
    fn single_patterns_match_as_in_docker() {
        #[rustfmt::skip]
        let cases = [
            ("a", "a", true), ("a", "b", false), ("a", "a/b", true), ("a", "b/a", false),
            ("/a", "a", true), ("./a/", "a", true), ("b/../a", "a", true), ("../a", "a", false),
            ("*", "a/b", true), ("*/b", "a/b", true), ("*/b", "b", false), ("*.md", "a.md", true),
            ("*.md", "x/a.md", false), ("**/*.md", "x/y/a.md", true), ("**/*.md", "a.md", true),
            ("**", "a/b", true), ("a/**", "a/b/c", true), ("a/**", "a", false), ("a/**/b", "a/b", true),
            ("a/**/b", "a/x/y/b", true), ("a**", "ab/c", true), ("**b", "ab", true), ("**/b", "ab", false),
            ("**/b", "x/b", true), ("**/b", "b", true), ("**/b", "x/b/c", true), ("a?", "ab", true), ("a?", "a/", false),
            ("a[bc]", "ac", true), ("a[!b]", "a!", true), ("a[^b]", "ac", true), ("a[^b]", "ab", false),
            ("[a-c]x", "bx", true), ("a.b", "axb", false), ("a+(b)", "a+(b)", true), (r"a\*", "a*", true),
            (r"a\*", "ab", false), ("a b", "a b", true), ("  a  ", "a", true), (" # a", "# a", true), ("$a{1}", "$a{1}", true),
        ];
        for (pattern, path, out) in cases {
            assert_eq!(is_out(&[pattern], path), out, "{pattern} {path}");
        }
    }

    #[test]
    fn the_last_pattern_that_matches_decides() {
        #[rustfmt::skip]
        let cases: [(&[&str], &str, bool); 10] = [
            (&["*.md", "!README.md"], "README.md", false),
            (&["!README.md", "*.md"], "README.md", true),
            (&["*", "!src"], "src/a", false),
            (&["*", "!src", "src/secret"], "src/secret/a", true),
            (&["*", "! src "], "src", false),
            (&["# *", "", "\t"], "a", false),
            (&["a", "!a/b"], "a/b", false),
            (&["a", "!a/b"], "a/c", true),
            (&["**", "!**/*.py"], "x/y.py", false),
            (&["\u{feff}a"], "a", true),
        ];
        for (lines, path, out) in cases {
            assert_eq!(is_out(lines, path), out, "{lines:?} {path}");
        }
    }

    #[test]
    fn a_pattern_that_makes_no_sense_is_named() {
        for pattern in [
            "!", "!/", "[", "a[", "a[]", "[]a]", "[-x]", "[x-]", "[a", r"a\", "[^]",
        ] {
            let refused = Ignore::read(pattern.as_bytes()).unwrap_err();
            assert!(!refused.0.is_empty(), "{pattern}");
        }
    }

    #[test]
    fn a_folder_that_is_left_out_is_looked_into_only_for_an_exception_below_it() {
        let ends = |lines: &str, folder| Ignore::read(lines.as_bytes()).unwrap().ends_at(folder);
        assert!(ends("a", "a"));
        assert!(!ends("a\n!a/b", "a"));
        assert!(!ends("a\n!a/b", "a/b"));
        assert!(ends("a\n!ab", "a"));
        assert!(
            ends("*\n!**/x", "a"),
            "as in Docker: an exception that begins with a star opens no folder"
        );
    }

    #[test]
    fn a_folder_that_matched_holds_for_what_is_in_it() {
        let ignore = Ignore::read(b"d\n!d/x\nd").unwrap();
        let (folder, matched) = ignore.leaves_out("d", None);
        assert!(folder);
        // The third line changed nothing for the folder, so it is not remembered for what is in it.
        assert!(!ignore.leaves_out("d/x", Some(&matched)).0);
        assert!(ignore.leaves_out("d/y", Some(&matched)).0);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in prop::collection::vec(any::<u8>(), 0..60), path in "[a-z/.*]{1,12}") {
            if let Ok(ignore) = Ignore::read(&text) {
                ignore.leaves_out_alone(&path);
                ignore.ends_at(&path);
            }
        }
    }
}
