//! Questions and answers.

use super::answered;
use super::go;
use super::on;
use super::press;
use super::snapshots;
use crate::engine::EventKind;
use crate::engine::HealthStatus;
use crate::engine::Role;
use crate::tui::effect::Effect;
use crate::tui::message::Message;
use crate::tui::samples;
use crate::tui::samples::dev;
use crate::tui::samples::tell;
use crate::tui::state::State;
use crate::tui::state::Tab;
use crate::tui::state::overlay::Overlay;
use crate::tui::update;

#[test]
fn an_answer_is_a_table_a_chart_json_and_headers() {
    for (name, turns) in [("table", 0), ("chart", 1), ("json", 2), ("headers", 3)] {
        snapshots(&format!("query-{name}"), |width, height| {
            let mut state = answered(width, height);
            press(&mut state, &vec!["right"; turns]);
            state
        });
    }
}

#[test]
fn an_error_of_the_api_is_shown_as_it_is() {
    snapshots("query-error", |width, height| {
        let mut state = on(Tab::Query, width, height);
        press(&mut state, &["e"]);
        samples::asked(&mut state, samples::answered(502, "<h1>Bad Gateway</h1>"));
        state
    });
}

#[test]
fn a_question_by_hand_is_asked_and_remembered() {
    let mut state = samples::healthy(120, 36);
    let asked = go(&mut state, Tab::Query);
    assert!(
        matches!(asked.last(), Some(Effect::Ask { .. })),
        "{asked:?}"
    );
    samples::asked(&mut state, samples::answered(200, samples::RATES));
    assert!(matches!(
        &press(&mut state, &["e"])[..],
        [Effect::Places { .. }]
    ));
    let asked = press(&mut state, &["tab", "ctrl-u", "n", "e", "enter"]);
    let [Effect::Ask { line, .. }, Effect::Remember(question)] = &asked[..] else {
        panic!("{asked:?}");
    };
    assert_eq!(
        (line.parameter("dest_code"), question.dest.as_str()),
        ("ne", "ne")
    );
}

#[test]
fn places_are_offered_while_an_end_is_typed() {
    let typed = |width, height| {
        let mut state = on(Tab::Query, width, height);
        press(&mut state, &["e", "ctrl-u"]);
        tell(&mut state, samples::places());
        press(&mut state, &["n"]);
        state
    };
    snapshots("query-offers", typed);
    let mut state = typed(120, 36);
    samples::asked(&mut state, samples::answered(200, samples::RATES));
    press(&mut state, &["tab"]);
    let query = |state: &State| state.chosen().unwrap().query.from.value().to_owned();
    assert_eq!(query(&state), "northern_europe");
    // Once it is a place, Tab goes on to the next field.
    press(&mut state, &["tab", "ctrl-u", "s", "h", "a", "enter"]);
    assert_eq!(state.chosen().unwrap().query.to.value(), "CNSGH");
    let asked = press(&mut state, &["enter"]);
    assert!(
        asked
            .iter()
            .any(|effect| matches!(effect, Effect::Remember(_))),
        "{asked:?}"
    );
}

#[test]
fn a_day_is_explained_by_its_prices() {
    let explained = |width, height| {
        let mut state = answered(width, height);
        let effects = press(&mut state, &["down", "w"]);
        let [Effect::Explain { question, .. }] = &effects[..] else {
            panic!("{effects:?}");
        };
        assert_eq!(
            (question.orig.as_str(), question.span.to_string()),
            ("CNGGZ", "2021-01-30".to_owned())
        );
        let lines = [
            "2 prices, and an average needs 3: the answer is null",
            "",
            "CNGGZ  EETLL          1000",
            "CNGGZ  EETLL          1100",
        ];
        tell(
            &mut state,
            Message::Explained {
                key: dev(),
                result: Ok((
                    "CNGGZ to EETLL on 2021-01-30".to_owned(),
                    lines.map(str::to_owned).into(),
                )),
            },
        );
        state
    };
    snapshots("query-explained", explained);
}

#[test]
fn a_live_question_is_asked_again_after_what_could_change_its_answer_whoever_did_it() {
    let mut state = answered(120, 36);
    let asks = |state: &mut State, role, kind| {
        let event = crate::engine::Event {
            time: samples::noon(),
            environment: "dev".parse().unwrap(),
            instance: crate::engine::Instance::first(role),
            kind,
        };
        let happened = Message::Happened { engine: 0, event };
        samples::asked(state, samples::answered(200, samples::RATES));
        let effects = update::update(state, happened, samples::noon());
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Ask { .. }))
    };
    let status = HealthStatus::Healthy;
    assert!(
        !asks(&mut state, Role::Api, EventKind::Health { status }),
        "nobody wished it"
    );
    press(&mut state, &["L"]);
    assert!(asks(&mut state, Role::Api, EventKind::Health { status }));
    assert!(asks(&mut state, Role::Seed, EventKind::Exited { code: 0 }));
    assert!(!asks(
        &mut state,
        Role::Database,
        EventKind::Health { status }
    ));
    assert!(!asks(&mut state, Role::Seed, EventKind::Exited { code: 1 }));
}

