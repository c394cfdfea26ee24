//! Any bytes whatever, to the reader of profiles.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ratesdev::fuzzing::profile(data));
