//! Exit codes, the same for all commands.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use gatehouse_core::clean;

use crate::files::in_words;

/// Something is refused.
pub const REFUSED: u8 = 1;
/// Usage, configuration or input that cannot be read.
pub const USAGE: u8 = 2;
/// Something could not be checked.
pub const COULD_NOT_CHECK: u8 = 3;

/// Longest line of a message; file names in it may be anything.
const LINE_CHARS: usize = 1000;

/// Says what is wrong with the usage, configuration or input, and ends with [`USAGE`].
pub fn usage(message: &str) -> ExitCode {
    let mut terminal = io::stderr().lock();
    for line in message.lines() {
        // where nobody listens, the code still says it
        let _ = writeln!(terminal, "error: {}", clean(line, LINE_CHARS));
    }
    ExitCode::from(USAGE)
}

/// Ends as the result says, or with [`USAGE`] if it could not be written. A reader that has seen enough, such as
/// `head`, is no error, and changes no verdict.
pub fn written(result: io::Result<()>, code: ExitCode) -> ExitCode {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => usage(&format!(
            "the result could not be written: {}",
            in_words(&error)
        )),
        _ => code,
    }
}
