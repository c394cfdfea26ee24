//! What an environment used over time.

use std::collections::VecDeque;

use jiff::Timestamp;

use crate::database::console::Pulse;
use crate::engine::Instance;
use crate::engine::Usage;
use crate::error::Report;
use crate::query::Load;

/// Samples that are kept: twenty minutes, at one every two seconds.
const KEPT: usize = 600;

/// What was measured at one instant.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// When.
    pub at: Timestamp,
    /// What each instance used.
    pub usage: Vec<(Instance, Usage)>,
    /// What the API said of its load.
    pub metrics: Metrics,
    /// What the database did, or why that could not be seen; none where nobody looked.
    pub pulse: Option<Result<Pulse, Report>>,
}

/// What an API says of its load.
#[derive(Debug, Clone, PartialEq)]
pub enum Metrics {
    /// It told.
    Told(Load),
    /// It answers, and counts nothing that is known here.
    Lacking,
    /// It did not answer.
    Away,
}

/// What the API did between two samples.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Traffic {
    /// Requests a second.
    pub rate: f64,
    /// Problems a second.
    pub errors: f64,
    /// The times in seconds within which half, 95 % and 99 % were answered; absent while nothing was asked.
    pub quantiles: Option<[f64; 3]>,
}

/// What the database did between two samples; absent where one of them knows nothing of it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Work {
    /// Transactions a second.
    pub transactions: Option<f64>,
    /// The share of the blocks in percent that were found in memory; absent while none were looked for.
    pub hits: Option<f64>,
}

/// The samples of an environment, oldest first.
#[derive(Debug, Default)]
pub struct Charts {
    samples: VecDeque<Sample>,
    traffic: VecDeque<Traffic>,
    work: VecDeque<Work>,
}

impl Charts {
    /// Adds a sample.
    pub fn push(&mut self, sample: Sample) {
        let before = self.samples.back();
        self.traffic.push_back(traffic(before, &sample));
        self.work.push_back(work(before, &sample));
        // Statements of the past are shown nowhere.
        if let Some(Some(Ok(pulse))) = self.samples.back_mut().map(|before| &mut before.pulse) {
            pulse.slowest = Vec::new();
        }
        self.samples.push_back(sample);
        if self.samples.len() > KEPT {
            self.samples.pop_front();
            self.traffic.pop_front();
            self.work.pop_front();
        }
    }

    /// The last sample.
    pub fn last(&self) -> Option<&Sample> {
        self.samples.back()
    }

    /// What the API did until then.
    pub fn traffic(&self) -> Option<Traffic> {
        self.traffic.back().copied()
    }

    /// What the database did until then.
    pub fn work(&self) -> Work {
        self.work.back().copied().unwrap_or_default()
    }

    /// Whether anything is known of what the database did.
    pub fn has_pulse(&self) -> bool {
        self.samples.iter().any(|sample| sample.pulse().is_some())
    }

    /// A figure of the database in every sample, oldest first.
    pub fn of_database<'a>(
        &'a self,
        figure: impl Fn(&Pulse, &Work) -> Option<f64> + 'a,
    ) -> impl Iterator<Item = Option<f64>> + 'a {
        let samples = self.samples.iter().zip(&self.work);
        samples.map(move |(sample, work)| figure(sample.pulse()?, work))
    }

    /// A figure of every sample, oldest first.
    pub fn series<'a>(
        &'a self,
        figure: impl Fn(&Sample, &Traffic) -> Option<f64> + 'a,
    ) -> impl Iterator<Item = Option<f64>> + 'a {
        let samples = self.samples.iter().zip(&self.traffic);
        samples.map(move |(sample, traffic)| figure(sample, traffic))
    }
}

impl Sample {
    /// What the API said of its load, where it did.
    pub fn load(&self) -> Option<&Load> {
        match &self.metrics {
            Metrics::Told(load) => Some(load),
            Metrics::Lacking | Metrics::Away => None,
        }
    }

    /// What the database did, where that was seen.
    pub fn pulse(&self) -> Option<&Pulse> {
        self.pulse.as_ref()?.as_ref().ok()
    }

    /// What an instance used.
    pub fn of(&self, instance: Instance) -> Option<Usage> {
        let mut usage = self.usage.iter();
        usage
            .find(|(one, _)| *one == instance)
            .map(|(_, usage)| *usage)
    }
}

fn traffic(before: Option<&Sample>, now: &Sample) -> Traffic {
    let loads = before.and_then(|before| Some((before.at, before.load()?)));
    let (Some((at, before)), Some(load)) = (loads, now.load()) else {
        return Traffic::default();
    };
    let seconds = now.at.duration_since(at).as_secs_f64();
    let Some(since) = load.since(before).filter(|_| seconds > 0.0) else {
        return Traffic::default();
    };
    let quantiles = since
        .quantile(0.5)
        .zip(since.quantile(0.95))
        .zip(since.quantile(0.99));
    Traffic {
        rate: since.requests / seconds,
        errors: since.errors / seconds,
        quantiles: quantiles.map(|((half, most), nearly)| [half, most, nearly]),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a chart has some hundred steps")]
fn work(before: Option<&Sample>, now: &Sample) -> Work {
    let both = before.and_then(|before| Some((before.at, before.pulse()?, now.pulse()?)));
    let Some((at, before, pulse)) = both else {
        return Work::default();
    };
    let seconds = now.at.duration_since(at).as_secs_f64();
    // A server that was started anew after a crash counts from nothing.
    let since = |of: fn(&Pulse) -> u64| of(pulse).checked_sub(of(before)).map(|some| some as f64);
    let (hits, reads) = (since(|pulse| pulse.hits), since(|pulse| pulse.reads));
    let transactions = since(|pulse| pulse.transactions).filter(|_| seconds > 0.0);
    let share =
        |(hits, reads): (f64, f64)| (hits + reads > 0.0).then(|| 100.0 * hits / (hits + reads));
    Work {
        transactions: transactions.map(|transactions| transactions / seconds),
        hits: hits.zip(reads).and_then(share),
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn sample(second: i64, counted: Option<(u64, u64, u64)>) -> Sample {
        let pulse = counted.map(|(transactions, hits, reads)| {
            Ok(Pulse {
                transactions,
                hits,
                reads,
                ..Pulse::default()
            })
        });
        Sample {
            at: Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second),
            usage: Vec::new(),
            metrics: Metrics::Away,
            pulse,
        }
    }

    #[test]
    fn what_the_database_did_is_the_difference_of_two_looks_that_follow_each_other() {
        let mut charts = Charts::default();
        let looks = [
            (Some((100, 50, 50)), None, None),
            (Some((110, 140, 60)), Some(5.0), Some(90.0)),
            (Some((110, 140, 60)), Some(0.0), None),
            (None, None, None),
            (Some((200, 200, 60)), None, None),
            (Some((1, 0, 0)), None, None),
        ];
        for (at, (counted, transactions, hits)) in (0..).zip(looks) {
            charts.push(sample(at * 2, counted));
            assert_eq!(charts.work(), Work { transactions, hits }, "at {at}");
        }
        let seen: Vec<_> = charts.of_database(|_, work| work.transactions).collect();
        assert_eq!(seen, [None, Some(5.0), Some(0.0), None, None, None]);
    }
}
