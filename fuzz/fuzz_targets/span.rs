//! Any bytes whatever, to the reader of spans.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ratesdev::fuzzing::span(data));
