//! The table of keys.

use super::Binding;

/// Something the user can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    Leave,
    Help,
    Palette,
    Menu,
    NextPane,
    PreviousPane,
    NextTab,
    PreviousTab,
    Tab(u8),
    NextEnvironment,
    PreviousEnvironment,
    FullScreen,
    Beside,
    Swap,
    Wider,
    Narrower,
    Next,
    Previous,
    NextPage,
    PreviousPage,
    First,
    Last,
    Open,
    Back,
    Up,
    Down,
    DownWithData,
    Restart,
    Stop,
    Start,
    Seed,
    TryAgain,
    Cancel,
    Logs,
    Describe,
    Shell,
    Psql,
    CopyUrl,
    CopyConnection,
    CopyLine,
    CopyVisible,
    Save,
    MouseOnOff,
    NextTheme,
    Suspend,
    Redraw,
    Filter,
    NextMatch,
    PreviousMatch,
    OnlyMatches,
    NextLevel,
    Follow,
    Wrap,
    Times,
    Fields,
    Mark,
    Clear,
    WindowTail,
    WindowHead,
    Window1,
    Window5,
    Window15,
    Window30,
    Window60,
    Ask,
    EditCurl,
    EditForm,
    Live,
    NextForm,
    PreviousForm,
    CopyCurl,
    History,
    Why,
    EditSql,
    NextView,
    PreviousView,
    NextColumn,
    PreviousColumn,
    StopStatement,
    Writing,
    Statements,
    Fold,
    FoldAll,
    Search,
}

impl Action {
    /// What it is called in the user's own file: its words, joined by dashes.
    pub fn name(self) -> String {
        if let Self::Tab(_) = self {
            let mut bindings = BINDINGS.iter();
            let title = bindings.find(|binding| binding.action == self);
            let title = title.map_or("", |binding| binding.help);
            return format!("tab-{}", title.to_lowercase());
        }
        let mut name = String::new();
        for character in format!("{self:?}").chars() {
            let begins = character.is_uppercase() || character.is_ascii_digit();
            let inside_number =
                character.is_ascii_digit() && name.ends_with(|c: char| c.is_ascii_digit());
            if begins && !name.is_empty() && !inside_number {
                name.push('-');
            }
            name.extend(character.to_lowercase());
        }
        name
    }
}

/// Where a key means something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// In every pane, unless that has a meaning of its own for the key.
    Everywhere,
    /// In every pane whose rows can be walked.
    Lists,
    /// In the list of roles.
    Roles,
    /// In the list of checks.
    Checks,
    /// In the logs.
    Logs,
    /// In the charts.
    Stats,
    /// In the query panel, outside its inputs.
    Query,
    /// In the database tab, outside its prompt.
    Database,
    /// In the list of events.
    Events,
    /// In the resolved profile.
    Config,
}

impl Scope {
    /// The scope whose keys this one shares.
    pub fn general(self) -> Self {
        match self {
            Self::Everywhere => Self::Everywhere,
            _ => Self::Lists,
        }
    }

    /// What it is called in the help.
    pub fn title(self) -> &'static str {
        match self {
            Self::Everywhere => "Everywhere",
            Self::Lists => "Rows",
            Self::Roles => "Roles",
            Self::Checks => "Checks",
            Self::Logs => "Logs",
            Self::Stats => "Stats",
            Self::Query => "Query",
            Self::Database => "Database",
            Self::Events => "Events",
            Self::Config => "Config",
        }
    }
}

const fn bind(
    scope: Scope,
    action: Action,
    keys: &'static str,
    word: &'static str,
    help: &'static str,
) -> Binding {
    Binding {
        action,
        scope,
        keys,
        word,
        help,
    }
}

