//! Tells by its first bytes what a file is that is not SQL text.

use std::path::Path;
use std::path::PathBuf;

/// Bytes of a file's beginning that are enough to know it.
pub const ENOUGH: usize = 512;

/// A kind of file that cannot be read as SQL text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `pg_dump --format=custom`.
    Custom,
    /// `pg_dump --format=tar`, or any tar.
    Tar,
    /// `pg_dump --format=directory`, or any directory.
    Directory,
    /// Compressed by gzip.
    Gzip,
    /// Compressed by zstd.
    Zstd,
    /// Compressed by bzip2.
    Bzip2,
    /// Compressed by xz.
    Xz,
    /// Compressed by LZ4.
    Lz4,
    /// A zip archive.
    Zip,
    /// Something with NUL bytes in it.
    Other,
}

impl Format {
    /// Recognises a format that is not SQL text by the first bytes of a file.
    pub fn of(head: &[u8]) -> Option<Self> {
        const MAGIC: [(&[u8], Format); 7] = [
            (b"PGDMP", Format::Custom),
            (&[0x1f, 0x8b], Format::Gzip),
            (&[0x28, 0xb5, 0x2f, 0xfd], Format::Zstd),
            (b"BZh", Format::Bzip2),
            (&[0xfd, b'7', b'z', b'X', b'Z', 0], Format::Xz),
            (&[0x04, 0x22, 0x4d, 0x18], Format::Lz4),
            (b"PK\x03\x04", Format::Zip),
        ];
        if head.get(257..262) == Some(b"ustar") {
            return Some(Self::Tar);
        }
        let known = MAGIC.iter().find(|(magic, _)| head.starts_with(magic));
        known.map(|&(_, format)| format)
    }

    /// What it is, as a noun with its article.
    pub fn name(self) -> &'static str {
        match self {
            Self::Custom => "an archive of pg_dump (custom format)",
            Self::Tar => "a tar archive",
            Self::Directory => "a directory",
            Self::Gzip => "compressed by gzip",
            Self::Zstd => "compressed by zstd",
            Self::Bzip2 => "compressed by bzip2",
            Self::Xz => "compressed by xz",
            Self::Lz4 => "compressed by lz4",
            Self::Zip => "a zip archive",
            Self::Other => "binary",
        }
    }

    /// The command that makes SQL text of it.
    pub fn cure(self, file: &Path) -> String {
        let sql = unpacked(file);
        let (file, sql) = (quoted(file), quoted(&sql));
        match self {
            Self::Custom | Self::Tar | Self::Directory => {
                format!("make SQL text of it: pg_restore --no-owner --file={sql} {file}")
            }
            Self::Gzip => format!("unpack it first: gunzip --stdout {file} > {sql}"),
            Self::Zstd => format!("unpack it first: zstd --decompress --stdout {file} > {sql}"),
            Self::Bzip2 => format!("unpack it first: bunzip2 --stdout {file} > {sql}"),
            Self::Xz => format!("unpack it first: unxz --stdout {file} > {sql}"),
            Self::Lz4 => format!("unpack it first: lz4 -dc {file} > {sql}"),
            Self::Zip => format!("unpack it first: unzip -p {file} > {sql}"),
            Self::Other => {
                "make the dump with pg_dump --format=plain --no-owner --file=rates.sql DATABASE"
                    .to_owned()
            }
        }
    }
}

/// `rates.sql` for `rates.sql.gz` and for `rates.dump`; never the file itself.
fn unpacked(file: &Path) -> PathBuf {
    let stem = file.with_extension("");
    if stem.extension().is_some_and(|ending| ending == "sql") {
        return stem;
    }
    match file.extension() {
        Some(ending) if ending == "sql" => file.with_extension("plain.sql"),
        _ => file.with_extension("sql"),
    }
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let safe = |c: char| c.is_alphanumeric() || "/._-+".contains(c);
    if text.chars().all(safe) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cure_can_be_pasted_into_a_shell() {
        let cure = |format: Format, file: &str| format.cure(Path::new(file));
        assert_eq!(
            cure(Format::Gzip, "db/rates.sql.gz"),
            "unpack it first: gunzip --stdout db/rates.sql.gz > db/rates.sql"
        );
        assert_eq!(
            cure(Format::Custom, "my rates.dump"),
            "make SQL text of it: pg_restore --no-owner --file='my rates.sql' 'my rates.dump'"
        );
        assert_eq!(
            cure(Format::Custom, "rates.sql"),
            "make SQL text of it: pg_restore --no-owner --file=rates.plain.sql rates.sql"
        );
    }
}
