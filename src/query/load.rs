//! What an API says of its own load in `/metrics`, in the text format of Prometheus.

/// Counters and gauges at one instant, summed over all labels.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Load {
    /// Requests that were answered.
    pub requests: f64,
    /// Answers that were problems.
    pub errors: f64,
    /// Requests being answered.
    pub in_flight: f64,
    /// Connections to the database in use.
    pub pool_in_use: f64,
    /// Connections to the database there may be.
    pub pool_size: f64,
    /// Requests that took at most so many seconds, in rising order.
    buckets: Vec<(f64, f64)>,
}

impl Load {
    /// Reads the text; what is not known is left out. None where nothing of it is: an API counts what it likes.
    pub fn read(text: &str) -> Option<Self> {
        let mut load = Self::default();
        let mut is_known = false;
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let Some((series, value)) = line.rsplit_once(' ') else {
                continue;
            };
            is_known |= series.starts_with("rates_");
            if let Ok(value) = value.parse() {
                load.take(series, value);
            }
        }
        load.buckets
            .sort_by(|(one, _), (other, _)| one.total_cmp(other));
        is_known.then_some(load)
    }

    /// Health checks and whoever reads these figures are no load.
    fn take(&mut self, series: &str, value: f64) {
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        let routes = ["route=\"/health", "route=\"/metrics\""];
        if routes.iter().any(|route| labels.contains(route)) {
            return;
        }
        match name {
            "rates_http_requests_total" => self.requests += value,
            "rates_http_errors_total" => self.errors += value,
            "rates_http_requests_in_flight" => self.in_flight = value,
            "rates_pool_in_use" => self.pool_in_use = value,
            "rates_pool_size" => self.pool_size = value,
            "rates_http_request_duration_seconds_bucket" => self.take_bucket(labels, value),
            _ => {}
        }
    }

    fn take_bucket(&mut self, labels: &str, value: f64) {
        let limit = labels
            .split_once("le=\"")
            .and_then(|(_, rest)| rest.split('"').next());
        let Some(limit) = limit.and_then(|limit| limit.replace("+Inf", "inf").parse().ok()) else {
            return;
        };
        match self
            .buckets
            .iter_mut()
            .find(|(known, _)| known.total_cmp(&limit).is_eq())
        {
            Some((_, count)) => *count += value,
            None => self.buckets.push((limit, value)),
        }
    }

    /// What was counted since an earlier instant; none where the API has been started anew meanwhile.
    pub fn since(&self, earlier: &Self) -> Option<Self> {
        let before = |limit: f64| {
            let mut known = earlier.buckets.iter();
            known
                .find(|(known, _)| known.total_cmp(&limit).is_eq())
                .map_or(0.0, |(_, count)| *count)
        };
        let buckets = self.buckets.iter();
        let buckets = buckets.map(|(limit, count)| (*limit, count - before(*limit)));
        (self.requests >= earlier.requests).then(|| Self {
            requests: self.requests - earlier.requests,
            errors: self.errors - earlier.errors,
            buckets: buckets.collect(),
            ..*self
        })
    }

    /// The time in seconds within which this share of the requests was answered, between the limits of its bucket.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let (_, all) = *self.buckets.last()?;
        if all <= 0.0 {
            return None;
        }
        let wanted = share * all;
        let (mut lower, mut below) = (0.0, 0.0);
        for (limit, count) in &self.buckets {
            if *count >= wanted {
                let inside = (wanted - below) / (count - below);
                // Beyond the last limit nothing is known but that limit.
                return Some(if limit.is_finite() {
                    lower + (limit - lower) * inside
                } else {
                    lower
                });
            }
            (lower, below) = (*limit, *count);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# HELP rates_http_requests_total Answered requests.\n\
        rates_http_requests_total{status=\"200\"} 10\n\
        rates_http_requests_total{status=\"404\"} 2\n\
        rates_http_requests_total{route=\"/metrics\",status=\"200\"} 70\n\
        rates_http_errors_total{route=\"/rates\",kind=\"unknown-place\"} 2\n\
        rates_pool_size 8\nrates_pool_in_use 1\nbroken\nrates_pool_open x\n\
        rates_http_request_duration_seconds_bucket{le=\"0.001\",route=\"/rates\"} 6\n\
        rates_http_request_duration_seconds_bucket{le=\"0.01\",route=\"/rates\"} 12\n\
        rates_http_request_duration_seconds_bucket{le=\"+Inf\",route=\"/rates\"} 12\n";

    #[test]
    fn counters_are_summed_over_their_labels() {
        let load = Load::read(TEXT).unwrap();
        assert_eq!((load.requests, load.errors), (12.0, 2.0));
        assert_eq!((load.pool_size, load.pool_in_use), (8.0, 1.0));
    }

    #[test]
    fn a_quantile_lies_between_the_limits_of_its_bucket() {
        let load = Load::read(TEXT).unwrap();
        assert_eq!(load.quantile(0.5), Some(0.001));
        let most = load.quantile(0.75).unwrap();
        assert!((most - 0.0055).abs() < 1e-9, "{most}");
        assert_eq!(Load::default().quantile(0.5), None);
    }

    #[test]
    fn what_was_counted_since_an_api_was_started_anew_is_not_known() {
        let load = Load::read(TEXT).unwrap();
        assert!(load.since(&load).unwrap().requests.abs() < f64::EPSILON);
        assert_eq!(load.since(&load).unwrap().quantile(0.5), None);
        assert_eq!(Load::default().since(&load), None);
    }

    #[test]
    fn figures_of_other_names_are_none() {
        let python = "# HELP python_gc_objects_collected_total Objects.\npython_gc_objects_collected_total 7\n";
        for text in ["", "<h1>Not found</h1>", python] {
            assert_eq!(Load::read(text), None, "{text}");
        }
    }
}
