//! The clipboards of the system, through the programs that come with them: not every terminal passes OSC 52 on.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::timeout;

/// How long a program may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// A program that takes what it reads into a clipboard.
type Program = &'static [&'static str];

/// The programs for this terminal and this desktop, by the variables that they set.
fn programs(is_set: impl Fn(&str) -> bool) -> Vec<Program> {
    let known: [(bool, Program); 6] = [
        // Asks the terminal around it too, which it does not do for those inside.
        (is_set("TMUX"), &["tmux", "load-buffer", "-w", "-"]),
        (cfg!(target_os = "macos"), &["pbcopy"]),
        (is_set("WAYLAND_DISPLAY"), &["wl-copy"]),
        (is_set("DISPLAY"), &["xclip", "-selection", "clipboard"]),
        (is_set("DISPLAY"), &["xsel", "--clipboard", "--input"]),
        (is_set("WSL_DISTRO_NAME"), &["clip.exe"]),
    ];
    let here = known.into_iter().filter(|(here, _)| *here);
    here.map(|(_, program)| program).collect()
}

/// Puts text into every clipboard there is a program for. One that is not installed is not missed: the terminal was
/// asked as well.
pub async fn fill(text: String) {
    for program in programs(|name| std::env::var_os(name).is_some()) {
        drop(timeout(PATIENCE, feed(program, &text)).await);
    }
}

async fn feed(program: Program, text: &str) -> std::io::Result<()> {
    let (name, arguments) = program.split_first().unwrap_or((&"", &[]));
    let mut child = Command::new(name)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(text.as_bytes()).await?;
    }
    child.wait().await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clipboards_are_those_of_the_terminal_and_the_desktop() {
        let names = |set: &[&str]| {
            let programs = programs(|name| set.contains(&name)).into_iter();
            let names = programs.filter_map(|program| program.first().copied());
            names.filter(|name| *name != "pbcopy").collect::<Vec<_>>()
        };
        assert!(names(&[]).is_empty());
        assert_eq!(names(&["TMUX"]), ["tmux"]);
        assert_eq!(names(&["DISPLAY", "TMUX"]), ["tmux", "xclip", "xsel"]);
        assert_eq!(names(&["WAYLAND_DISPLAY"]), ["wl-copy"]);
    }
}
