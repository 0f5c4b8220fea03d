use std::{
    env,
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

use crate::{Kubectl, Ran, files::repository, program::target_folder};

/// The API server that the tests talk to: the one that `$E2E_KUBECONFIG` names, or one of their own.
#[derive(Debug)]
pub struct Cluster {
    kubeconfig: PathBuf,
    /// Locked until this process ends; see [`own`].
    _in_use: Option<File>,
}

impl Cluster {
    /// The one that all tests of this process share.
    ///
    /// # Panics
    /// When there is none and none can be started.
    pub fn shared() -> &'static Self {
        static CLUSTER: OnceLock<Cluster> = OnceLock::new();
        CLUSTER.get_or_init(|| match env::var_os("E2E_KUBECONFIG") {
            Some(kubeconfig) => already_there(kubeconfig.into()),
            None => own(&target_folder().join("e2e-cluster")),
        })
    }

    /// Whether the server has this resource, for example `cronjobs` in `apis/batch/v1`.
    pub fn serves(&'static self, group_version: &str, resource: &str) -> bool {
        let ran = Kubectl::new(self).line(&format!("get --raw /{group_version}"));
        if ran.code != 0 {
            return false;
        }
        let answer = ran.json();
        let mut resources = answer["resources"].as_array().into_iter().flatten();
        resources.any(|r| r["name"] == resource)
    }

    /// The version of CronJobs that the server has.
    pub fn cron_jobs(&'static self) -> &'static str {
        if self.serves("apis/batch/v1", "cronjobs") {
            "batch/v1"
        } else {
            "batch/v1beta1"
        }
    }

    /// How it is reached.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// The server's audit log, where it lies beside the kubeconfig.
    pub fn audit_log(&self) -> Option<String> {
        fs::read_to_string(self.kubeconfig.with_file_name("audit.log")).ok()
    }

    /// The kubectl that came with the cluster, the installed one, or any.
    pub(crate) fn kubectl(&self) -> Command {
        let beside = self.kubeconfig.with_file_name("kubectl");
        let program = if beside.is_file() {
            beside
        } else {
            installed_kubectl()
        };
        let mut command = Command::new(program);
        command.env("KUBECONFIG", &self.kubeconfig);
        command
    }
}

/// Says that this test needs what the server does not have. `$E2E_SKIPPED` names the file that collects
/// such lines, so that they are counted.
///
/// # Panics
/// When that file cannot be written.
pub fn skipped(feature: &str) {
    let line = format!("skipped: server lacks {feature}\n");
    eprint!("{line}");
    if let Some(file) = env::var_os("E2E_SKIPPED") {
        let file = File::options().append(true).create(true).open(file);
        let written = file.and_then(|mut file| file.write_all(line.as_bytes()));
        written.expect("`$E2E_SKIPPED` can be written");
    }
}

fn already_there(kubeconfig: PathBuf) -> Cluster {
    let found = kubeconfig.is_file();
    assert!(
        found,
        "`E2E_KUBECONFIG={}` is no file",
        kubeconfig.display()
    );
    let kubeconfig = kubeconfig.canonicalize().expect("it was found");
    Cluster {
        kubeconfig,
        _in_use: None,
    }
}

/// All processes that run tests at once share one cluster and hold a lock meanwhile. A process of its own
/// waits until nobody holds it, and ends the cluster: no test knows whether it is the last.
fn own(folder: &Path) -> Cluster {
    fs::create_dir_all(folder).expect("the folder of the cluster");
    let users = folder.join("users");
    let lock = File::create(&users).expect("the lock of the cluster");
    lock.lock_shared().expect("a lock");
    let ran = Ran::of(Command::new(script("up.sh")).arg(folder), None);
    assert!(ran.code == 0, "{}", ran.stderr.trim_end());
    end_when_unused(&users, folder);
    Cluster {
        kubeconfig: ran.stdout.trim_end().into(),
        _in_use: Some(lock),
    }
}

fn end_when_unused(users: &Path, folder: &Path) {
    let mut waiter = Command::new("setsid");
    waiter
        .args(["--fork", "flock"])
        .arg(users)
        .arg(script("down.sh"))
        .arg(folder);
    waiter
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    waiter.status().expect("`setsid` of util-linux");
}

fn script(name: &str) -> PathBuf {
    repository().join("tests/cluster").join(name)
}

/// Where tests/cluster/install.sh puts it.
fn installed_kubectl() -> PathBuf {
    let variable = |name| env::var_os(name).map(PathBuf::from);
    let cache = variable("GATEHOUSE_CACHE")
        .or_else(|| Some(variable("XDG_CACHE_HOME")?.join("gatehouse")))
        .or_else(|| Some(variable("HOME")?.join(".cache/gatehouse")));
    let installed = cache.map(|cache| cache.join("debian-13/kubectl"));
    installed
        .filter(|kubectl| kubectl.is_file())
        .unwrap_or_else(|| "kubectl".into())
}
