//! `ratesdev parity`: two environments that answer the same, and two that do not.

use crate::support::checkout::small_dump;
use crate::support::environment::Environment;

#[test]
fn equal_environments_are_equal_and_a_changed_price_is_found_where_it_is() {
    let Some(left) = Environment::ready("left") else {
        return;
    };
    let right = Environment::ready("right").unwrap();
    let sides = ["parity", "--left", &left.name, "--right", &right.name];
    let parity = |more: &[&str]| left.run(&[&sides[..], more].concat());
    parity(&["--sample", "30"])
        .exits(0)
        .says(&["answers are equal", "--sample 30 --draw 1"]);
    right
        .checkout
        .write("db/rates.sql", small_dump([1000, 1200, 1264]));
    let file = right.checkout.path().join("db/rates.sql");
    let file = file.to_str().unwrap();
    right.run(&["seed", "--reset", "--file", file]).exits(0);
    let told = parity(&[]).exits(4);
    told.says(&[
        "rates[0].price",
        "1154.33333333333",
        "1154.66666666667",
        "differ",
    ]);
    let document = parity(&["--json"]).exits(4).json();
    let first = &document["differing"][0];
    assert_eq!(first["differences"][0]["at"], "body rates[0].price");
    assert_eq!(document["left"]["name"], format!("{}@docker", left.name));
    right.run(&["down"]).exits(0);
    parity(&[]).exits(3).says(&["E-NOT-RUNNING", &right.name]);
}
