//! A question to the person at the terminal.

use std::io::BufRead;

use tokio::sync::oneshot;

use super::Context;
use crate::error::Interrupted;
use crate::error::IoError;
use crate::error::Result;

/// One line of the answer, without spaces around it.
///
/// A thread of its own reads it: a read of the terminal cannot be called off, and the program must be able to end
/// without it.
pub async fn line(question: &str, context: &Context) -> Result<String> {
    context.out.prompt(question);
    let (sender, answer) = oneshot::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line);
        drop(sender.send(read.map(|_| line)));
    });
    tokio::select! {
        answer = answer => {
            let read = answer.unwrap_or_else(|_| Ok(String::new()));
            Ok(read.map_err(IoError::new("read the answer"))?.trim().to_owned())
        }
        () = context.shutdown.requested() => Err(Interrupted.into()),
    }
}
