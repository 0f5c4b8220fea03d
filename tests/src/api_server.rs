use std::{
    io::{BufRead, BufReader},
    process::{Child, Stdio},
};

use serde_json::Value;

use crate::{Cluster, Response, http::ask};

/// The API server itself, for what kubectl does not show: statuses, headers, details. `kubectl proxy` leads
/// to it; both end with the value.
#[derive(Debug)]
pub struct ApiServer {
    proxy: Child,
    host: String,
}

impl ApiServer {
    /// The one of this cluster.
    ///
    /// # Panics
    /// When `kubectl proxy` does not start.
    pub fn of(cluster: &Cluster) -> Self {
        let mut command = cluster.kubectl();
        command.args(["proxy", "--port=0"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut proxy = command.spawn().expect("kubectl starts");
        let mut line = String::new();
        let output = proxy.stdout.take().expect("its output is a pipe");
        let read = BufReader::new(output).read_line(&mut line);
        read.expect("it says where it listens");
        let host = line.trim_end().rsplit(' ').next().unwrap_or_default();
        let host = host.to_owned();
        let server = Self { proxy, host };
        assert!(server.host.contains(':'), "`kubectl proxy` says: {line}");
        server
    }

    /// Posts an object, as a client that is not kubectl does.
    pub fn post(&self, path: &str, object: &Value) -> Response {
        let kind = "Content-Type: application/json";
        let body = object.to_string();
        ask(
            &self.host,
            &format!("POST {path}"),
            &[kind],
            body.as_bytes(),
        )
    }
}

impl Drop for ApiServer {
    fn drop(&mut self) {
        // It fails only for a process that has ended already.
        let _ = self.proxy.kill();
        let _ = self.proxy.wait();
    }
}
