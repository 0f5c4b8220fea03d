use std::{
    fs::File,
    path::Path,
    process::{Child, Stdio},
};

use tempfile::TempDir;

use crate::{
    eventually,
    files::{read, temporary_folder, write},
    registry_tools::registry_tool,
};

/// The real docker-registry, over plain http and without a referrers API, on a free port of loopback until
/// it is stopped or dropped.
#[derive(Debug)]
pub struct DockerRegistry {
    process: Child,
    host: String,
    _folder: TempDir,
}

impl DockerRegistry {
    /// An empty one.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start() -> Self {
        let folder = temporary_folder();
        let mut process = spawn(folder.path());
        let log = folder.path().join("log");
        let host = eventually("docker-registry listens", || {
            let text = read(&log);
            if let Ok(Some(status)) = process.try_wait() {
                panic!("docker-registry ended with {status}:\n{text}");
            }
            listening(&text).ok_or(text)
        });
        Self {
            process,
            host,
            _folder: folder,
        }
    }

    /// The registry as it stands in an image reference: `127.0.0.1:PORT`.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// From now on nobody listens where it was.
    pub fn stop(&mut self) {
        // It fails only for a process that has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for DockerRegistry {
    fn drop(&mut self) {
        self.stop();
    }
}

fn spawn(folder: &Path) -> Child {
    let config = folder.join("config.yml");
    let storage = folder.join("storage");
    write(
        &config,
        &format!(
            "version: 0.1\nlog: {{level: info}}\nhttp: {{addr: '127.0.0.1:0'}}\n\
             storage: {{filesystem: {{rootdirectory: '{}'}}}}\n",
            storage.display()
        ),
    );
    let log = File::create(folder.join("log")).expect("a log file");
    let mut command = registry_tool("docker-registry");
    command.arg("serve").arg(config).stdin(Stdio::null());
    command
        .stdout(log.try_clone().expect("a file handle"))
        .stderr(log);
    command.spawn().expect("docker-registry starts")
}

/// The address in the log line that says so.
fn listening(log: &str) -> Option<String> {
    let (_, rest) = log.split_once("listening on ")?;
    let (address, _) = rest.split_once('"')?;
    Some(address.to_owned())
}
