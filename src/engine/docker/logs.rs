//! What containers wrote.

use bollard::Docker as Client;
use bollard::container::LogOutput;
use bollard::query_parameters::LogsOptionsBuilder;
use futures_util::StreamExt;
use futures_util::TryStreamExt;
use futures_util::stream::BoxStream;
use jiff::Timestamp;

use super::explain;
use crate::engine::LogLine;
use crate::engine::LogWindow;
use crate::engine::Result;

/// The Engine cuts windows at whole seconds; the exact cut is made here.
pub fn read(client: &Client, id: &str, window: LogWindow) -> BoxStream<'static, Result<LogLine>> {
    let options = LogsOptionsBuilder::default()
        .stdout(true)
        .stderr(true)
        .timestamps(true)
        .follow(window.follow)
        .since(window.since.map_or(0, seconds))
        .until(
            window
                .until
                .map_or(0, |until| seconds(until).saturating_add(1)),
        )
        .tail(
            &window
                .tail
                .map_or_else(|| "all".to_owned(), |tail| tail.to_string()),
        )
        .build();
    let inside = move |line: &LogLine| {
        window.since.is_none_or(|since| line.time >= since)
            && window.until.is_none_or(|until| line.time < until)
    };
    let lines = client.logs(id, Some(options)).map_ok(line);
    lines
        .map_err(|cause| explain::error(&cause, "read the logs"))
        .try_filter(move |line| std::future::ready(inside(line)))
        .boxed()
}

fn seconds(time: Timestamp) -> i32 {
    i32::try_from(time.as_second()).unwrap_or(i32::MAX)
}

/// A line as the Engine sends it: a time stamp, a space, the text.
fn line(output: LogOutput) -> LogLine {
    let bytes = output.into_bytes();
    let text = String::from_utf8_lossy(&bytes);
    let text = text.trim_end_matches(['\r', '\n']);
    let (time, rest) = text.split_once(' ').unwrap_or((text, ""));
    match time.parse() {
        Ok(time) => LogLine {
            time,
            text: rest.to_owned(),
        },
        Err(_) => LogLine {
            time: Timestamp::UNIX_EPOCH,
            text: text.to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_taken_apart_into_time_and_text() {
        let message = b"2021-01-31T12:00:41.112233445Z  indented, \xff broken\r\n"
            .as_slice()
            .into();
        let line = line(LogOutput::StdErr { message });
        assert_eq!(line.time.to_string(), "2021-01-31T12:00:41.112233445Z");
        assert_eq!(line.text, " indented, \u{fffd} broken");
    }
}
