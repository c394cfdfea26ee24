//! The encoding a dump says it is written in.

/// How the bytes of a dump are to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, which is checked while reading.
    Utf8,
    /// One that PostgreSQL converts; every byte below 128 means what it means in ASCII. The name is the dump's.
    Server(String),
}

/// Encodings in which a quote or a backslash may be half a character, so that statements cannot be told apart.
const UNSAFE: [&str; 8] = [
    "big5",
    "gb18030",
    "gbk",
    "johab",
    "shiftjis",
    "sjis",
    "shiftjis2004",
    "uhc",
];

impl Encoding {
    /// The encoding PostgreSQL knows by this name, or none where it cannot be read.
    pub fn named(name: &str) -> Option<Self> {
        let letters = name.chars().filter(char::is_ascii_alphanumeric);
        let plain: String = letters.map(|c| c.to_ascii_lowercase()).collect();
        match plain.as_str() {
            // A database in SQL_ASCII does not know its own encoding; ours is UTF-8, so that the bytes have to be.
            "utf8" | "unicode" | "sqlascii" | "default" => Some(Self::Utf8),
            code if UNSAFE.contains(&code) => None,
            _ => Some(Self::Server(name.to_owned())),
        }
    }
}
