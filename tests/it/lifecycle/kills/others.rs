//! Commands that are killed, and another one that comes next.

use super::DOWN_WITH_DATA;
use super::SEED;
use super::SEEDS;
use super::Scene;
use super::Victim;
use super::kill_after;
use super::killed_often;
use super::kills_wanted;
use super::passes;
use crate::support::environment::Kind;
use crate::support::environment::on_every_engine;
use crate::support::home::kill;
use crate::support::random::Random;
use crate::support::terminal::Terminal;

on_every_engine! {
    whatever_is_killed_down_takes_everything_away,
    whatever_is_killed_up_makes_everything_right,
    a_seed_that_is_killed_survives_a_restart,
    a_dashboard_that_is_killed_is_gone_on_with_by_up,
}

/// A command that is killed, and another that is run then.
fn then(
    begin: fn(&Victim),
    arguments: &'static [&'static str],
    next: &'static [&'static str],
    verify: fn(&Victim),
) -> Scene {
    Scene {
        next,
        ..Scene::again(begin, arguments, verify)
    }
}

fn whatever_is_killed_down_takes_everything_away(kind: Kind) {
    let scene = |begin, arguments| then(begin, arguments, DOWN_WITH_DATA, Victim::stays_gone);
    killed_often(
        kind,
        "kill-then-down",
        &[
            scene(Victim::is_nothing_without_an_image, &["up"]),
            scene(Victim::is_its_data, &["up"]),
            scene(Victim::is_up, &["up", "--recreate"]),
            scene(|victim| victim.wants(SEEDS[1]), SEED),
            scene(Victim::is_up, &["restart"]),
        ],
    );
}

fn whatever_is_killed_up_makes_everything_right(kind: Kind) {
    let scene = |begin, arguments| then(begin, arguments, &["up"], Victim::is_whole);
    killed_often(
        kind,
        "kill-then-up",
        &[
            scene(Victim::is_up, &["down"]),
            scene(Victim::is_up, DOWN_WITH_DATA),
            scene(Victim::is_up, &["restart"]),
            scene(Victim::is_up, &["stop"]),
            scene(Victim::is_up, &["up", "--recreate"]),
            then(Victim::is_up, &["stop"], &["start"], Victim::is_whole),
        ],
    );
}

/// A load goes on without its command, and then without its database.
fn a_seed_that_is_killed_survives_a_restart(kind: Kind) {
    let scene = |begin, verify| then(begin, SEED, &["restart"], verify);
    killed_often(
        kind,
        "kill-then-restart",
        &[
            scene(
                |victim| victim.wants(SEEDS[1]),
                |victim| victim.can_hold(SEEDS[1]),
            ),
            scene(
                |victim| victim.wants(SEEDS[0]),
                |victim| victim.can_hold(SEEDS[0]),
            ),
        ],
    );
}

fn a_dashboard_that_is_killed_is_gone_on_with_by_up(kind: Kind) {
    let Some(victim) = Victim::new(kind, "kill-tui") else {
        return;
    };
    victim.is_up();
    victim.is_nothing();
    let span = victim.takes(&["up"]);
    let mut random = Random::new();
    for _ in 0..kills_wanted() / 2 {
        victim.is_nothing();
        let terminal = Terminal::open(&victim.environment.command(&[]), (120, 36));
        terminal.line("$R up --tui");
        let dashboard = terminal.child_of_shell().parse().unwrap();
        let after = random.below(span);
        passes(after, || false);
        kill(dashboard);
        eprintln!("killed after {after:?}");
        victim.environment.run(&["up"]).exits(0);
        victim.is_whole();
    }
    victim.leaves_nothing();
}

#[test]
fn an_up_that_watches_and_is_killed_while_a_role_restarts_is_gone_on_with_by_up() {
    let Some(victim) = Victim::new(Kind::Docker, "kill-watch") else {
        return;
    };
    let checkout = &victim.environment.checkout;
    let mounted = "[api]\nsync = [\"../code:/app\"]\nrestart_on_change = true";
    checkout.edit("profiles/dev.toml", "[api]", mounted);
    checkout.write("code/main.py", "");
    victim.is_up();
    let span = victim.takes(&["restart", "api"]);
    let mut random = Random::new();
    for number in 0..kills_wanted() {
        let watching = victim.environment.start(&["up", "--watch"]);
        watching.wait_for("Ctrl-C ends that");
        checkout.write("code/main.py", number.to_string());
        watching.wait_for("main.py has changed");
        kill_after(watching, random.below(span));
        victim.environment.run(&["up"]).exits(0);
        victim.is_whole();
    }
    victim.leaves_nothing();
}

impl Victim {
    /// Answers, whichever seed it holds, and takes this one.
    fn can_hold(&self, prices: [u32; 3]) {
        self.environment.answers();
        self.environment.run(SEED).exits(0);
        self.holds(prices);
    }
}
