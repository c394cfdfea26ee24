//! Days on which the world is not as the dashboard would like it.

use std::io::Read;
use std::io::Write;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::net::TcpStream;

use crate::support::docker;
use crate::support::docker::docker;
use crate::support::engine::PrivateEngine;
use crate::support::environment::Environment;
use crate::support::environment::Kind;
use crate::support::eventually;
use crate::support::terminal::Terminal;

/// What a role writes that wants to take the terminal over, and what it writes after that.
const WILD: &str = r"
head -c 1000000 /dev/zero | tr '\0' x; echo
printf '\377\376 broken \303\n'
printf '\033[2J\033]0;taken\007\033[?1049l\033[31mred\n'
printf '\302\2331m\342\200\256backwards\177\n'
printf '\345\271\277\345\267\236 e\314\201\314\201 wide\n'
sleep 1
echo the last of it
exec sleep 600
";

/// How much an answer may be that is far too long.
const TOO_MUCH: usize = 10_000_000;

/// Bytes that are pasted by mistake.
const PASTE: usize = 1_000_000;

/// A dashboard of this environment.
fn dashboard(environment: &Environment, size: (u16, u16)) -> Terminal {
    let terminal = Terminal::open(&environment.command(&[]), size);
    terminal.line("$R");
    terminal
}

/// The dashboard ends when it is asked to, and the terminal is as it was.
fn leave(terminal: &Terminal) {
    terminal.key("C-c");
    terminal.prompts(2);
    terminal.line("stty -a | grep -o ' -icanon' | wc -l");
    terminal.shows("\n0\n");
}

#[test]
fn an_engine_that_is_killed_under_the_dashboard_is_told_and_taken_up_again() {
    let Some(mut engine) = PrivateEngine::start(1500) else {
        return;
    };
    let environment = Environment::ready("watched").unwrap();
    let terminal = dashboard(&environment, (120, 36));
    terminal.shows("known day");
    terminal.shows("listening");
    for signal in ["TERM", "KILL"] {
        engine.stop(signal);
        terminal.shows("docker does not answer");
        terminal.shows("listening");
        engine.start_again();
        terminal.shows("docker answers again");
        // Containers of an Engine that was killed stay down until somebody wants them.
        terminal.key("u");
        terminal.shows(&format!("{} is ready", environment.name));
        terminal.shows("✓ known day");
    }
    leave(&terminal);
    environment.answers();
}

#[test]
fn a_role_that_is_removed_under_the_cursor_is_brought_back() {
    let Some(environment) = Environment::ready("vanish") else {
        return;
    };
    let terminal = dashboard(&environment, (120, 36));
    terminal.shows("known day");
    terminal.key("Tab");
    terminal.shows("restarted");
    terminal.key("Up");
    docker(&["rm", "--force", &environment.container("api")]);
    terminal.shows("nothing can be checked");
    // A terminal may tell Escape and the next key as one, so that the last one is another.
    for key in ["Enter", "Up", "Escape", "Escape", "End"] {
        terminal.key(key);
    }
    terminal.key("u");
    terminal.shows("is ready in");
    terminal.shows("✓ known day");
    leave(&terminal);
    environment.answers();
}

#[test]
fn a_role_that_writes_anything_whatever_neither_takes_the_terminal_nor_hides_what_follows() {
    let Some(environment) = Environment::small("wild") else {
        return;
    };
    container(&environment.name, &environment.name, "run", WILD);
    let terminal = dashboard(&environment, (120, 36));
    terminal.shows("the last of it");
    terminal.shows(" wide");
    terminal.shows("broken");
    terminal.shows("red");
    for key in ["w", "J", "Up", "Up", "Enter", "Escape", "g", "G"] {
        terminal.key(key);
    }
    terminal.shows("the last of it");
    terminal.shows("Logs   Stats");
    assert_eq!(terminal.ask("#{alternate_on}"), "1");
    assert_ne!(terminal.ask("#{pane_title}"), "taken");
    leave(&terminal);
}

/// A container that is taken for the only role of an environment, because of its labels.
fn container(environment: &str, name: &str, how: &str, script: &str) {
    let label = |key: &str, value: &str| format!("--label=dev.ratesdev.{key}={value}");
    let (of, role) = (label("environment", environment), label("role", "talker"));
    let name = format!("--name={name}-talker");
    let mut words = vec![
        how,
        &of,
        &role,
        &name,
        "--network=none",
        "--entrypoint=bash",
    ];
    if how == "run" {
        words.push("--detach");
    }
    let image = docker::postgres_image();
    docker(&[&words[..], &[&image, "-c", script]].concat());
}

/// Containers of many environments, removed when dropped.
struct Many(Vec<String>);

impl Drop for Many {
    fn drop(&mut self) {
        let names: Vec<_> = self.0.iter().map(|name| format!("{name}-talker")).collect();
        let words = ["rm", "--force", "--volumes"].into_iter();
        let words: Vec<_> = words.chain(names.iter().map(String::as_str)).collect();
        drop(docker::attempt(&words));
    }
}

#[test]
fn a_hundred_environments_are_walked_and_the_chosen_one_is_seen() {
    let Some(environment) = Environment::small("many") else {
        return;
    };
    let name = |number| format!("{}-{number:03}", environment.name);
    let many = Many((1..=100).map(name).collect());
    for name in &many.0 {
        container(name, name, "create", "");
    }
    let mut command = environment.command(&[]);
    command.env("RATESDEV_ENV", &many.0[49]);
    let terminal = Terminal::open(&command, (80, 24));
    terminal.line("$R");
    terminal.shows(&many.0[49]);
    terminal.shows("talker");
    // There are more than fit into the line.
    terminal.shows("›");
    terminal.key("}");
    terminal.shows("‹");
    terminal.key("{");
    terminal.shows(&many.0[49]);
    leave(&terminal);
}

