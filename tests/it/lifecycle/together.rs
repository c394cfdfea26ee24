//! Several commands about one environment at the same time.

use crate::support::environment::Environment;

#[test]
fn two_ups_at_once_take_turns_and_both_end_well() {
    let Some(shared) = Environment::small("shared") else {
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

#[test]
fn a_command_that_waits_for_another_can_be_interrupted() {
    let Some(shared) = Environment::small("waiting") else {
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
