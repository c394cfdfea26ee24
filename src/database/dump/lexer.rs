//! Finds where a statement ends, one byte at a time, where psql would find it.
//!
//! It knows just enough SQL for that: quotes, comments, parentheses, and bodies between `BEGIN ATOMIC` and `END`.

/// What one more byte means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing that was read since the last statement belongs to the next one.
    Blank,
    /// A line comment between statements has ended; [`Lexer::comment`] has its text.
    Comment,
    /// The byte belongs to a statement.
    Inside,
    /// The byte is the semicolon that ends a statement.
    End,
    /// The byte is the backslash of a psql command.
    Command,
}

/// What is still open where the input ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// What it is, as a noun with its article.
    pub what: String,
    /// The line it began on.
    pub since: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Plain,
    Word,
    /// One `-`, perhaps of a comment.
    Dash,
    /// One `/`, perhaps of a comment.
    Slash,
    LineComment,
    BlockComment {
        depth: u32,
        last: u8,
    },
    Text {
        escapes: bool,
    },
    /// After the backslash of a text with escapes.
    Escaped,
    /// After the quote that ends a text with escapes, unless another quote shows that the text goes on:
    /// at once, or on a later line.
    AfterText(Gap),
    Name,
    /// In what may become a dollar quote.
    Tag,
    /// In a dollar quote, with so many bytes of its end matched.
    Dollar {
        matched: usize,
    },
}

/// What follows the quote of a text so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gap {
    Nothing,
    Spaces,
    Newline,
}

/// Words are compared with keywords only, so that the beginning of a longer one is enough.
const WORD: usize = 12;
/// Comments are compared with the two that `pg_dump` writes.
const COMMENT: usize = 64;

/// The state between two bytes.
#[derive(Debug)]
pub struct Lexer {
    state: State,
    /// Whether a backslash means something in plain quotes: `standard_conforming_strings = off`.
    pub backslash_quotes: bool,
    line: u64,
    column: u64,
    /// Line and column at which the statement began.
    begun: Option<(u64, u64)>,
    /// The line on which the quote or comment began.
    opened: u64,
    parens: u32,
    parens_since: u64,
    /// Depth inside `BEGIN ATOMIC … END`, where `CASE … END` counts too.
    body: u32,
    body_since: u64,
    word: Vec<u8>,
    previous: Vec<u8>,
    first: Vec<u8>,
    from_stdin: bool,
    tag: Vec<u8>,
    comment: Vec<u8>,
}

impl Lexer {
    /// At the beginning of a file.
    pub fn new() -> Self {
        Self {
            state: State::Plain,
            backslash_quotes: false,
            line: 1,
            column: 0,
            begun: None,
            opened: 0,
            parens: 0,
            parens_since: 0,
            body: 0,
            body_since: 0,
            word: Vec::new(),
            previous: Vec::new(),
            first: Vec::new(),
            from_stdin: false,
            tag: Vec::new(),
            comment: Vec::new(),
        }
    }

    /// The line of the next byte, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Bytes of the current line that were read.
    pub fn column(&self) -> u64 {
        self.column
    }

    /// Moves on over rows that are not SQL.
    pub fn skip(&mut self, lines: u64, column: u64) {
        self.line += lines;
        self.column = column;
    }

    /// Line and byte of the line at which the statement began.
    pub fn begun(&self) -> Option<(u64, u64)> {
        self.begun
    }

    /// Whether the statement is `COPY … FROM stdin`.
    pub fn is_copy(&self) -> bool {
        self.first == b"copy" && self.from_stdin
    }

    /// The text of the line comment that has just ended, cut after 64 bytes.
    pub fn comment(&self) -> &[u8] {
        self.comment.trim_ascii()
    }

    /// Forgets the statement that has ended.
    pub fn reset(&mut self) {
        self.state = State::Plain;
        self.begun = None;
        self.parens = 0;
        self.body = 0;
        self.from_stdin = false;
        for text in [&mut self.word, &mut self.previous, &mut self.first] {
            text.clear();
        }
    }

