//! What an action would do here, in words that name what it is done to.

use super::is_list_over;
use crate::tui::keymap::Action;
use crate::tui::keymap::Binding;
use crate::tui::state::State;

/// What it does, for the menu and the palette.
pub fn help(state: &State, binding: &Binding) -> String {
    let all = || {
        let name = state.chosen().map(|known| known.key.name.as_str());
        format!("all of {}", name.unwrap_or("it"))
    };
    let one_or_all = state.target().map_or_else(all, |role| role.to_string());
    let help = binding.help.replace("the chosen role, or all", &one_or_all);
    match state.selected() {
        Some(found) => help.replace("the chosen role", &found.instance.to_string()),
        None => help,
    }
}

/// One word for the footer; two, where it is done to one role or to all.
pub fn word(state: &State, binding: &Binding) -> String {
    let word = binding.word;
    match binding.action {
        Action::Restart | Action::Stop | Action::Start => state
            .target()
            .map_or_else(|| format!("{word} all"), |role| format!("{word} {role}")),
        Action::Leave if is_list_over(state) => "back".to_owned(),
        _ => word.to_owned(),
    }
}
