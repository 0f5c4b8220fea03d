use std::{env, fs::File, io::Write};

/// Says something that is worth reading after the tests have passed. `$E2E_REPORT` names the file that
/// collects it, which tests/e2e.sh prints.
///
/// # Panics
/// When that file cannot be written.
pub fn report(text: &str) {
    eprintln!("{text}");
    if let Some(file) = env::var_os("E2E_REPORT") {
        let file = File::options().append(true).create(true).open(file);
        let written = file.and_then(|mut file| writeln!(file, "{text}"));
        written.expect("`$E2E_REPORT` can be written");
    }
}
