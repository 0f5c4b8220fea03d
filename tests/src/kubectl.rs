use std::{
    ffi::OsStr,
    fmt,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::Cluster;

/// kubectl in one namespace.
#[derive(Clone, Debug)]
pub struct Kubectl {
    cluster: &'static Cluster,
    namespace: Option<String>,
}

/// A program that has ended.
#[derive(Debug)]
pub struct Ran {
    /// Its command line.
    pub command: String,
    /// Its exit code; -1 when a signal ended it.
    pub code: i32,
    /// What it printed.
    pub stdout: String,
    /// What it printed as errors and warnings.
    pub stderr: String,
}

/// What kubectl prints between the webhook's name and its words.
const DENIED: &str = "denied the request: ";

/// How each error begins that kubectl prints of a webhook's denial.
const ERROR: &str = "Error from server (Forbidden): ";

impl Kubectl {
    /// For everything that has no namespace.
    pub fn new(cluster: &'static Cluster) -> Self {
        let namespace = None;
        Self { cluster, namespace }
    }

    /// In this namespace.
    pub fn in_namespace(&self, name: &str) -> Self {
        let namespace = Some(name.to_owned());
        Self {
            namespace,
            ..self.clone()
        }
    }

    /// Runs it.
    pub fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Ran {
        Ran::of(self.command().args(arguments), None)
    }

    /// Runs the arguments of one line, which may hold no blanks of their own.
    pub fn line(&self, line: &str) -> Ran {
        self.run(line.split_whitespace())
    }

    /// Runs the arguments of one line with an object as its input, which `-f -` reads.
    pub fn give(&self, line: &str, object: &Value) -> Ran {
        self.give_text(line, &object.to_string())
    }

    /// Runs the arguments of one line with an input.
    pub fn give_text(&self, line: &str, input: &str) -> Ran {
        Ran::of(self.command().args(line.split_whitespace()), Some(input))
    }

    /// Creates an object.
    pub fn create(&self, object: &Value) -> Ran {
        self.give("create -f -", object)
    }

    /// Applies a file, or all files of a folder.
    pub fn apply(&self, path: &Path) -> Ran {
        self.run([OsStr::new("apply"), OsStr::new("-f"), path.as_os_str()])
    }

    /// Patches an object.
    pub fn patch(&self, what: &str, kind: &str, patch: &Value) -> Ran {
        let mut command = self.command();
        command.args(["patch", what, "--type", kind, "--patch", &patch.to_string()]);
        Ran::of(&mut command, None)
    }

    /// An object as the server has it.
    pub fn get(&self, what: &str) -> Value {
        self.line(&format!("get {what} -o json")).succeeded().json()
    }

    /// The objects of a list as the server has them.
    ///
    /// # Panics
    /// When the answer is no list.
    pub fn list(&self, what: &str) -> Vec<Value> {
        let mut list = self.get(what);
        match list["items"].take() {
            Value::Array(items) => items,
            other => panic!("`get {what}` answers {other}, not a list"),
        }
    }

    fn command(&self) -> Command {
        let mut command = self.cluster.kubectl();
        command.args(self.namespace.iter().flat_map(|n| ["--namespace", n]));
        command
    }
}

impl Ran {
    pub(crate) fn of(command: &mut Command, input: Option<&str>) -> Self {
        let words = [command.get_program()]
            .into_iter()
            .chain(command.get_args());
        let words: Vec<_> = words.map(OsStr::to_string_lossy).collect();
        let line = words.join(" ");
        let output = output(command, input).unwrap_or_else(|error| panic!("`{line}`: {error}"));
        Self {
            command: line,
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// # Panics
    /// When it failed.
    #[track_caller]
    pub fn succeeded(self) -> Self {
        assert_eq!(self.code, 0, "{self}");
        self
    }

    /// # Panics
    /// When it did not fail, or failed for another reason than a webhook's denial.
    #[track_caller]
    pub fn refused(self) -> Self {
        let refused = self.code == 1 && self.stderr.contains(DENIED);
        assert!(refused, "not refused by a webhook: {self}");
        self
    }

    /// The webhook's words, as kubectl printed them.
    ///
    /// # Panics
    /// When it was not refused.
    #[track_caller]
    pub fn denial(&self) -> String {
        let text = self.stderr.split_once(DENIED).map(|(_, text)| text);
        let text = text.unwrap_or_else(|| panic!("no denial: {self}"));
        text.strip_suffix('\n').unwrap_or(text).to_owned()
    }

    /// The webhook's words about each object that it refused, in the order in which kubectl printed them.
    pub fn denials(&self) -> Vec<&str> {
        let errors = self.stderr.split(ERROR);
        let texts = errors.filter_map(|error| Some(error.split_once(DENIED)?.1));
        texts
            .map(|text| text.strip_suffix('\n').unwrap_or(text))
            .collect()
    }

    /// # Panics
    /// When it printed something else than JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self}"))
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            command,
            code,
            stdout,
            stderr,
        } = self;
        write!(
            f,
            "`{command}` ended with {code}\n--- stdout\n{stdout}\n--- stderr\n{stderr}"
        )
    }
}

fn output(command: &mut Command, input: Option<&str>) -> std::io::Result<std::process::Output> {
    let stdin = if input.is_some() {
        Stdio::piped()
    } else {
        Stdio::null()
    };
    let command = command
        .stdin(stdin)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn()?;
    if let (Some(mut stdin), Some(input)) = (child.stdin.take(), input) {
        stdin.write_all(input.as_bytes())?;
    }
    child.wait_with_output()
}
