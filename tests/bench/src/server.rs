//! A server as a process of its own: started, asked how much it uses, ended.

use std::{
    fs::{self, File},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

/// How long a server may take to start; compiling the policies takes half a second.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server, killed with the value.
pub(crate) struct Server {
    process: Child,
    folder: TempDir,
    pub(crate) address: SocketAddr,
}

/// What a process used.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Used {
    /// Bytes of memory at its largest.
    pub(crate) memory: u64,
    /// Processor time.
    pub(crate) processor: Duration,
}

impl Server {
    /// Starts `program`, which writes its address to `ready.json` in the folder that `arguments` is told.
    pub(crate) fn start(
        program: &Path,
        arguments: impl Fn(&Path) -> Vec<String>,
    ) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let log = File::create(folder.path().join("log")).map_err(|error| error.to_string())?;
        let mut command = Command::new(program);
        command.args(arguments(folder.path())).stdin(Stdio::null());
        // decisions go to standard output: written, as they would be, but to nowhere
        let process = command.stdout(Stdio::null()).stderr(log).spawn();
        let process =
            process.map_err(|error| format!("`{}` does not start: {error}", program.display()))?;
        let mut server = Self {
            process,
            folder,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
        };
        server.address = server.ready()?;
        Ok(server)
    }

    /// The certificate that it is to be trusted by, as PEM.
    pub(crate) fn authority(&self) -> Result<String, String> {
        let file = self.folder.path().join("ca.crt");
        fs::read_to_string(file).map_err(|error| format!("`ca.crt` cannot be read: {error}"))
    }

    /// What it used since it was started.
    pub(crate) fn used(&self) -> Used {
        let read = |name: &str| {
            let file = format!("/proc/{}/{name}", self.process.id());
            fs::read_to_string(file).unwrap_or_default()
        };
        Used {
            memory: peak_memory(&read("status")),
            processor: processor_time(&read("stat")),
        }
    }

    fn ready(&mut self) -> Result<SocketAddr, String> {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if let Some(address) = self.announced() {
                return Ok(address);
            }
            if let Ok(Some(status)) = self.process.try_wait() {
                return Err(format!("the server ended with {status}: {}", self.log()));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Err(format!(
            "the server is not ready after {} s: {}",
            PATIENCE.as_secs(),
            self.log()
        ))
    }

    fn announced(&self) -> Option<SocketAddr> {
        let text = fs::read_to_string(self.folder.path().join("ready.json")).ok()?;
        let ready: Value = serde_json::from_str(&text).ok()?;
        ready["listen"].as_str()?.parse().ok()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // it fails only for a process that has ended already
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// `VmHWM` of `/proc/PID/status`.
fn peak_memory(status: &str) -> u64 {
    let mut lines = status.lines();
    let line = lines
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap_or_default();
    let kilobytes = line.trim().trim_end_matches(" kB").parse::<u64>();
    kilobytes.unwrap_or(0) * 1024
}

/// User and system time of `/proc/PID/stat`, which stand 12 and 13 fields after the name. Their unit is a
/// hundredth of a second on every Linux that people run.
fn processor_time(stat: &str) -> Duration {
    let fields = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace();
    let ticks: u64 = fields
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    Duration::from_millis(ticks * 10)
}