    /// What would be cut off if the input ended here.
    pub fn open(&self) -> Option<Open> {
        let (what, since) = match self.state {
            State::BlockComment { .. } => ("a comment (/*)".to_owned(), self.opened),
            State::Text { .. } | State::Escaped => ("a text in quotes".to_owned(), self.opened),
            State::Name => ("a name in double quotes".to_owned(), self.opened),
            State::Dollar { .. } => (self.dollar_quote(), self.opened),
            _ if self.body > 0 => ("a body (BEGIN ATOMIC)".to_owned(), self.body_since),
            _ if self.parens > 0 => ("a parenthesis".to_owned(), self.parens_since),
            State::Dash | State::Slash => ("a statement".to_owned(), self.line),
            _ => ("a statement".to_owned(), self.begun?.0),
        };
        Some(Open { what, since })
    }

    fn dollar_quote(&self) -> String {
        format!("a text in ${}$", String::from_utf8_lossy(&self.tag))
    }

    /// Takes the next byte.
    pub fn step(&mut self, byte: u8) -> Step {
        self.column += 1;
        let step = self.advance(byte);
        if byte == b'\n' {
            self.line += 1;
            self.column = 0;
        }
        step
    }

    fn advance(&mut self, byte: u8) -> Step {
        match self.state {
            State::Plain => self.plain(byte),
            State::Word => self.word(byte),
            State::Dash if byte == b'-' => self.enter_comment(State::LineComment),
            State::Slash if byte == b'*' => {
                self.enter_comment(State::BlockComment { depth: 1, last: 0 })
            }
            State::Dash | State::Slash => {
                self.begin(1);
                self.previous.clear();
                self.state = State::Plain;
                self.plain(byte)
            }
            State::LineComment => self.line_comment(byte),
            State::BlockComment { depth, last } => self.block_comment(byte, depth, last),
            State::Text { escapes } => self.text(byte, escapes),
            State::Escaped => self.turn(State::Text { escapes: true }),
            State::AfterText(gap) => self.after_text(byte, gap),
            State::Name if byte == b'"' => self.turn(State::Plain),
            State::Name => Step::Inside,
            State::Tag => self.tag(byte),
            State::Dollar { matched } => self.dollar(byte, matched),
        }
    }

    /// The statement has begun, `before` bytes before the current one.
    fn begin(&mut self, before: u64) {
        let (line, column) = (self.line, self.column);
        self.begun.get_or_insert((line, column - before));
    }

    fn turn(&mut self, state: State) -> Step {
        self.state = state;
        Step::Inside
    }

