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
    AllEvents,
    Watch,
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

    /// Whether its keys are those of one pane alone.
    pub fn is_of_pane(self) -> bool {
        !matches!(self, Self::Everywhere | Self::Lists)
    }

    /// Whether what a key means here counts more than what it means there.
    pub fn comes_before(self, other: Self) -> bool {
        match other {
            Self::Everywhere => self != Self::Everywhere,
            Self::Lists => self.is_of_pane(),
            _ => false,
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

/// Writes the table as one: a row for every binding.
macro_rules! table {
    ($($scope:ident $action:ident $(($place:literal))? $keys:literal $word:literal $help:literal;)*) => {
        &[$(Binding {
            scope: Scope::$scope,
            action: Action::$action $(($place))?,
            keys: $keys,
            word: $word,
            help: $help,
        }),*]
    };
}

/// Every action with its keys. The order is that of the footer: what matters most comes first.
pub const BINDINGS: &[Binding] = table! {
    Logs       Filter               "/"           "filter"        "show only lines that match; `!` inverts, `~` is fuzzy";
    Logs       Follow               "a"           "follow"        "follow what is written, or hold the lines still";
    Logs       NextLevel            "l"           "level"         "show only this level and worse";
    Logs       Wrap                 "w"           "wrap"          "wrap long lines";
    Logs       Times                "t"           "times"         "show when each line was written";
    Logs       Fields               "J"           "fields"        "unfold JSON lines into their fields";
    Logs       NextMatch            "n"           ""              "the next line that matches";
    Logs       PreviousMatch        "N"           ""              "the previous line that matches";
    Logs       OnlyMatches          "o"           ""              "show matches only, or all lines with matches raised";
    Logs       Mark                 "m"           ""              "mark the line";
    Logs       Clear                "C"           ""              "forget the lines that are shown";
    Logs       WindowTail           "0"           ""              "the last lines of each role";
    Logs       WindowHead           "1"           ""              "everything from the beginning";
    Logs       Window1              "2"           ""              "the last minute";
    Logs       Window5              "3"           ""              "the last 5 minutes";
    Logs       Window15             "4"           ""              "the last 15 minutes";
    Logs       Window30             "5"           ""              "the last 30 minutes";
    Logs       Window60             "6"           ""              "the last hour";

    Query      Ask                  "a"           "ask"           "put the question to the API";
    Query      EditForm             "e i"         "edit"          "edit the form; Tab walks its fields";
    Query      EditCurl             "c"           "curl"          "edit the curl line";
    Query      NextForm             "right"       "view"          "the next view: table, chart, JSON, headers";
    Query      PreviousForm         "left"        ""              "the previous view";
    Query      Live                 "L"           "live"          "ask again every 2, 5, 15 or 60 seconds and mark what changed, or not";
    Query      Why                  "w"           "why"           "the prices behind the day, or why it has no average";
    Query      CopyCurl             "C"           ""              "copy the curl line";
    Query      Search               "/"           ""              "look for a text in JSON";
    Query      NextMatch            "n"           ""              "the next value that has it";
    Query      PreviousMatch        "N"           ""              "the previous value that has it";
    Query      Fold                 "z"           ""              "fold a part of JSON, or open it";
    Query      FoldAll              "Z"           ""              "fold all parts of JSON, or open them";
    Query      History              "h"           "history"       "questions that were asked before";

    Database   EditSql              "e i"         "sql"           "type a statement; up and down bring older ones";
    Database   NextView             "right"       "view"          "the next view: tables, running statements, rows";
    Database   PreviousView         "left"        ""              "the previous view";
    Database   StopStatement        "c"           "cancel"        "cancel the statement, or the chosen one of those that run";
    Database   Writing              "W"           "write"         "let statements write, or keep them from it";
    Database   Statements           "h"           "history"       "statements that were typed before";
    Database   NextColumn           ">"           ""              "further columns to the right";
    Database   PreviousColumn       "<"           ""              "further columns to the left";

    Events     Filter               "/"           "filter"        "show only what matches; `!` inverts, `~` is fuzzy";
    Events     AllEvents            "A"           "all"           "what happened in all environments, or in this one";

    Everywhere Up                   "u"           "up"            "bring the environment up";
    Everywhere Down                 "d"           "down"          "take the environment down; its data stays";
    Everywhere TryAgain             "R"           ""              "try again what failed";
    Everywhere Menu                 "space"       "actions"       "everything that can be done with the environment";
    Everywhere Restart              "r"           "restart"       "restart the chosen role, or all";
    Everywhere NextTab              "]"           ""              "the next tab";
    Everywhere PreviousTab          "["           "tabs"          "the previous tab";
    Everywhere NextPane             "tab"         "panes"         "the next pane";
    Everywhere PreviousPane         "shift-tab"   ""              "the previous pane";
    Everywhere NextEnvironment      "}"           ""              "the next environment";
    Everywhere PreviousEnvironment  "{"           ""              "the previous environment";
    Everywhere FullScreen           "f"           "full screen"   "the main pane alone, or all panes";
    Everywhere Beside               "v"           ""              "two tabs side by side, on 200 columns and more";
    Everywhere Swap                 "V"           ""              "the other of two tabs";
    Everywhere Stop                 "x"           "stop"          "stop the chosen role, or all";
    Everywhere Start                "S"           "start"         "start the chosen role, or all";
    Everywhere Describe             "D"           ""              "everything there is to know of the chosen role, as a tree";

    Roles      Describe             "d"           ""              "everything there is to know of the role, as a tree";

    Everywhere Logs                 "O"           ""              "the lines of the chosen role alone, or of all";
    Everywhere Shell                "s"           "shell"         "a shell beside the chosen role";
    Everywhere Psql                 "p"           "psql"          "psql on the database";
    Everywhere Palette              ": ctrl-p"    "palette"       "every action, by a few of its letters";
    Everywhere Help                 "? f1"        "help"          "the keys of the focused pane";
    Everywhere Leave                "q ctrl-c"    "leave running" "leave; environments keep running";
    Everywhere Seed                 "ctrl-r"      ""              "load the profile's seed in place of what the database holds";
    Everywhere Watch                "ctrl-w"      ""              "restart roles when their mounted code changes, or stop that";
    Everywhere DownWithData         "ctrl-x"      ""              "take the environment down and remove its data";
    Everywhere Cancel               "ctrl-k"      ""              "cancel what is being done; what is done stays";
    Everywhere CopyUrl              "U"           ""              "copy the URL of the API";
    Everywhere CopyConnection       "P"           ""              "copy the connection line of the database, without its password";

    Lists      CopyLine             "y"           "copy"          "copy the row";
    Lists      CopyVisible          "Y"           ""              "copy all rows that are on the screen";

    Everywhere Save                 "ctrl-s"      ""              "save what the pane holds to a file";
    Everywhere Wider                "+"           ""              "a wider left side";
    Everywhere Narrower             "-"           ""              "a narrower left side";
    Everywhere MouseOnOff           "M"           ""              "mouse for the dashboard, or for the terminal's own selection";
    Everywhere NextTheme            "T"           ""              "the next theme: dark, light, colour-blind, mono";
    Everywhere Suspend              "ctrl-z"      ""              "back to the shell; `fg` returns";
    Everywhere Redraw               "ctrl-l"      ""              "draw everything anew";
    Everywhere Tab(0)               "1"           ""              "Logs";
    Everywhere Tab(1)               "2"           ""              "Stats";
    Everywhere Tab(2)               "3"           ""              "Query";
    Everywhere Tab(3)               "4"           ""              "Database";
    Everywhere Tab(4)               "5"           ""              "Events";
    Everywhere Tab(5)               "6"           ""              "Config";

    Lists      Next                 "j down"      ""              "one row down";
    Lists      Previous             "k up"        ""              "one row up";
    Lists      NextPage             "pgdn ctrl-d" ""              "one page down";
    Lists      PreviousPage         "pgup ctrl-u" ""              "one page up";
    Lists      First                "g home"      ""              "the first row";
    Lists      Last                 "G end"       ""              "the last row";
    Lists      Open                 "enter"       "open"          "open what the row is about";

    Everywhere Back                 "esc"         ""              "back";
};
