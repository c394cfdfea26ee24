//! Any bytes whatever, to the reader of dumps.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ratesdev::fuzzing::dump(data));
