//! What an environment used over time.

use std::collections::VecDeque;

use jiff::Timestamp;

use crate::engine::Instance;
use crate::engine::Usage;
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
    /// What the API said of its load, where it answered.
    pub load: Option<Load>,
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

/// The samples of an environment, oldest first.
#[derive(Debug, Default)]
pub struct Charts {
    samples: VecDeque<Sample>,
    traffic: VecDeque<Traffic>,
}

impl Charts {
    /// Adds a sample.
    pub fn push(&mut self, sample: Sample) {
        let before = self.samples.back();
        self.traffic.push_back(traffic(before, &sample));
        self.samples.push_back(sample);
        if self.samples.len() > KEPT {
            self.samples.pop_front();
            self.traffic.pop_front();
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
    /// What an instance used.
    pub fn of(&self, instance: Instance) -> Option<Usage> {
        let mut usage = self.usage.iter();
        usage
            .find(|(one, _)| *one == instance)
            .map(|(_, usage)| *usage)
    }
}

fn traffic(before: Option<&Sample>, now: &Sample) -> Traffic {
    let loads = before.and_then(|before| Some((before.at, before.load.as_ref()?)));
    let (Some((at, before)), Some(load)) = (loads, &now.load) else {
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
