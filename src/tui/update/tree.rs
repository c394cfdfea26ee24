//! Values with parts: they are asked for, folded and searched.

use crossterm::event::KeyCode;
use crossterm::event::KeyEvent;
use tui_input::Input;

use super::input;
use super::walk;
use crate::engine::Instance;
use crate::error::Report;
use crate::tui::effect::Effect;
use crate::tui::keymap::Action;
use crate::tui::keymap::Scope;
use crate::tui::state::Key;
use crate::tui::state::State;
use crate::tui::state::Tab;
use crate::tui::state::logs::Entry;
use crate::tui::state::overlay::Described;
use crate::tui::state::overlay::Overlay;
use crate::tui::state::overlay::Text;
use crate::tui::state::tree::Tree;

/// Asks for everything there is to know of the chosen role.
pub fn describe(state: &mut State) -> Vec<Effect> {
    let described = state.chosen().zip(state.selected()).map(|(known, found)| {
        let status = known.selected_status();
        Effect::Describe {
            key: known.key.clone(),
            found: Box::new(found.clone()),
            status: status.cloned().map(Box::new),
            profile: known.profile.clone(),
        }
    });
    let Some(effect) = described else {
        let key = state.keymap.word(Action::Up);
        state.complain(format!("nothing is there; {key} brings the environment up"));
        return Vec::new();
    };
    if let Effect::Describe { key, found, .. } = &effect {
        state.overlay = Some(Overlay::Tree(Box::new(Described {
            title: found.name.clone(),
            asked: Some((key.clone(), found.instance)),
            parts: None,
            typing: None,
        })));
    }
    vec![effect]
}

/// Takes in what there is to know, where it is still waited for.
pub fn described(state: &mut State, of: &(Key, Instance), result: Result<Tree, Report>) {
    if let Some(Overlay::Tree(described)) = &mut state.overlay
        && described.asked.as_ref() == Some(of)
    {
        described.parts = Some(result);
    }
}

/// Shows a line of the log with its fields, in their order; a time that the line has itself stands for the engine's.
pub fn of_line(entry: &Entry) -> Overlay {
    let own = Tree::read(entry.text.as_bytes(), usize::MAX);
    let own = own.filter(|_| entry.text.starts_with('{'));
    let own = own.unwrap_or_else(|| Tree::of_texts([("text", entry.text.to_string())]));
    let about = [
        ("time", entry.time.to_string()),
        ("role", entry.instance.to_string()),
    ];
    let mut tree = Tree::of_texts(about.into_iter().filter(|(key, _)| !own.has(key)));
    tree.append(own);
    Overlay::Tree(Box::new(Described {
        title: "Line".to_owned(),
        asked: None,
        parts: Some(Ok(tree)),
        typing: None,
    }))
}

/// The whole of the chosen value, where it has no parts and so nothing to fold.
pub fn whole(tree: &Tree) -> Option<Text> {
    let node = tree.current().filter(|node| !node.kind.is_branch())?;
    let lines = node.text.lines().map(str::to_owned).collect();
    Some(Text::new(node.key.clone(), lines))
}

/// Opens the chosen value whole, over what it is a part of; folds it where it has parts.
fn open(state: &mut State) {
    match state.overlay.take() {
        Some(Overlay::Tree(mut described)) => {
            let tree = described
                .parts
                .as_mut()
                .and_then(|parts| parts.as_mut().ok());
            let text = tree.and_then(|tree| {
                let text = whole(tree);
                if text.is_none() {
                    tree.fold();
                }
                text
            });
            state.overlay = Some(match text {
                Some(text) => Overlay::Text(Text {
                    from: Some(described),
                    ..text
                }),
                None => Overlay::Tree(described),
            });
        }
        other => state.overlay = other,
    }
}

/// Folds and searches the body of an answer.
pub fn in_query(state: &mut State, action: Action) -> Vec<Effect> {
    let query = state.chosen_mut().map(|known| &mut known.query);
    let Some(query) = query else {
        return Vec::new();
    };
    let Some(tree) = query.tree_mut() else {
        state.say("JSON can be folded and searched in its view");
        return Vec::new();
    };
    let sought = tree.sought().to_owned();
    if !act(tree, action) {
        query.seeking = Some(sought.into());
    }
    walk::keep(state);
    Vec::new()
}

/// Does what was asked for with a tree; tells whether that is all there is to do.
fn act(tree: &mut Tree, action: Action) -> bool {
    match action {
        Action::Fold => tree.fold(),
        Action::FoldAll => tree.fold_all(),
        Action::NextMatch => tree.step_to_match(true),
        Action::PreviousMatch => tree.step_to_match(false),
        _ => return false,
    }
    true
}

/// A key while something is looked for in the body of an answer; tells whether it was one.
pub fn seek_key(state: &mut State, key: KeyEvent) -> bool {
    let query = state.chosen_mut().map(|known| &mut known.query);
    let Some(query) = query else {
        return false;
    };
    let Some(mut input) = query.seeking.take() else {
        return false;
    };
    let goes_on = query
        .tree_mut()
        .is_some_and(|tree| typed(tree, &mut input, key));
    query.seeking = Some(input).filter(|_| goes_on);
    walk::keep(state);
    true
}

/// Types on; tells whether more is to be typed.
fn typed(tree: &mut Tree, input: &mut Input, key: KeyEvent) -> bool {
    match key.code {
        KeyCode::Enter => return false,
        KeyCode::Esc => {
            tree.seek("");
            return false;
        }
        _ => {
            if input::edit(input, key) {
                tree.seek(input.value());
            }
        }
    }
    true
}

/// Pasted text is looked for, where something is; then it tells whether all of it went in.
pub fn paste(state: &mut State, text: &str) -> Option<bool> {
    if let Some(Overlay::Tree(described)) = &mut state.overlay {
        if let (Some(Ok(tree)), Some(typing)) = (&mut described.parts, &mut described.typing) {
            let whole = input::insert(typing, text);
            tree.seek(typing.value());
            return Some(whole);
        }
        return Some(true);
    }
    if state.overlay.is_some() || state.tab != Tab::Query {
        return None;
    }
    let query = &mut state.chosen_mut()?.query;
    let mut typing = query.seeking.take()?;
    let whole = input::insert(&mut typing, text);
    if let Some(tree) = query.tree_mut() {
        tree.seek(typing.value());
    }
    query.seeking = Some(typing);
    Some(whole)
}

/// A key for a value that lies over the panes; tells whether it was one.
pub fn key(state: &mut State, key: KeyEvent) -> bool {
    let action = state.keymap.action(Scope::Query, key);
    let opens = state.keymap.action(Scope::Lists, key) == Some(Action::Open);
    let Some(Overlay::Tree(described)) = &mut state.overlay else {
        return false;
    };
    let Some(Ok(tree)) = &mut described.parts else {
        return false;
    };
    if let Some(mut input) = described.typing.take() {
        if typed(tree, &mut input, key) {
            described.typing = Some(input);
        }
        return true;
    }
    match action {
        _ if opens => open(state),
        _ if matches!(key.code, KeyCode::Left | KeyCode::Right) => tree.fold(),
        Some(Action::Search) => described.typing = Some(tree.sought().to_owned().into()),
        Some(action) => return act(tree, action),
        None => return false,
    }
    true
}
