//! A dump that is larger than the memory of a load.

use std::io::BufRead;
use std::io::BufReader;

use serde_json::Value;

use super::World;
use super::dump;
use crate::support::process::peak_memory;

#[test]
fn a_dump_larger_than_the_memory_it_may_use_is_loaded() {
    const ROWS: usize = 300_000;
    let world = World::new();
    let name = "x".repeat(300);
    let rows = format!("many\t{name}\t\\N\n").repeat(ROWS);
    let more = format!("COPY public.regions FROM stdin;\n{rows}\\.\n");
    let path = world.write("large.sql", dump(3, &more));
    assert!(std::fs::metadata(&path).unwrap().len() > 88_000_000);
    let mut child = world.command(&path, &[]).spawn().unwrap();
    let events = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut peak = 0;
    let mut last = String::new();
    for event in events {
        last = event.unwrap();
        peak = peak_memory(&child).unwrap_or(peak);
    }
    assert!(child.wait().unwrap().success(), "{last}");
    let seed = &serde_json::from_str::<Value>(&last).unwrap()["data"]["seed"];
    assert_eq!(seed["rows"], ROWS + 3);
    assert!((1..64 * 1024).contains(&peak), "{peak} KiB");
}
