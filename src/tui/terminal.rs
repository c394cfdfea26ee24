//! The terminal as a guard: taken when it is made, given back whole when it goes, whatever the reason.

use std::io;
use std::io::BufWriter;
use std::io::IsTerminal;
use std::io::Stdout;
use std::sync::Once;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use crossterm::clipboard::CopyToClipboard;
use crossterm::cursor;
use crossterm::event::DisableBracketedPaste;
use crossterm::event::DisableMouseCapture;
use crossterm::event::EnableBracketedPaste;
use crossterm::execute;
use crossterm::style::Print;
use crossterm::terminal;
use crossterm::terminal::EnterAlternateScreen;
use crossterm::terminal::LeaveAlternateScreen;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Position;
use ratatui::layout::Rect;
use ratatui::layout::Size;

use super::state::State;
use super::view;
use crate::error::Code;
use crate::error::Exit;
use crate::error::Explain;
use crate::error::IoError;
use crate::error::Result;

/// Bytes of one frame that go out together; a frame in pieces flickers.
const FRAME: usize = 65_536;

/// Whether the terminal is ours, so that it is given back once.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// There is no terminal to draw on.
#[derive(Debug, thiserror::Error)]
#[error("the dashboard needs a terminal, and {0} is none")]
pub struct NoTerminal(&'static str);

impl Explain for NoTerminal {
    fn code(&self) -> Code {
        Code::Usage
    }

    fn hint(&self) -> Option<String> {
        Some("`ratesdev status --watch` shows the same in plain lines; `ratesdev --help` names all commands".to_owned())
    }

    fn exit(&self) -> Exit {
        Exit::Usage
    }
}

/// The terminal while the dashboard has it.
#[derive(Debug)]
pub struct Screen {
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
    mouse: bool,
}

impl Screen {
    /// Takes the terminal.
    pub fn open() -> Result<Self> {
        if !io::stdin().is_terminal() {
            return Err(NoTerminal("the standard input").into());
        }
        if !io::stdout().is_terminal() {
            return Err(NoTerminal("the standard output").into());
        }
        give_back_before_a_panic_is_told();
        let backend = CrosstermBackend::new(BufWriter::with_capacity(FRAME, io::stdout()));
        let terminal = Terminal::new(backend).map_err(IoError::new("open the terminal"))?;
        let mut screen = Self {
            terminal,
            mouse: true,
        };
        screen.take()?;
        Ok(screen)
    }

    /// Takes the terminal, for the first time or again.
    pub fn take(&mut self) -> Result<()> {
        take(self.mouse).map_err(IoError::new("take the terminal"))?;
        self.clear()
    }

    /// Gives the terminal back for a while.
    #[expect(
        clippy::unused_self,
        reason = "whoever holds the screen may give it; nobody else does"
    )]
    pub fn give(&self) {
        give_back();
    }

    /// Its size.
    pub fn size(&self) -> Size {
        self.terminal.size().unwrap_or(Size::new(80, 24))
    }

    /// Draws what is new.
    pub fn draw(&mut self, state: &State) -> Result<()> {
        let drawn = self.terminal.draw(|frame| {
            let area = frame.area();
            let cursor = view::draw(state, area, frame.buffer_mut());
            if let Some(cursor) = cursor {
                frame.set_cursor_position(cursor);
            }
        });
        drawn.map_err(IoError::new("draw on the terminal"))?;
        Ok(())
    }

    /// Draws everything anew with the next frame.
    pub fn clear(&mut self) -> Result<()> {
        // Its own `clear` would ask the terminal where the cursor is, and the answer comes in among the keys.
        let area = Rect::from((Position::ORIGIN, self.size()));
        let cleared = self.terminal.resize(area);
        Ok(cleared.map_err(IoError::new("draw on the terminal"))?)
    }

    /// Takes the mouse, or gives it back to the terminal.
    pub fn set_mouse(&mut self, mouse: bool) -> Result<()> {
        self.mouse = mouse;
        let out = self.terminal.backend_mut();
        let done = if mouse {
            listen_to_mouse(out)
        } else {
            execute!(out, DisableMouseCapture)
        };
        Ok(done.map_err(IoError::new("switch the mouse"))?)
    }

    /// Asks the terminal to put text into the clipboard (OSC 52), which also works over SSH.
    pub fn copy(&mut self, text: &str) -> Result<()> {
        let out = self.terminal.backend_mut();
        let written = execute!(out, CopyToClipboard::to_clipboard_from(text));
        Ok(written.map_err(IoError::new("copy"))?)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

/// Clicks, the wheel, and moves while a button is held. crossterm's own command asks for every move, which is a message
/// for every cell.
#[cfg(unix)]
fn listen_to_mouse(out: &mut impl io::Write) -> io::Result<()> {
    execute!(out, Print("\x1b[?1002h\x1b[?1006h"))
}

/// Clicks and the wheel, and whatever comes along with them here.
#[cfg(not(unix))]
fn listen_to_mouse(out: &mut impl io::Write) -> io::Result<()> {
    execute!(out, crossterm::event::EnableMouseCapture)
}

fn take(mouse: bool) -> io::Result<()> {
    TAKEN.store(true, Ordering::SeqCst);
    terminal::enable_raw_mode()?;
    let mut out = io::stdout();
    execute!(
        out,
        EnterAlternateScreen,
        EnableBracketedPaste,
        cursor::Hide
    )?;
    if mouse {
        listen_to_mouse(&mut out)?;
    }
    Ok(())
}

/// Nothing can be done about a terminal that does not take itself back.
fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    drop(execute!(
        io::stdout(),
        DisableMouseCapture,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        cursor::Show
    ));
    drop(terminal::disable_raw_mode());
}

/// What a panic has to say would be lost on the alternate screen.
fn give_back_before_a_panic_is_told() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let tell = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            give_back();
            tell(panic);
        }));
    });
}

/// Stops this process as Ctrl-Z does elsewhere; it returns when the shell goes on with it.
#[cfg(unix)]
pub fn stop() -> io::Result<()> {
    use rustix::process::Signal;

    Ok(rustix::process::kill_process_group(
        rustix::process::getpgrp(),
        Signal::TSTP,
    )?)
}

/// There is no such thing here.
#[cfg(not(unix))]
pub fn stop() -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::Command;

    use super::*;

    /// Where the test below finds it.
    const FAULT: &str = "tui::terminal::tests::it_fails_while_it_has_the_terminal";

    #[test]
    #[ignore = "the next test runs it, in a terminal of its own"]
    fn it_fails_while_it_has_the_terminal() {
        let _screen = Screen::open().unwrap();
        panic!("as a fault would");
    }

    #[test]
    fn a_panic_is_told_after_the_terminal_was_given_back() {
        let program = std::env::current_exe().unwrap();
        let line = format!(
            "'{}' --ignored --exact {FAULT} --nocapture; stty -a",
            program.display()
        );
        let ran = Command::new("script")
            .args(["--quiet", "--return", "--command", &line, "/dev/null"])
            .env("TERM", "xterm-256color")
            .output()
            .unwrap();
        let shown = String::from_utf8_lossy(&ran.stdout);
        let at = |words: &str| {
            shown
                .find(words)
                .ok_or_else(|| (words.to_owned(), &shown))
                .unwrap()
        };
        assert!(at("\x1b[?1049h") < at("\x1b[?1049l"));
        assert!(at("\x1b[?1049l") < at("as a fault would"));
        assert!(at("as a fault would") < at(" icanon"));
    }
}
