//! Questions that were asked before, by whichever command, as they are typed behind `ratesdev query`.

use std::io;
use std::path::Path;
use std::path::PathBuf;

use crate::rates::Question;
use crate::remembered;

/// Where the file is; none where the user has no folder for such files.
pub fn file() -> Option<PathBuf> {
    remembered::file("questions")
}

/// The questions, newest first. A file that cannot be read has none.
pub fn read(file: &Path) -> Vec<Question> {
    let lines = remembered::read(file);
    lines.iter().filter_map(|line| question(line)).collect()
}

/// Remembers a question as the newest; one that was asked before moves there.
pub fn remember(file: &Path, asked: &Question) -> io::Result<()> {
    remembered::remember(file, &line(asked))
}

/// As it is typed behind `ratesdev query`.
fn line(question: &Question) -> String {
    let Question { orig, dest, span } = question;
    format!("{orig} {dest} {span}")
}

fn question(line: &str) -> Option<Question> {
    let mut words = line.split(' ');
    Some(Question {
        orig: words.next()?.parse().ok()?,
        dest: words.next()?.parse().ok()?,
        span: words.next()?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(orig: &str, span: &str) -> Question {
        question(&format!("{orig} EETLL {span}")).unwrap()
    }

    #[test]
    fn a_question_is_remembered_once_and_as_the_newest() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a/questions");
        assert!(read(&file).is_empty());
        for (orig, span) in [
            ("CNGGZ", "2021-01"),
            ("CNSGH", "2021-01-05"),
            ("CNGGZ", "2021-01"),
        ] {
            remember(&file, &asked(orig, span)).unwrap();
        }
        assert_eq!(
            read(&file),
            [asked("CNGGZ", "2021-01"), asked("CNSGH", "2021-01-05")]
        );
    }

    #[test]
    fn only_the_newest_are_kept_and_what_is_no_question_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("questions");
        std::fs::write(&file, "x\n\nCNGGZ EETLL never\n".repeat(200)).unwrap();
        for day in 1..=28 {
            remember(&file, &asked("CNGGZ", &format!("2021-01-{day:02}"))).unwrap();
        }
        assert_eq!(read(&file).len(), 28);
        assert!(std::fs::read_to_string(&file).unwrap().lines().count() <= remembered::KEPT);
    }
}
