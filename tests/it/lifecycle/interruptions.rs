//! Commands that are cut off, gently or not.

use crate::support::checkout::slow_dump;
use crate::support::environment::Environment;
use crate::support::environment::Kind;
use crate::support::environment::on_every_engine;
use crate::support::eventually;

on_every_engine! {
    ctrl_c_ends_an_up_with_130_and_the_next_goes_on,
    a_killed_reset_leaves_the_old_data_served_and_the_next_one_works,
    a_load_goes_on_without_its_manager_and_leaves_nothing_behind,
    a_load_that_is_killed_is_reported_and_leaves_the_old_data_served,
    a_database_that_is_killed_during_a_load_is_an_error_and_the_next_run_works,
}

fn ctrl_c_ends_an_up_with_130_and_the_next_goes_on(kind: Kind) {
    let Some(interrupted) = Environment::small_on(kind, "interrupted") else {
        return;
    };
    interrupted.checkout.write("db/rates.sql", slow_dump(4));
    for moment in ["volumes", "database"] {
        let up = interrupted.start(&["up"]);
        up.wait_for(moment);
        up.interrupt();
        let ended = up.finish().exits(130);
        ended.says(&["E-INTERRUPTED", "stopped half-way"]);
    }
    interrupted.run(&["up"]).exits(0);
    interrupted.is_whole();
}

fn a_killed_reset_leaves_the_old_data_served_and_the_next_one_works(kind: Kind) {
    let Some(reset) = Environment::ready_on(kind, "reset") else {
        return;
    };
    let before = reset.loaded_at();
    reset.checkout.write("db/rates.sql", slow_dump(3));
    let seed = reset.start(&["seed", "--reset"]);
    wait_for_the_load(&reset);
    seed.kill();
    reset.answers();
    assert_eq!(reset.loaded_at(), before, "the load is not done");
    reset.run(&["seed", "--reset"]).exits(0);
    assert_ne!(reset.loaded_at(), before);
    reset.is_whole();
}

fn a_load_goes_on_without_its_manager_and_leaves_nothing_behind(kind: Kind) {
    let Some(alone) = Environment::ready_on(kind, "alone") else {
        return;
    };
    let before = alone.loaded_at();
    alone.checkout.write("db/rates.sql", slow_dump(2));
    let seed = alone.start(&["seed", "--reset"]);
    wait_for_the_load(&alone);
    seed.kill();
    eventually("the load has ended", || {
        (alone.databases() == "postgres rates").then_some(())
    });
    assert_ne!(alone.loaded_at(), before);
    alone.run(&["up"]).exits(0);
    alone.is_whole();
}

fn a_load_that_is_killed_is_reported_and_leaves_the_old_data_served(kind: Kind) {
    let Some(shot) = Environment::ready_on(kind, "shot") else {
        return;
    };
    shot.checkout.write("db/rates.sql", slow_dump(20));
    let seed = shot.start(&["seed", "--reset"]);
    wait_for_the_load(&shot);
    shot.kill("seed");
    seed.finish().exits(1).says(&["E-ROLE-DIED", "hint:"]);
    shot.answers();
    shot.checkout.write("db/rates.sql", slow_dump(0));
    shot.run(&["seed", "--reset"]).exits(0);
    shot.is_whole();
}

fn a_database_that_is_killed_during_a_load_is_an_error_and_the_next_run_works(kind: Kind) {
    let Some(felled) = Environment::small_on(kind, "felled") else {
        return;
    };
    felled.checkout.write("db/rates.sql", slow_dump(20));
    let up = felled.start(&["up"]);
    wait_for_the_load(&felled);
    felled.kill("database");
    up.finish()
        .exits(1)
        .says(&["E-DATABASE-UNREACHABLE", "hint:"]);
    felled.checkout.write("db/rates.sql", slow_dump(0));
    felled.run(&["up"]).exits(0);
    felled.is_whole();
}

/// Waits until the scratch database is being filled.
fn wait_for_the_load(environment: &Environment) {
    let sleeping = "select count(*) from pg_stat_activity
        where datname = 'rates_loading' and query like '%pg_sleep%' and pid <> pg_backend_pid()";
    eventually("the load is in its middle", || {
        let asked = environment.try_sql("postgres", sleeping);
        (asked.as_deref() == Some("1")).then_some(())
    });
}
