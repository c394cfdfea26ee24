//! Questions that are asked while the database dies.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;
use std::time::Instant;

use crate::support::environment::Environment;
use crate::support::environment::Kind;
use crate::support::environment::QUESTION;
use crate::support::environment::on_every_engine;
use crate::support::eventually;
use crate::support::http::get;

/// So many ask at once, each again and again.
const CLIENTS: usize = 4;

/// How long an answer may take on a busy machine; the API itself gives up after ten seconds.
const LONGEST: Duration = Duration::from_secs(20);

const PATH: &str = "/rates?date_from=2021-01-31&date_to=2021-01-31&orig_code=CNGGZ&dest_code=EETLL";

on_every_engine! {
    questions_are_answered_or_refused_in_words_while_the_database_dies_and_comes_back,
    a_watched_question_tells_that_the_database_is_away_and_goes_on_when_it_is_back,
}

fn a_watched_question_tells_that_the_database_is_away_and_goes_on_when_it_is_back(kind: Kind) {
    let Some(asked) = Environment::ready_on(kind, "watched") else {
        return;
    };
    let words = [&["query"], &QUESTION[..], &["--watch", "1"]].concat();
    let watch = asked.start(&words);
    let said = |words: &str| watch.said().matches(words).count();
    for outage in 0..3 {
        eventually("the rates are shown", || {
            (said("1 with an average") > outage).then_some(())
        });
        let before = said("the API answered 503");
        asked.run(&["stop", "database"]).exits(0);
        eventually("it says that the database is away", || {
            (said("the API answered 503") > before).then_some(())
        });
        asked.run(&["start", "database"]).exits(0);
    }
    watch.interrupt();
    watch.finish().exits(0);
}

fn questions_are_answered_or_refused_in_words_while_the_database_dies_and_comes_back(kind: Kind) {
    let Some(asked) = Environment::small_on(kind, "asked") else {
        return;
    };
    // Nothing is answered from memory.
    asked.run(&["up", "--set", "api.cache=0 B"]).exits(0);
    let api = address(&asked);
    let clients = Clients::start(api);
    for _ in 0..2 {
        let (well, badly) = clients.counts();
        asked.crash("database");
        eventually("questions are refused, then answered again", || {
            let (answered, refused) = clients.counts();
            (refused > badly && answered > well && is_answered(api)).then_some(())
        });
        eventually("it is ready by itself", || {
            (asked.run(&["status"]).code == Some(0)).then_some(())
        });
    }
    let (answered, refused) = clients.stop();
    eprintln!("{answered} answers, {refused} refusals");
    asked.answers();
}

fn is_answered(api: SocketAddr) -> bool {
    get(api, PATH).is_ok_and(|reply| reply.status == 200)
}

fn address(environment: &Environment) -> SocketAddr {
    let status = environment.run(&["status", "--json"]).exits(0).json();
    let roles = status["roles"].as_array().unwrap();
    let api = roles.iter().find(|role| role["role"] == "api").unwrap();
    api["endpoint"].as_str().unwrap().parse().unwrap()
}

/// Threads that ask until they are stopped, and make sure of every answer.
struct Clients {
    end: Arc<AtomicBool>,
    counts: Arc<[std::sync::atomic::AtomicU64; 2]>,
    threads: Vec<JoinHandle<()>>,
}

impl Clients {
    fn start(api: SocketAddr) -> Self {
        let end = Arc::new(AtomicBool::new(false));
        let counts = Arc::new([0, 0].map(std::sync::atomic::AtomicU64::new));
        let thread = |_| {
            let (end, counts) = (Arc::clone(&end), Arc::clone(&counts));
            std::thread::spawn(move || {
                while !end.load(Ordering::Relaxed) {
                    let refused = usize::from(!ask(api));
                    counts[refused].fetch_add(1, Ordering::Relaxed);
                }
            })
        };
        let threads = (0..CLIENTS).map(thread).collect();
        Self {
            end,
            counts,
            threads,
        }
    }

    /// How many answers and how many refusals there were so far.
    fn counts(&self) -> (u64, u64) {
        let [answered, refused] = &*self.counts;
        (
            answered.load(Ordering::Relaxed),
            refused.load(Ordering::Relaxed),
        )
    }

    fn stop(self) -> (u64, u64) {
        let counts = self.counts();
        self.end.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().unwrap();
        }
        counts
    }
}

/// Whether a question is answered; else it must be refused in the API's own words.
fn ask(api: SocketAddr) -> bool {
    let begun = Instant::now();
    let reply = get(api, PATH).unwrap();
    assert!(
        begun.elapsed() < LONGEST,
        "{:?} for {reply:?}",
        begun.elapsed()
    );
    if reply.status == 200 {
        return true;
    }
    assert_eq!(reply.status, 503, "{reply:?}");
    assert_eq!(
        reply.header("content-type"),
        "application/problem+json",
        "{reply:?}"
    );
    assert!(reply.json()["title"].is_string(), "{reply:?}");
    false
}