/// Every action with its keys. The order is that of the footer: what matters most comes first.
pub const BINDINGS: &[Binding] = {
    use Action as A;
    use Scope as S;
    &[
        bind(
            S::Logs,
            A::Filter,
            "/",
            "filter",
            "show only lines that match; `!` inverts, `~` is fuzzy",
        ),
        bind(
            S::Logs,
            A::Follow,
            "a",
            "follow",
            "follow what is written, or hold the lines still",
        ),
        bind(
            S::Logs,
            A::NextLevel,
            "l",
            "level",
            "show only this level and worse",
        ),
        bind(S::Logs, A::Wrap, "w", "wrap", "wrap long lines"),
        bind(
            S::Logs,
            A::Times,
            "t",
            "times",
            "show when each line was written",
        ),
        bind(
            S::Logs,
            A::Fields,
            "J",
            "fields",
            "unfold JSON lines into their fields",
        ),
        bind(S::Logs, A::NextMatch, "n", "", "the next line that matches"),
        bind(
            S::Logs,
            A::PreviousMatch,
            "N",
            "",
            "the previous line that matches",
        ),
        bind(
            S::Logs,
            A::OnlyMatches,
            "o",
            "",
            "show matches only, or all lines with matches raised",
        ),
        bind(S::Logs, A::Mark, "m", "", "mark the line"),
        bind(
            S::Logs,
            A::Clear,
            "C",
            "",
            "forget the lines that are shown",
        ),
        bind(
            S::Logs,
            A::WindowTail,
            "0",
            "",
            "the last lines of each role",
        ),
        bind(
            S::Logs,
            A::WindowHead,
            "1",
            "",
            "everything from the beginning",
        ),
        bind(S::Logs, A::Window1, "2", "", "the last minute"),
        bind(S::Logs, A::Window5, "3", "", "the last 5 minutes"),
        bind(S::Logs, A::Window15, "4", "", "the last 15 minutes"),
        bind(S::Logs, A::Window30, "5", "", "the last 30 minutes"),
        bind(S::Logs, A::Window60, "6", "", "the last hour"),
        bind(
            S::Query,
            A::Ask,
            "enter",
            "ask",
            "put the question to the API",
        ),
        bind(
            S::Query,
            A::EditForm,
            "e i",
            "edit",
            "edit the form; Tab walks its fields",
        ),
        bind(S::Query, A::EditCurl, "c", "curl", "edit the curl line"),
        bind(
            S::Query,
            A::NextForm,
            "right",
            "view",
            "the next view: table, chart, JSON, headers",
        ),
        bind(S::Query, A::PreviousForm, "left", "", "the previous view"),
        bind(
            S::Query,
            A::Live,
            "L",
            "live",
            "ask again every 5 seconds, and mark what changed",
        ),
        bind(
            S::Query,
            A::Why,
            "w",
            "why",
            "the prices behind the day, or why it has no average",
        ),
        bind(S::Query, A::CopyCurl, "y", "copy", "copy the curl line"),
        bind(S::Query, A::Search, "/", "", "look for a text in JSON"),
        bind(
            S::Query,
            A::NextMatch,
            "n",
            "",
            "the next value that has it",
        ),
        bind(
            S::Query,
            A::PreviousMatch,
            "N",
            "",
            "the previous value that has it",
        ),
        bind(
            S::Query,
            A::Fold,
            "z",
            "",
            "fold a part of JSON, or open it",
        ),
        bind(
            S::Query,
            A::FoldAll,
            "Z",
            "",
            "fold all parts of JSON, or open them",
        ),
        bind(
            S::Query,
            A::History,
            "h",
            "history",
            "questions that were asked before",
        ),
        bind(
            S::Database,
            A::EditSql,
            "e i",
            "sql",
            "type a statement; up and down bring older ones",
        ),
        bind(
            S::Database,
            A::NextView,
            "right",
            "view",
            "the next view: tables, running statements, rows",
        ),
        bind(
            S::Database,
            A::PreviousView,
            "left",
            "",
            "the previous view",
        ),
        bind(
            S::Database,
            A::StopStatement,
            "c",
            "cancel",
            "cancel the statement, or the chosen one of those that run",
        ),
        bind(
            S::Database,
            A::Writing,
            "W",
            "write",
            "let statements write, or keep them from it",
        ),
        bind(
            S::Database,
            A::Statements,
            "h",
            "history",
            "statements that were typed before",
        ),
        bind(
            S::Database,
            A::NextColumn,
            ">",
            "",
            "further columns to the right",
        ),
        bind(
            S::Database,
            A::PreviousColumn,
            "<",
            "",
            "further columns to the left",
        ),
        bind(S::Everywhere, A::Up, "u", "up", "bring the environment up"),
        bind(
            S::Everywhere,
            A::Down,
            "d",
            "down",
            "take the environment down; its data stays",
        ),
        bind(S::Everywhere, A::TryAgain, "R", "", "try again what failed"),
        bind(
            S::Everywhere,
            A::Menu,
            "space",
            "actions",
            "everything that can be done with the environment",
        ),
        bind(
            S::Everywhere,
            A::Restart,
            "r",
            "restart",
            "restart the chosen role, or all",
        ),
        bind(S::Everywhere, A::NextTab, "]", "", "the next tab"),
        bind(
            S::Everywhere,
            A::PreviousTab,
            "[",
            "tabs",
            "the previous tab",
        ),
        bind(S::Everywhere, A::NextPane, "tab", "panes", "the next pane"),
        bind(
            S::Everywhere,
            A::PreviousPane,
            "shift-tab",
            "",
            "the previous pane",
        ),
        bind(
            S::Everywhere,
            A::NextEnvironment,
            "}",
            "",
            "the next environment",
        ),
        bind(
            S::Everywhere,
            A::PreviousEnvironment,
            "{",
            "",
            "the previous environment",
        ),
        bind(
            S::Everywhere,
            A::FullScreen,
            "f",
            "full screen",
            "the main pane alone, or all panes",
        ),
        bind(
            S::Everywhere,
            A::Beside,
            "v",
            "",
            "two tabs side by side, on 200 columns and more",
        ),
        bind(S::Everywhere, A::Swap, "V", "", "the other of two tabs"),
        bind(
            S::Everywhere,
            A::Stop,
            "x",
            "stop",
            "stop the chosen role, or all",
        ),
        bind(
            S::Everywhere,
            A::Start,
            "S",
            "start",
            "start the chosen role, or all",
        ),
        bind(
            S::Everywhere,
            A::Describe,
            "D",
            "",
            "everything there is to know of the chosen role, as a tree",
        ),
        bind(
            S::Roles,
            A::Describe,
            "d",
            "",
            "everything there is to know of the role, as a tree",
        ),
        bind(
            S::Everywhere,
            A::Logs,
            "O",
            "",
            "the lines of the chosen role alone, or of all",
        ),
        bind(
            S::Everywhere,
            A::Shell,
            "s",
            "shell",
            "a shell beside the chosen role",
        ),
        bind(S::Everywhere, A::Psql, "p", "psql", "psql on the database"),
        bind(
            S::Everywhere,
            A::Palette,
            ": ctrl-p",
            "palette",
            "every action, by a few of its letters",
        ),
        bind(
            S::Everywhere,
            A::Help,
            "? f1",
            "help",
            "the keys of the focused pane",
        ),
        bind(
            S::Everywhere,
            A::Leave,
            "q ctrl-c",
            "leave running",
            "leave; environments keep running",
        ),
        bind(
            S::Everywhere,
            A::Seed,
            "ctrl-r",
            "",
            "load the profile's seed in place of what the database holds",
        ),
        bind(
            S::Everywhere,
            A::DownWithData,
            "ctrl-x",
            "",
            "take the environment down and remove its data",
        ),
        bind(
            S::Everywhere,
            A::Cancel,
            "ctrl-k",
            "",
            "cancel what is being done; what is done stays",
        ),
        bind(
            S::Everywhere,
            A::CopyUrl,
            "U",
            "",
            "copy the URL of the API",
        ),
        bind(
            S::Everywhere,
            A::CopyConnection,
            "P",
            "",
            "copy the connection line of the database, without its password",
        ),
        bind(S::Lists, A::CopyLine, "y", "copy", "copy the row"),
        bind(
            S::Lists,
            A::CopyVisible,
            "Y",
            "",
            "copy all rows that are on the screen",
        ),
        bind(
            S::Everywhere,
            A::Save,
            "ctrl-s",
            "",
            "save what the pane holds to a file",
        ),
        bind(S::Everywhere, A::Wider, "+", "", "a wider left side"),
        bind(S::Everywhere, A::Narrower, "-", "", "a narrower left side"),
        bind(
            S::Everywhere,
            A::MouseOnOff,
            "M",
            "",
            "mouse for the dashboard, or for the terminal's own selection",
        ),
        bind(
            S::Everywhere,
            A::NextTheme,
            "T",
            "",
            "the next theme: dark, light, colour-blind, mono",
        ),
        bind(
            S::Everywhere,
            A::Suspend,
            "ctrl-z",
            "",
            "back to the shell; `fg` returns",
        ),
        bind(
            S::Everywhere,
            A::Redraw,
            "ctrl-l",
            "",
            "draw everything anew",
        ),
        bind(S::Everywhere, A::Tab(0), "1", "", "Logs"),
        bind(S::Everywhere, A::Tab(1), "2", "", "Stats"),
        bind(S::Everywhere, A::Tab(2), "3", "", "Query"),
        bind(S::Everywhere, A::Tab(3), "4", "", "Database"),
        bind(S::Everywhere, A::Tab(4), "5", "", "Events"),
        bind(S::Everywhere, A::Tab(5), "6", "", "Config"),
        bind(S::Lists, A::Next, "j down", "", "one row down"),
        bind(S::Lists, A::Previous, "k up", "", "one row up"),
        bind(S::Lists, A::NextPage, "pgdn ctrl-d", "", "one page down"),
        bind(S::Lists, A::PreviousPage, "pgup ctrl-u", "", "one page up"),
        bind(S::Lists, A::First, "g home", "", "the first row"),
        bind(S::Lists, A::Last, "G end", "", "the last row"),
        bind(
            S::Lists,
            A::Open,
            "enter",
            "open",
            "open what the row is about",
        ),
        bind(S::Everywhere, A::Back, "esc", "", "back"),
    ]
};
