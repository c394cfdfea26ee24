//! The folder of all environments, usable or not.

use std::rc::Rc;

use crate::support::checkout::Checkout;
use crate::support::environment::Environment;
use crate::support::home::Home;

#[test]
fn a_long_path_with_spaces_and_other_letters_works() {
    let name = format!("a folder für alles/{}", "long ".repeat(20).trim());
    let home = Home::named(&name);
    let odd = Environment::embedded("odd", &Rc::new(Checkout::small()), home);
    odd.run(&["up"]).exits(0);
    odd.is_whole();
    odd.run(&["down", "-v", "--yes"]).exits(0);
    odd.is_gone();
}

#[test]
fn a_home_that_cannot_be_written_is_an_error_that_says_how_to_choose_another() {
    let home = Home::named("file/below");
    std::fs::write(home.path().parent().unwrap(), "no folder").unwrap();
    let nowhere = Environment::embedded("nowhere", &Rc::new(Checkout::small()), home);
    let refused = nowhere.run(&["up"]).exits(1);
    refused.says(&["E-HOME", "hint:", "RATESDEV_HOME"]);
}
