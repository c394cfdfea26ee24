//! Engines that are not behind the socket of this machine: over ssh, over TCP with and without TLS, by a context.

mod address;
mod login;
mod ssh;
mod tcp;