#[test]
fn json_is_searched_where_it_is_folded() {
    snapshots("query-json-search", |width, height| {
        let mut state = answered(width, height);
        press(&mut state, &["right", "right", "/", "1", "3", "9", "8"]);
        state
    });
}

/// The same answer with another price on one day.
fn repriced() -> String {
    samples::RATES.replace("1398.0", "1399.0")
}

fn marks(state: &State) -> Vec<String> {
    let marks = &state.chosen().unwrap().query.marks;
    marks.iter().map(ToString::to_string).collect()
}

#[test]
fn what_changed_is_marked_even_where_the_api_was_away_in_between() {
    let marked = |width, height| {
        let mut state = answered(width, height);
        press(&mut state, &["L"]);
        samples::asked(&mut state, samples::answered(503, "no database"));
        samples::asked(&mut state, samples::answered(200, &repriced()));
        state
    };
    snapshots("query-marks", marked);
    let mut state = marked(120, 36);
    assert_eq!(marks(&state), ["2021-01-28"]);
    samples::asked(&mut state, samples::answered(200, &repriced()));
    assert!(marks(&state).is_empty(), "it is as it was");
}

#[test]
fn the_answer_to_another_question_marks_nothing() {
    let mut state = answered(120, 36);
    let known = state.known_mut(&dev()).unwrap();
    known.query.to = "EEPLA".into();
    known.query.typed(crate::tui::state::query::Field::To);
    samples::asked(&mut state, samples::answered(200, &repriced()));
    assert!(marks(&state).is_empty());
    // What a third one says of a day has nothing to do with the first.
    samples::asked(&mut state, samples::answered(503, "no database"));
    samples::asked(&mut state, samples::answered(200, samples::RATES));
    assert_eq!(marks(&state), ["2021-01-28"]);
}

#[test]
fn a_live_question_is_asked_ever_more_seldom_and_never_while_it_is_typed() {
    let mut state = answered(120, 36);
    let asks_after = |state: &mut State, seconds| {
        samples::asked(state, samples::answered(200, samples::RATES));
        let known = state.known_mut(&dev()).unwrap();
        let later = known.query.asked_at.unwrap() + jiff::SignedDuration::from_secs(seconds);
        let effects = update::update(state, Message::Tick, later);
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Ask { .. }))
    };
    assert!(!asks_after(&mut state, 100));
    for seconds in [2, 5, 15, 60] {
        press(&mut state, &["L"]);
        assert!(!asks_after(&mut state, seconds - 1), "{seconds}");
        assert!(asks_after(&mut state, seconds), "{seconds}");
    }
    press(&mut state, &["e"]);
    assert!(!asks_after(&mut state, 100), "it is typed");
    press(&mut state, &["esc"]);
    assert!(asks_after(&mut state, 100));
    press(&mut state, &["L"]);
    assert!(!asks_after(&mut state, 100));
}

#[test]
fn enter_opens_what_the_row_is_about_and_asks_where_there_is_none() {
    let mut state = on(Tab::Query, 120, 36);
    press(&mut state, &["a"]);
    let report = samples::failure("nobody listens");
    let number = state.chosen().unwrap().query.asking.unwrap().number;
    let unreachable = Message::Answered {
        key: dev(),
        number,
        result: Box::new(Err(report)),
    };
    tell(&mut state, unreachable);
    let asks = |effects: Vec<Effect>| matches!(&effects[..], [Effect::Ask { .. }]);
    assert!(asks(press(&mut state, &["enter"])));
    samples::asked(&mut state, samples::answered(200, samples::RATES));
    let opened = press(&mut state, &["enter"]);
    assert!(
        matches!(&opened[..], [Effect::Explain { .. }]),
        "{opened:?}"
    );
    assert!(asks(press(&mut state, &["a"])));
    press(&mut state, &["right", "right"]);
    let rows = |state: &State| state.chosen().unwrap().query.rows();
    let before = rows(&state);
    press(&mut state, &["down", "enter"]);
    assert!(rows(&state) > before, "what has parts is unfolded");
    press(&mut state, &["down", "down", "enter"]);
    let Some(Overlay::Text(text)) = &state.overlay else {
        panic!("{:?}", state.overlay);
    };
    assert_eq!(
        (text.title.as_str(), &text.lines[..]),
        ("day", &["2021-01-31".to_owned()][..])
    );
}

#[test]
fn questions_are_read_anew_with_their_box_and_places_with_the_tab() {
    let mut state = samples::healthy(120, 36);
    let effects = go(&mut state, Tab::Query);
    let asks = |effect: &Effect| matches!(effect, Effect::Places { .. });
    assert!(effects.iter().any(asks), "{effects:?}");
    assert!(matches!(
        &press(&mut state, &["h"])[..],
        [Effect::ReadHistory]
    ));
}
