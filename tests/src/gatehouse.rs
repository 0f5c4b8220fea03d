use std::{
    fs::File,
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    Response, eventually,
    files::{read, temporary_folder, write_documents},
    program,
    tls::Client,
};

/// `gatehouse serve`, ended with the value.
#[derive(Debug)]
pub struct Gatehouse {
    process: Child,
    folder: TempDir,
    client: Client,
    /// Where it answers reviews.
    pub address: SocketAddr,
    /// Where it answers probes.
    pub admin: SocketAddr,
    /// The authority of its certificate, as PEM.
    pub authority: String,
}

/// A policy document.
pub fn policy(name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": "gatehouse.dev/v1alpha1",
        "kind": "Policy",
        "metadata": {"name": name},
        "spec": spec,
    })
}

/// `pod-security` as the default has it, in this mode.
pub fn pod_security(mode: &str) -> Value {
    let module = "builtin:pod-security";
    policy(
        "pod-security",
        &json!({"module": module, "mode": mode, "facts": ["namespace"]}),
    )
}

/// `pod-security` that repairs all that a pod can lack.
pub fn pod_security_that_fixes() -> Value {
    let mut policy = pod_security("fix");
    policy["spec"]["riskyFixes"] = json!([
        "drop-all-capabilities",
        "privilege-escalation",
        "read-only-root-filesystem",
        "run-as-non-root",
    ]);
    policy
}

impl Gatehouse {
    /// Starts it with these documents and waits until it is ready.
    pub fn start(documents: &[Value]) -> Self {
        Self::beside(documents, Path::new("none"))
    }

    /// Starts it with these documents and the API server that this kubeconfig names.
    pub fn beside(documents: &[Value], kubeconfig: &Path) -> Self {
        let folder = temporary_folder();
        let file = folder.path().join("policies.yaml");
        write_documents(&file, documents);
        Self::with(folder, &["--config", &file.to_string_lossy()], kubeconfig)
    }

    /// Starts it with the default policies.
    pub fn with_default_policies() -> Self {
        let kubeconfig = Path::new("none");
        Self::with(temporary_folder(), &["--default-policies"], kubeconfig)
    }

    /// Asks it as an API server does.
    pub fn post(&self, path: &str, body: &[u8]) -> Response {
        self.client.post(self.address, path, body)
    }

    /// What it logged so far.
    pub fn log(&self) -> String {
        read(&self.folder.path().join("log"))
    }

    fn with(folder: TempDir, arguments: &[&str], kubeconfig: &Path) -> Self {
        let mut process = spawn(folder.path(), arguments, kubeconfig);
        let ready = eventually("`gatehouse serve` is ready", || {
            ready(folder.path(), &mut process)
        });
        let address = |key: &str| ready[key].as_str().and_then(|a| a.parse().ok());
        let authority = read(&folder.path().join("ca.crt"));
        Self {
            client: Client::trusting(&authority),
            address: address("listen").unwrap_or_else(|| panic!("no `listen` in {ready}")),
            admin: address("admin").unwrap_or_else(|| panic!("no `admin` in {ready}")),
            process,
            folder,
            authority,
        }
    }
}

impl Drop for Gatehouse {
    fn drop(&mut self) {
        end(&mut self.process);
        if thread::panicking() {
            eprintln!("--- log of `gatehouse serve`\n{}", self.log());
        }
    }
}

fn spawn(folder: &Path, arguments: &[&str], kubeconfig: &Path) -> Child {
    let log = File::create(folder.join("log")).expect("a log file");
    let mut command = Command::new(program());
    command.args([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--admin-listen",
        "127.0.0.1:0",
    ]);
    command.args(["--tls-self-signed", "--tls-name", "127.0.0.1"]);
    command.arg("--tls-ca-out").arg(folder.join("ca.crt"));
    command.arg("--ready-file").arg(folder.join("ready.json"));
    command.args(arguments).stdin(Stdio::null());
    command.env("KUBECONFIG", kubeconfig);
    command
        .stdout(log.try_clone().expect("a file handle"))
        .stderr(log);
    command.spawn().expect("`gatehouse` starts")
}

/// What the ready file says. A program that ended before it wrote one will write none.
fn ready(folder: &Path, process: &mut Child) -> Result<Value, String> {
    if let Ok(Some(status)) = process.try_wait() {
        panic!(
            "`gatehouse serve` ended with {status}:\n{}",
            read(&folder.join("log"))
        );
    }
    let text = std::fs::read_to_string(folder.join("ready.json")).map_err(|e| e.to_string())?;
    serde_json::from_str(&text).map_err(|error| format!("{error} in `{text}`"))
}

fn end(process: &mut Child) {
    // It fails only for a process that has ended already.
    let _ = process.kill();
    let _ = process.wait();
}
