//! The curl line as text that is edited: what it asks, and the same line with another parameter.

use super::BaseUrl;
use super::quoted;

/// A URL to get, taken apart as far as a line can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Where the API is.
    pub base: BaseUrl,
    /// The path of the URL.
    pub path: String,
    /// The parameters, decoded, in their order.
    pub parameters: Vec<(String, String)>,
}

impl Line {
    /// Reads a curl line: its URL, in quotes or without; `$` and options before it are left aside.
    pub fn read(text: &str) -> Option<Self> {
        let at = text.find("http://")?;
        let before = text.get(..at)?.chars().next_back();
        let rest = text.get(at..)?;
        let end = match before {
            Some(quote @ ('\'' | '"')) => rest.find(quote),
            _ => rest.find(char::is_whitespace),
        };
        let url = rest.get(..end.unwrap_or(rest.len()))?;
        let (address, query) = url.split_once('?').unwrap_or((url, ""));
        let slash = address
            .get(7..)?
            .find('/')
            .map_or(address.len(), |slash| slash + 7);
        let (base, path) = address.split_at_checked(slash)?;
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        };
        Some(Self {
            base: base.parse().ok()?,
            path: path.to_owned(),
            parameters: pairs.map(pair).collect(),
        })
    }

    /// The line of a question, which may not be a valid one.
    pub fn of_form(base: &BaseUrl, from: &str, to: &str, days: &str) -> Self {
        let (first, last) = ends(days);
        let parameters = [
            ("date_from", first),
            ("date_to", last),
            ("orig_code", from.trim().to_owned()),
            ("dest_code", to.trim().to_owned()),
        ];
        Self {
            base: base.clone(),
            path: "/rates".to_owned(),
            parameters: parameters
                .map(|(name, value)| (name.to_owned(), value))
                .into(),
        }
    }

    /// The value of a parameter; empty where it is not there.
    pub fn parameter(&self, name: &str) -> &str {
        let mut parameters = self.parameters.iter();
        let found = parameters.find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    /// The days it asks for, in the shortest form that means the same.
    pub fn days(&self) -> String {
        let (first, last) = (self.parameter("date_from"), self.parameter("date_to"));
        let written = if first == last {
            first.to_owned()
        } else {
            format!("{first}..{last}")
        };
        let span: Result<crate::rates::Span, _> = written.parse();
        span.map_or(written, |span| span.to_string())
    }

    /// What is asked of the server.
    pub fn path_and_query(&self) -> String {
        let pair =
            |(name, value): &(String, String)| format!("{}={}", encoded(name), encoded(value));
        let query: Vec<_> = self.parameters.iter().map(pair).collect();
        let path = if self.path.is_empty() {
            "/"
        } else {
            &self.path
        };
        if query.is_empty() {
            path.to_owned()
        } else {
            format!("{path}?{}", query.join("&"))
        }
    }

    /// The line to paste into a shell.
    pub fn curl(&self) -> String {
        format!("curl {}", quoted(&self.base.join(&self.path_and_query())))
    }
}

/// The first and the last day; what is no span goes out as it was typed, so that the API says what is wrong with it.
fn ends(days: &str) -> (String, String) {
    let days = days.trim();
    if let Ok(span) = days.parse::<crate::rates::Span>() {
        return (span.first().to_string(), span.last().to_string());
    }
    let (first, last) = days.split_once("..").unwrap_or((days, days));
    (first.to_owned(), last.to_owned())
}

fn encoded(text: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    let write = |byte: u8| {
        if plain(&byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    text.bytes().map(write).collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        let code = code.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        rest = match (first, code) {
            (b'%', Some(code)) => {
                bytes.push(code);
                after.get(2..).unwrap_or_default()
            }
            (b'+', _) => {
                bytes.push(b' ');
                after
            }
            _ => {
                bytes.push(*first);
                after
            }
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const URL: &str = "http://127.0.0.1:15000/rates?date_from=2021-01-01&date_to=2021-01-31&orig_code=CNGGZ&dest_code=EETLL";

    #[test]
    fn a_curl_line_is_read_with_and_without_quotes() {
        for text in [
            format!("curl '{URL}'"),
            format!("$ curl -s \"{URL}\" | jq ."),
            format!("curl {URL} -v"),
            URL.to_owned(),
        ] {
            let line = Line::read(&text).unwrap();
            assert_eq!(line.curl(), format!("curl '{URL}'"), "{text}");
            assert_eq!(line.days(), "2021-01");
            assert_eq!(line.parameter("orig_code"), "CNGGZ");
        }
        for text in ["", "curl", "curl https://x/", "http://"] {
            assert_eq!(Line::read(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_span_goes_out_as_it_was_typed() {
        let base = "http://127.0.0.1:1".parse().unwrap();
        let path = |days| Line::of_form(&base, "A", "B & C", days).path_and_query();
        let rest = "&orig_code=A&dest_code=B%20%26%20C";
        assert_eq!(
            path("2021-02"),
            format!("/rates?date_from=2021-02-01&date_to=2021-02-28{rest}")
        );
        assert_eq!(path("a..b"), format!("/rates?date_from=a&date_to=b{rest}"));
        assert_eq!(
            path("soon"),
            format!("/rates?date_from=soon&date_to=soon{rest}")
        );
    }

    proptest! {
        #[test]
        fn a_form_is_read_back_from_its_line(from in "\\PC{0,12}", to in "[A-Za-z_' &=%+]{0,9}", days in "[0-9W.-]{0,12}") {
            let base = "http://127.0.0.1:1/a".parse().unwrap();
            let line = Line::of_form(&base, &from, &to, &days);
            let read = Line::read(&line.curl()).unwrap();
            prop_assert_eq!(read.parameter("orig_code"), from.trim());
            prop_assert_eq!(read.parameter("dest_code"), to.trim());
            prop_assert_eq!(read.path_and_query(), format!("/a{}", line.path_and_query()));
        }

        #[test]
        fn no_line_makes_the_reader_panic(text in "(curl )?['\"]?http://[a-z0-9./?&=%é']{0,40}|\\PC*") {
            drop(Line::read(&text).map(|line| line.curl()));
        }
    }
}
