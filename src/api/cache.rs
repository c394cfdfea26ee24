//! Answers that are kept for as long as the rates they were made from have not changed.
//!
//! The database tells of every change (`db/migrations/V3…`), on a connection that does nothing but listen. An answer is
//! given again only while that connection has proven lately that it hears; otherwise every question goes to the
//! database. ARCHITECTURE.md says how old an answer can be.

mod listener;

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use quick_cache::Weighter;

pub use self::listener::listen;

use super::page::Page;
use crate::rates::Question;

/// How long a proof of hearing holds.
pub const HOLDS: Duration = Duration::from_secs(2);
/// Bytes that an answer costs beside its text: the question, the entity tag, the bookkeeping.
const OVERHEAD: u64 = 256;
/// Bytes of an answer of a month, which most are.
const USUAL: u64 = 2048;

/// The kept answers of one service.
#[derive(Debug)]
pub struct Cache {
    answers: quick_cache::sync::Cache<Subject, Kept, Weight>,
    born: Instant,
    /// The number of changes and interruptions so far: what was asked for before the last of them is not given again.
    epoch: AtomicU64,
    /// Until when answers may be given, in milliseconds after `born`.
    until: AtomicU64,
}

/// What an answer is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The rates between two places.
    Rates(Question),
    /// Every place there is.
    Places,
}

impl Subject {
    /// Bytes of the texts in it.
    fn len(&self) -> usize {
        match self {
            Self::Rates(question) => question.orig.as_str().len() + question.dest.as_str().len(),
            Self::Places => 0,
        }
    }
}

/// An answer and the epoch in which it was asked for.
#[derive(Debug, Clone)]
struct Kept {
    epoch: u64,
    page: Page,
}

#[derive(Debug, Clone)]
struct Weight;

impl Weighter<Subject, Kept> for Weight {
    fn weight(&self, subject: &Subject, kept: &Kept) -> u64 {
        let bytes = subject.len().saturating_add(kept.page.len());
        OVERHEAD.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX))
    }
}

/// The right to keep an answer whose question goes to the database from now on.
#[derive(Debug, Clone, Copy)]
pub struct Ticket(u64);

/// What there is for a question.
#[derive(Debug)]
pub enum Found {
    /// The answer.
    Kept(Page),
    /// Nothing; what the database says now may be kept.
    Missing(Ticket),
    /// Nobody hears of changes, so nothing is given and nothing is kept.
    Deaf,
}

impl Cache {
    /// An empty cache of so many bytes.
    pub fn new(bytes: u64) -> Self {
        let answers = usize::try_from(bytes / USUAL).unwrap_or(usize::MAX).max(1);
        Self {
            answers: quick_cache::sync::Cache::with_weighter(answers, bytes, Weight),
            born: Instant::now(),
            epoch: AtomicU64::new(0),
            until: AtomicU64::new(0),
        }
    }

    /// The answer to a question, or the right to keep one. The epoch is read before the database is asked: an answer
    /// that a change overtakes on its way is of an epoch that has gone.
    pub fn find(&self, subject: &Subject) -> Found {
        let epoch = self.epoch.load(Ordering::Acquire);
        if !self.hears() {
            return Found::Deaf;
        }
        match self.answers.get(subject) {
            Some(kept) if kept.epoch == epoch => Found::Kept(kept.page),
            _ => Found::Missing(Ticket(epoch)),
        }
    }

    /// Keeps an answer, unless rates have changed since its question was asked.
    pub fn keep(&self, Ticket(epoch): Ticket, subject: Subject, page: Page) {
        if self.epoch.load(Ordering::Acquire) == epoch {
            self.answers.insert(subject, Kept { epoch, page });
        }
    }

    /// Whether answers may be given.
    pub fn hears(&self) -> bool {
        self.since_birth(Instant::now()) < self.until.load(Ordering::Acquire)
    }

    /// Bytes that the kept answers take.
    pub fn bytes(&self) -> u64 {
        self.answers.weight()
    }

    /// Answers may be given for a while: at the instant `asked` every change was heard of.
    fn prove(&self, asked: Instant) {
        let until = self.since_birth(asked + HOLDS);
        self.until.store(until, Ordering::Release);
    }

    /// Rates have changed.
    fn forget(&self) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
        self.answers.clear();
    }

    /// Nobody hears of changes any more.
    fn close(&self) {
        self.until.store(0, Ordering::Release);
        self.forget();
    }

    fn since_birth(&self, instant: Instant) -> u64 {
        let passed = instant.saturating_duration_since(self.born);
        u64::try_from(passed.as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rates::Answer;

    fn question(orig: &str) -> Subject {
        Subject::Rates(Question {
            orig: orig.parse().unwrap(),
            dest: "EETLL".parse().unwrap(),
            span: "2021-01".parse().unwrap(),
        })
    }

    fn page() -> Page {
        Page::new(&Answer { rates: Vec::new() })
    }

    fn open() -> Cache {
        let cache = Cache::new(1_000_000);
        cache.prove(Instant::now());
        cache
    }

    fn keep(cache: &Cache, orig: &str) {
        let question = question(orig);
        let Found::Missing(ticket) = cache.find(&question) else {
            panic!("the cache gives no ticket");
        };
        cache.keep(ticket, question, page());
    }

    fn has(cache: &Cache, orig: &str) -> bool {
        matches!(cache.find(&question(orig)), Found::Kept(_))
    }

    #[test]
    fn an_answer_is_given_again_until_rates_change() {
        let cache = open();
        keep(&cache, "CNGGZ");
        assert!(has(&cache, "CNGGZ") && !has(&cache, "CNSGH"));
        cache.forget();
        assert!(!has(&cache, "CNGGZ"));
        assert_eq!(cache.bytes(), 0);
    }

    #[test]
    fn an_answer_that_a_change_overtakes_is_not_kept() {
        let cache = open();
        let Found::Missing(ticket) = cache.find(&question("CNGGZ")) else {
            panic!("the cache gives no ticket");
        };
        cache.forget();
        cache.keep(ticket, question("CNGGZ"), page());
        assert!(!has(&cache, "CNGGZ"));
    }

    #[test]
    fn nothing_is_given_unless_hearing_was_proven_lately() {
        let cache = Cache::new(1_000_000);
        assert!(matches!(cache.find(&question("CNGGZ")), Found::Deaf));
        cache.prove(Instant::now());
        keep(&cache, "CNGGZ");
        cache.close();
        assert!(matches!(cache.find(&question("CNGGZ")), Found::Deaf));
        cache.prove(Instant::now());
        assert!(!has(&cache, "CNGGZ"));
        keep(&cache, "CNGGZ");
        cache.prove(cache.born);
        cache.until.fetch_sub(2000, Ordering::Relaxed);
        assert!(matches!(cache.find(&question("CNGGZ")), Found::Deaf));
    }

    #[test]
    fn it_never_holds_more_than_it_may() {
        let cache = Cache::new(20_000);
        cache.prove(Instant::now());
        for number in 0..1000 {
            keep(&cache, &format!("region-{number}"));
            assert!(cache.bytes() <= 20_000);
        }
        assert!(cache.bytes() > 10_000);
    }
}
