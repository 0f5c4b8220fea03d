//! Exit codes, the same for all commands.

use std::process::ExitCode;

/// Something is refused.
pub const REFUSED: u8 = 1;
/// Usage, configuration or input that cannot be read.
pub const USAGE: u8 = 2;
/// Something could not be checked.
pub const COULD_NOT_CHECK: u8 = 3;

/// Says what is wrong with the usage, configuration or input, and ends with [`USAGE`].
#[allow(
    clippy::print_stderr,
    reason = "this is where commands speak to people"
)]
pub fn usage(message: &str) -> ExitCode {
    for line in message.lines() {
        eprintln!("error: {line}");
    }
    ExitCode::from(USAGE)
}
