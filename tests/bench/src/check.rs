//! `gatehouse check` as a process: one file from start to end, and thousands.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::{
    gate::{self, Gate, Measured, median},
    manifests::{self, manifest},
};

/// What one file may take, from the start of the process to its end.
const ONE_LIMIT: Duration = Duration::from_millis(50);

/// What [`MANY`] files may take on two cores.
const MANY_LIMIT: Duration = Duration::from_secs(3);
const MANY: usize = 5000;
/// How the last line of the report on them begins: each chart has two objects beside its Deployment.
const SUMMARY: &str = "6668 objects: ";

/// Processes for one file, in turns with processes that do nothing.
const STARTS: usize = 50;
/// Processes for many files, in turns with the same files on standard input.
const RUNS: usize = 5;

/// The manifests, written where `check` reads them.
struct Files {
    folder: TempDir,
    bytes: usize,
}

/// Median times of processes.
struct Medians {
    nothing: Duration,
    one: Duration,
    many: Duration,
    stream: Duration,
}

/// Measures until both limits hold, a few times at most; whether they do.
pub(crate) fn run(gatehouse: &Path) -> Result<bool, String> {
    let files = Files::write()?;
    gate::hold(|| {
        let medians = Medians::measure(gatehouse, &files)?;
        Ok(Measured {
            table: medians.table(&files),
            gates: medians.gates(),
        })
    })
}

impl Files {
    fn write() -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let files = Self {
            bytes: (0..MANY).map(|number| manifest(number).1.len()).sum(),
            folder,
        };
        manifests::write(&files.path("one"), 1)?;
        manifests::write(&files.path("many"), MANY)?;
        let written = fs::write(files.path("stream"), manifests::stream(MANY));
        written.map_err(|error| error.to_string())?;
        Ok(files)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn stream(&self) -> Result<File, String> {
        File::open(self.path("stream")).map_err(|error| error.to_string())
    }
}

impl Medians {
    fn measure(gatehouse: &Path, files: &Files) -> Result<Self, String> {
        let check = |path: &Path| {
            let mut check = Command::new(gatehouse);
            check.arg("check").arg(path);
            check
        };
        let (mut nothing, mut one) = (Vec::new(), Vec::new());
        for _ in 0..STARTS {
            nothing.push(time(Command::new("true"), 0, "")?);
            one.push(time(check(&files.path("one")), 0, "1 object: 1 allowed")?);
        }
        let (mut many, mut stream) = (Vec::new(), Vec::new());
        for _ in 0..RUNS {
            many.push(time(check(&files.path("many")), 1, SUMMARY)?);
            let mut from_stdin = check(Path::new("-"));
            from_stdin.stdin(files.stream()?);
            stream.push(time(from_stdin, 1, SUMMARY)?);
        }
        Ok(Self {
            nothing: median(nothing),
            one: median(one),
            many: median(many),
            stream: median(stream),
        })
    }

    fn table(&self, files: &Files) -> String {
        let megabytes = files.bytes as f64 / 1e6;
        let rows = [
            ("a process that does nothing".to_owned(), self.nothing),
            ("`check` of one Deployment".to_owned(), self.one),
            (
                format!("`check` of {MANY} files, {megabytes:.1} MB"),
                self.many,
            ),
            (
                "the same as one stream on standard input".to_owned(),
                self.stream,
            ),
        ];
        let rows = rows.map(|(what, time)| format!("| {what} | {} ms |\n", millis(time)));
        format!(
            "| from the start of a process to its end | median |\n|---|---:|\n{}",
            rows.concat()
        )
    }

    fn gates(&self) -> Vec<Gate> {
        let Self {
            nothing,
            one,
            many,
            stream,
        } = *self;
        vec![
            Gate {
                text: format!(
                    "check of one file: {} ms, at most {} ms ({} ms more than a process that does nothing)",
                    millis(one),
                    ONE_LIMIT.as_millis(),
                    millis(one.saturating_sub(nothing)),
                ),
                kept: one <= ONE_LIMIT,
            },
            Gate {
                text: format!(
                    "check of {MANY} files: {} ms, on standard input {} ms, at most {} ms",
                    millis(many),
                    millis(stream),
                    MANY_LIMIT.as_millis(),
                ),
                kept: many.max(stream) <= MANY_LIMIT,
            },
        ]
    }
}

/// How long a process takes to its end. It has to end with this code, and its last line to begin so: otherwise
/// it did not do what is measured.
fn time(mut command: Command, code: i32, last_line: &str) -> Result<Duration, String> {
    let start = Instant::now();
    let output = command.output();
    let took = start.elapsed();
    let output = output.map_err(|error| format!("{command:?}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stdout);
    let last = said.lines().last().unwrap_or_default();
    if output.status.code() != Some(code) || !last.starts_with(last_line) {
        let errors = String::from_utf8_lossy(&output.stderr);
        return Err(format!(
            "{command:?} ended with {}: {last}\n{errors}",
            output.status
        ));
    }
    Ok(took)
}

fn millis(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1e3)
}
