//! What is answered.

use serde_json::Value;
use serde_json::json;

use super::Api;
use super::NONE;
use super::answer;
use super::question;
use super::rates;
use crate::support::http::get;

#[test]
fn every_day_is_answered_newest_first_with_an_average_from_three_prices_on() {
    let postgres = rates();
    let api = Api::start(&postgres, &[]);
    let expected = answer([
        (json!(3), json!(1_154.333_333_333_33)),
        (json!(2), Value::Null),
        NONE,
    ]);
    assert_eq!(api.rates("CNGGZ", "EETLL"), (200, expected));
    let raw = get(api.address, &question("CNGGZ", "EETLL")).unwrap();
    let text = String::from_utf8(raw.body.clone()).unwrap();
    assert!(
        text.starts_with(r#"{"rates":[{"count":3,"day":"2021-01-31","price":1154.33333333333},"#),
        "{text}"
    );
    assert_eq!(raw.header("content-type"), "application/json");
    assert_eq!(raw.header("cache-control"), "no-cache");
    assert_eq!(
        api.rates("EETLL", "CNGGZ"),
        (200, answer([NONE, NONE, NONE]))
    );
    api.stop();
}

#[test]
fn a_region_stands_for_its_ports_and_those_of_all_regions_below_it() {
    let postgres = rates();
    let api = Api::start(&postgres, &[]);
    let three = (json!(3), json!(1_154.333_333_333_33));
    let cases = [
        ("CNGGZ", "baltic", (json!(2), Value::Null)),
        ("china_main", "northern_europe", (json!(3), json!(1000.0))),
        ("china_main", "europe", (json!(4), json!(875.0))),
    ];
    for (orig, dest, thirtieth) in cases {
        let expected = answer([three.clone(), thirtieth, NONE]);
        assert_eq!(api.rates(orig, dest), (200, expected), "{orig} → {dest}");
    }
    let nothing = answer([NONE, NONE, NONE]);
    assert_eq!(
        api.rates("china_main", "antarctica"),
        (200, nothing.clone())
    );
    assert_eq!(api.rates("northern_europe", "GBFXT"), (200, nothing));
    api.stop();
}

#[test]
fn an_unknown_place_is_not_found_and_the_nearest_known_ones_are_named() {
    let postgres = rates();
    let api = Api::start(&postgres, &[]);
    let (status, problem) = api.rates("CNGGX", "northern_europa");
    assert_eq!(
        (status, &problem["type"]),
        (404, &json!("urn:rates:problem:unknown-place"))
    );
    let details: Vec<_> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| &e["detail"])
        .collect();
    let port = details[0].as_str().unwrap();
    assert!(
        port.starts_with("there is no port CNGGX; the nearest known: CNGGZ"),
        "{port}"
    );
    let region = "there is no region northern_europa; the nearest known: northern_europe";
    assert_eq!(details[1], region);
    let (status, problem) = api.rates("cnggz", "EETLL");
    assert_eq!(status, 404);
    let detail = problem["detail"].as_str().unwrap();
    let begin = "orig_code: there is no region cnggz; the nearest known: CNGGZ";
    assert!(detail.starts_with(begin), "{detail}");
    api.stop();
}

#[test]
fn the_prices_behind_an_average_are_told() {
    let postgres = rates();
    let api = Api::start(&postgres, &[]);
    let ask = |ends: &str| {
        let path = format!("/prices?date_from=2021-01-30&date_to=2021-01-30&{ends}");
        get(api.address, &path).unwrap()
    };
    let price = |orig: &str, dest: &str, price: i32| json!({"orig_code": orig, "dest_code": dest, "day": "2021-01-30", "price": price});
    let between_ports = ask("orig_code=CNGGZ&dest_code=EETLL").json();
    let two = [price("CNGGZ", "EETLL", 1000), price("CNGGZ", "EETLL", 1100)];
    assert_eq!(between_ports, json!({"prices": two, "truncated": false}));
    let between_regions = ask("orig_code=china_main&dest_code=northern_europe").json();
    let [first, second] = two;
    let three = [first, second, price("CNSGH", "SEGOT", 900)];
    assert_eq!(between_regions["prices"], json!(three));
    assert_eq!(
        ask("orig_code=SEGOT&dest_code=CNGGZ").json()["prices"],
        json!([])
    );
    let unknown = ask("orig_code=CNGGX&dest_code=EETLL");
    assert_eq!(
        (unknown.status, unknown.header("content-type")),
        (404, "application/problem+json")
    );
}

#[test]
fn every_port_and_region_is_told_and_who_has_the_list_is_told_that_it_holds() {
    let postgres = rates();
    let api = Api::start(&postgres, &[]);
    let reply = get(api.address, "/places").unwrap();
    let places = reply.json();
    assert_eq!((reply.status, &places["truncated"]), (200, &json!(false)));
    assert_eq!(
        places["ports"][0],
        json!({"code": "CNGGZ", "name": "Guangzhou", "region": "china_south"})
    );
    assert_eq!(places["ports"].as_array().unwrap().len(), 5);
    let europe = json!({"slug": "europe", "name": "Europe", "parent": null});
    assert!(
        places["regions"].as_array().unwrap().contains(&europe),
        "{places}"
    );
    postgres.sql("rates", "drop table prices, ports, regions");
    assert_eq!(get(api.address, "/places").unwrap().status, 503);
}
