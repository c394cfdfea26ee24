//! Several commands about one environment at the same time.

use crate::support::environment::Environment;
use crate::support::environment::Kind;
use crate::support::environment::on_every_engine;

on_every_engine! {
    two_ups_at_once_take_turns_and_both_end_well,
    a_command_that_waits_for_another_can_be_interrupted,
}

fn two_ups_at_once_take_turns_and_both_end_well(kind: Kind) {
    let Some(shared) = Environment::small_on(kind, "shared") else {
        return;
    };
    let first = shared.start(&["up"]);
    first.wait_for("volumes");
    let second = shared.start(&["up", "--wait-timeout", "60"]);
    second.wait_for("waiting for `ratesdev up` (process ");
    first.finish().exits(0).says(&["is ready in"]);
    second.finish().exits(0).says(&["nothing had to change"]);
    shared.answers();
}

fn a_command_that_waits_for_another_can_be_interrupted(kind: Kind) {
    let Some(shared) = Environment::small_on(kind, "waiting") else {
        return;
    };
    let first = shared.start(&["up"]);
    first.wait_for("volumes");
    let second = shared.start(&["down"]);
    second.wait_for("waiting for `ratesdev up`");
    second.interrupt();
    second.finish().exits(130).says(&["E-INTERRUPTED"]);
    first.finish().exits(0);
    shared.answers();
}