#[test]
fn a_terminal_of_20x5_and_a_storm_of_sizes_leave_the_dashboard_as_it_was() {
    let environment = Environment::small_on(Kind::Embedded, "sizes").unwrap();
    let terminal = dashboard(&environment, (20, 5));
    terminal.shows("nothing of");
    for step in 0..100 {
        terminal.resize(10 + step * 37 % 190, 3 + step * 13 % 60);
    }
    terminal.resize(120, 36);
    terminal.shows("nothing runs here");
    terminal.shows("q leave running");
    leave(&terminal);
}

#[test]
fn an_api_that_answers_garbage_late_or_far_too_much_is_shown_as_it_is() {
    let environment = Environment::small_on(Kind::Embedded, "garbage").unwrap();
    let server = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = server.local_addr().unwrap();
    std::thread::spawn(move || server.incoming().flatten().for_each(answer));
    let terminal = dashboard(&environment, (120, 36));
    terminal.shows("nothing to read");
    terminal.key("]");
    terminal.key("]");
    ask(&terminal, address, "garbage");
    terminal.shows("E-API-UNREACHABLE");
    ask(&terminal, address, "words");
    terminal.shows("neither rates nor JSON");
    ask(&terminal, address, "much");
    terminal.shows("the API answered 200");
    // While an answer is awaited, everything else goes on, and another question does not wait for it.
    ask(&terminal, address, "never");
    terminal.key("?");
    terminal.shows("Everywhere");
    terminal.key("Escape");
    terminal.hides("Everywhere");
    ask(&terminal, address, "words");
    terminal.shows("neither rates nor JSON");
    ask(&terminal, address, "never");
    terminal.shows("E-API-UNREACHABLE");
    leave(&terminal);
}

fn ask(terminal: &Terminal, address: SocketAddr, path: &str) {
    terminal.key("c");
    terminal.key("C-u");
    terminal.line(&format!("curl 'http://{address}/{path}'"));
}

/// Answers as nobody should.
fn answer(mut stream: TcpStream) {
    let mut request = [0; 1024];
    let length = stream.read(&mut request).unwrap_or(0);
    let request = String::from_utf8_lossy(&request[..length]).into_owned();
    let head = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
    let sent = if request.contains("/garbage") {
        stream.write_all(b"\x00\xff\x1b[2J this is no HTTP\r\n\r\n")
    } else if request.contains("/words") {
        stream.write_all(format!("{head}\x1b[2Jneither rates nor JSON\n").as_bytes())
    } else if request.contains("/much") {
        stream.write_all(format!("{head}[{}0]", "10,".repeat(TOO_MUCH / 3)).as_bytes())
    } else {
        // It stays open, and nothing is said, until the other side has had enough.
        stream.read(&mut [0; 1]).map(|_| ())
    };
    drop(sent);
}

#[test]
fn without_colours_utf_8_and_a_mouse_everything_is_there_in_ascii() {
    let environment = Environment::small_on(Kind::Embedded, "plain").unwrap();
    let mut command = environment.command(&[]);
    command
        .env("LC_ALL", "C")
        .env("LANG", "C")
        .env("NO_COLOR", "1");
    let terminal = Terminal::open(&command, (120, 36));
    terminal.line("TERM=dumb $R");
    terminal.shows("nothing runs here");
    terminal.key("?");
    terminal.shows("Everywhere");
    let screen = terminal.screen();
    assert!(screen.is_ascii(), "{screen}");
    let painted = terminal.painted();
    let colours = [
        "\x1b[30", "\x1b[31", "\x1b[32", "\x1b[33", "38;", "48;", "\x1b[9",
    ];
    let coloured = colours.iter().any(|colour| painted.contains(colour));
    assert!(!coloured, "{painted:?}");
    terminal.key("Escape");
    terminal.hides("Everywhere");
    assert_eq!(terminal.ask("#{mouse_any_flag}"), "1");
    terminal.key("M");
    eventually("the mouse is the terminal's again", || {
        (terminal.ask("#{mouse_any_flag}") == "0").then_some(())
    });
    leave(&terminal);
}

#[test]
fn a_paste_of_a_megabyte_into_an_input_is_cut_and_the_next_key_counts() {
    let environment = Environment::small_on(Kind::Embedded, "paste").unwrap();
    let terminal = dashboard(&environment, (120, 36));
    terminal.shows("nothing to read");
    terminal.key("/");
    terminal.paste(&"x".repeat(PASTE));
    terminal.shows("xxxxxxxxxx");
    terminal.key("Escape");
    terminal.hides("xxxxxxxxxx");
    terminal.key(":");
    terminal.paste(&"line\n".repeat(PASTE / 5));
    terminal.shows("line");
    terminal.key("Escape");
    terminal.shows("nothing to read");
    leave(&terminal);
}

#[test]
fn a_terminal_that_goes_takes_its_dashboard_with_it_and_nothing_else() {
    let Some(environment) = Environment::ready("closed") else {
        return;
    };
    let terminal = dashboard(&environment, (120, 36));
    terminal.shows("known day");
    let process = terminal.child_of_shell();
    drop(terminal);
    eventually("the dashboard has ended", || {
        (!std::path::Path::new(&format!("/proc/{process}")).exists()).then_some(())
    });
    environment.answers();
}
