//! Several environments of one checkout, and their ends.

use std::rc::Rc;

use crate::support::checkout::Checkout;
use crate::support::environment::Environment;
use crate::support::environment::Kind;
use crate::support::environment::on_every_engine;

on_every_engine! {
    environments_of_one_checkout_live_and_end_by_themselves,
}

fn environments_of_one_checkout_live_and_end_by_themselves(kind: Kind) {
    let checkout = Rc::new(Checkout::small());
    let Some(one) = Environment::on(kind, "one", &checkout) else {
        return;
    };
    let other = Environment::on(kind, "other", &checkout).unwrap();
    let both = [
        one.start(&["up"]),
        other.start(&["up", "--set", "protected=true"]),
    ];
    for up in both {
        up.finish().exits(0);
    }
    one.answers();
    other.answers();
    down_keeps_the_data_and_the_other_environment(&one, &other);
    data_goes_only_when_it_is_given_up(&one);
    other.answers();
    protected_data_does_not_go_by_yes_alone(&other);
}

fn down_keeps_the_data_and_the_other_environment(one: &Environment, other: &Environment) {
    let loaded_at = one.loaded_at();
    one.run(&["down"])
        .exits(0)
        .says(&["is down", "its data is kept"]);
    one.is_down();
    one.run(&["down"])
        .exits(0)
        .says(&["down already", "its data is kept"]);
    one.run(&["status"]).exits(3).says(&["E-NOT-RUNNING"]);
    other.answers();
    one.run(&["up"]).exits(0);
    assert_eq!(one.loaded_at(), loaded_at);
    one.answers();
}

fn data_goes_only_when_it_is_given_up(one: &Environment) {
    let refused = one.run(&["down", "-v"]).exits(1);
    refused.says(&["E-PROTECTED", "nobody is there to be asked", "--yes"]);
    one.answers();
    one.run(&["down", "-v", "--yes"]).exits(0);
    one.is_gone();
    one.run(&["down", "-v", "--yes"])
        .exits(0)
        .says(&["nothing of", "is there"]);
}

fn protected_data_does_not_go_by_yes_alone(other: &Environment) {
    let refused = other.run(&["down", "-v", "--yes"]).exits(1);
    refused.says(&["E-PROTECTED", "is protected", "hint:"]);
    other.answers();
}
