//! How PostgreSQL carries out what the API asks of it.

use serde_json::json;

use super::Api;
use super::answer;
use super::rates;

const BETWEEN_PORTS: &str = include_str!("../../../src/api/rates/between_ports.sql");
const BETWEEN_PLACES: &str = include_str!("../../../src/api/rates/between_places.sql");

/// The plan that is kept for any question of this statement, among prices of two years between all ports.
fn plan(statement: &str, settings: &str, question: &str) -> String {
    let postgres = rates();
    let mut client = postgres.client("rates");
    client
        .batch_execute(&format!(
            "insert into prices
                 select orig.code, dest.code, date '2020-01-01' + day, 1000 + day
                 from ports orig, ports dest, generate_series(0, 729) day;
             prepare asked (text, text, date, date) as {statement};
             set plan_cache_mode = force_generic_plan; {settings}"
        ))
        .unwrap();
    client.batch_execute("vacuum analyze prices").unwrap();
    let plan = client
        .query(&format!("explain execute asked ({question})"), &[])
        .unwrap();
    let plan: Vec<String> = plan.iter().map(|row| row.get(0)).collect();
    plan.join("\n")
}

#[test]
fn the_hot_path_reads_the_index_alone() {
    let question = "'CNGGZ', 'EETLL', '2021-01-01', '2021-01-31'";
    let plan = plan(BETWEEN_PORTS, "", question);
    assert!(
        plan.contains("Index Only Scan using prices_by_ports_and_day"),
        "{plan}"
    );
}

#[test]
fn prices_between_regions_are_counted_by_day_and_not_sorted() {
    let question = "'china_main', 'europe', '2021-01-01', '2021-01-31'";
    let plan = plan(
        BETWEEN_PLACES,
        "set enable_sort = off; set jit = off",
        question,
    );
    assert!(plan.starts_with("HashAggregate"), "{plan}");
    assert!(plan.contains("Index Only Scan"), "{plan}");
    assert!(!plan.contains("Sort"), "{plan}");
}

/// The prices are replaced by what the session that reads them has for its settings.
#[test]
fn the_sessions_of_the_api_do_not_sort_nor_compile_and_write_nothing() {
    let postgres = rates();
    let view = "
        alter table prices rename to real_prices;
        create view prices as
        select 'CNGGZ'::text as orig_code, 'EETLL'::text as dest_code, date '2021-01-29' + place as day,
            case setting when expected then 1 else 0 end as price
        from generate_series(1, 3), (values
            (0, current_setting('enable_sort'), 'off'),
            (1, current_setting('jit'), 'off'),
            (2, current_setting('default_transaction_read_only'), 'on')
        ) as settings (place, setting, expected)";
    postgres.client("rates").batch_execute(view).unwrap();
    let api = Api::start(&postgres, &[]);
    let as_expected = || (json!(3), json!(1.0));
    let expected = answer([as_expected(), as_expected(), as_expected()]);
    assert_eq!(api.rates("CNGGZ", "EETLL"), (200, expected));
    api.stop();
}