    fn plain(&mut self, byte: u8) -> Step {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c => self.blank_or_inside(),
            b'-' => self.turn(State::Dash),
            b'/' => self.turn(State::Slash),
            b'\\' => Step::Command,
            b';' if self.parens == 0 && self.body == 0 => Step::End,
            b'A'..=b'Z' | b'a'..=b'z' | b'_' | 0x80.. => {
                self.begin(0);
                self.word.clear();
                self.word.push(byte.to_ascii_lowercase());
                self.turn(State::Word)
            }
            _ => {
                self.begin(0);
                self.previous.clear();
                self.mark(byte)
            }
        }
    }

    /// What has a meaning of its own and is neither a word nor white space.
    fn mark(&mut self, byte: u8) -> Step {
        let escapes = self.backslash_quotes;
        match byte {
            b'\'' => self.enter_quote(State::Text { escapes }),
            b'"' => self.enter_quote(State::Name),
            b'$' => {
                self.tag.clear();
                self.enter_quote(State::Tag)
            }
            b'(' => {
                if self.parens == 0 {
                    self.parens_since = self.line;
                }
                self.parens += 1;
                Step::Inside
            }
            b')' => {
                self.parens = self.parens.saturating_sub(1);
                Step::Inside
            }
            _ => Step::Inside,
        }
    }

    fn enter_quote(&mut self, state: State) -> Step {
        self.opened = self.line;
        self.turn(state)
    }

    fn blank_or_inside(&self) -> Step {
        if self.begun.is_some() {
            Step::Inside
        } else {
            Step::Blank
        }
    }

    fn enter_comment(&mut self, state: State) -> Step {
        self.opened = self.line;
        self.comment.clear();
        self.state = state;
        self.blank_or_inside()
    }

    fn line_comment(&mut self, byte: u8) -> Step {
        if byte == b'\n' {
            self.state = State::Plain;
            return match self.begun {
                Some(_) => Step::Inside,
                None => Step::Comment,
            };
        }
        if self.comment.len() < COMMENT {
            self.comment.push(byte);
        }
        self.blank_or_inside()
    }

    /// Ends a line comment that the end of the file cuts off; whether there was one.
    pub fn ends_in_comment(&self) -> bool {
        self.state == State::LineComment && self.begun.is_none()
    }

    fn block_comment(&mut self, byte: u8, depth: u32, last: u8) -> Step {
        self.state = match (last, byte, depth) {
            (b'*', b'/', 1) => State::Plain,
            (b'*', b'/', _) => State::BlockComment {
                depth: depth - 1,
                last: 0,
            },
            (b'/', b'*', _) => State::BlockComment {
                depth: depth.saturating_add(1),
                last: 0,
            },
            _ => State::BlockComment { depth, last: byte },
        };
        self.blank_or_inside()
    }

    fn text(&mut self, byte: u8, escapes: bool) -> Step {
        match byte {
            b'\'' if escapes => self.turn(State::AfterText(Gap::Nothing)),
            b'\'' => self.turn(State::Plain),
            b'\\' if escapes => self.turn(State::Escaped),
            _ => Step::Inside,
        }
    }

    /// `''` and a quote on a later line go on with the same kind of text.
    fn after_text(&mut self, byte: u8, gap: Gap) -> Step {
        match (byte, gap) {
            (b'\'', Gap::Nothing | Gap::Newline) => self.turn(State::Text { escapes: true }),
            (b'\n', _) => self.turn(State::AfterText(Gap::Newline)),
            (b' ' | b'\t' | b'\r', Gap::Nothing) => self.turn(State::AfterText(Gap::Spaces)),
            (b' ' | b'\t' | b'\r', _) => Step::Inside,
            _ => {
                self.state = State::Plain;
                self.plain(byte)
            }
        }
    }

    fn tag(&mut self, byte: u8) -> Step {
        match byte {
            b'$' => self.turn(State::Dollar { matched: 0 }),
            b'A'..=b'Z' | b'a'..=b'z' | b'_' | 0x80.. => {
                self.tag.push(byte);
                Step::Inside
            }
            b'0'..=b'9' if !self.tag.is_empty() => {
                self.tag.push(byte);
                Step::Inside
            }
            _ => {
                self.state = State::Plain;
                self.plain(byte)
            }
        }
    }

    /// Matches `$tag$`; the tag itself has no dollar, so that a mismatch never looks back further than one byte.
    fn dollar(&mut self, byte: u8, matched: usize) -> Step {
        let wanted = match matched {
            0 => Some(&b'$'),
            _ => self.tag.get(matched - 1).or(Some(&b'$')),
        };
        let ends = matched == self.tag.len() + 1;
        self.state = match (wanted == Some(&byte), byte) {
            (true, _) if ends => State::Plain,
            (true, _) => State::Dollar {
                matched: matched + 1,
            },
            (false, b'$') => State::Dollar { matched: 1 },
            (false, _) => State::Dollar { matched: 0 },
        };
        Step::Inside
    }

    fn word(&mut self, byte: u8) -> Step {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'_' | b'0'..=b'9' | b'$' | 0x80.. => {
                if self.word.len() < WORD {
                    self.word.push(byte.to_ascii_lowercase());
                }
                Step::Inside
            }
            b'\'' if self.word == b"e" => {
                self.end_word();
                self.enter_quote(State::Text { escapes: true })
            }
            _ => {
                self.end_word();
                self.state = State::Plain;
                self.plain(byte)
            }
        }
    }

    fn end_word(&mut self) {
        match (self.previous.as_slice(), self.word.as_slice()) {
            (b"begin", b"atomic") if self.first == b"create" && self.body == 0 => {
                self.body = 1;
                self.body_since = self.line;
            }
            (_, b"case") if self.body > 0 => self.body += 1,
            (_, b"end") if self.body > 0 => self.body -= 1,
            (b"from", b"stdin") if self.parens == 0 => self.from_stdin = true,
            _ => {}
        }
        if self.first.is_empty() {
            self.first.clone_from(&self.word);
        }
        std::mem::swap(&mut self.previous, &mut self.word);
        self.word.clear();
    }
}
