use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    Checked, Cluster, Gatehouse, Guest, Kubectl, Namespace, Ran, Registration, check, check_at,
    eventually,
    files::{temporary_folder, write},
    namespace::unique,
    objects,
};

/// One test's part of the cluster: a namespace, a Gatehouse, and its registration for that namespace.
#[derive(Debug)]
pub struct Scene {
    // Dropped in this order: a registration without Gatehouse would refuse what ends the namespace.
    registration: Option<Registration>,
    gatehouse: Option<Gatehouse>,
    namespace: Namespace,
    folder: TempDir,
    documents: Vec<Value>,
    rules: Vec<Value>,
    /// The server.
    pub cluster: &'static Cluster,
    /// What marks this test's objects outside its namespace.
    pub id: String,
}

impl Scene {
    /// A namespace in which nothing is judged yet.
    pub fn new(subject: &str) -> Self {
        let cluster = Cluster::shared();
        let id = unique(subject);
        Self {
            registration: None,
            gatehouse: None,
            namespace: Namespace::new(cluster, &id, &id),
            folder: temporary_folder(),
            documents: Vec::new(),
            rules: Vec::new(),
            cluster,
            id,
        }
    }

    /// Adds a policy or an exemption.
    pub fn with(mut self, document: Value) -> Self {
        self.documents.push(document);
        self
    }

    /// Adds a policy that was made for a test.
    pub fn with_guest(self, guest: &Guest, mode: &str) -> Self {
        let policy = guest.policy(self.folder.path(), mode);
        self.with(policy)
    }

    /// Has the API server ask about what this rule names, too.
    pub fn asked_about(mut self, rule: Value) -> Self {
        self.rules.push(rule);
        self
    }

    /// From now on everything is judged, by the documents or, where there are none, the default policies.
    ///
    /// # Panics
    /// When the API server does not ask Gatehouse.
    pub fn judged(mut self) -> Self {
        let gatehouse = match self.documents.as_slice() {
            [] => Gatehouse::with_default_policies(),
            documents => Gatehouse::beside(documents, self.cluster.kubeconfig()),
        };
        let registration = Registration::new(self.cluster, &gatehouse, &self.id, &self.rules);
        self.registration = Some(registration);
        self.gatehouse = Some(gatehouse);
        self.wait_for_validation();
        self
    }

    /// Ends Gatehouse, whose registration stays.
    pub fn without_gatehouse(mut self) -> Self {
        self.gatehouse = None;
        self
    }

    /// The Gatehouse that judges it.
    ///
    /// # Panics
    /// When nothing is judged yet.
    #[track_caller]
    pub fn gatehouse(&self) -> &Gatehouse {
        self.gatehouse.as_ref().expect("the scene is judged")
    }

    /// kubectl in the test's namespace.
    pub fn kubectl(&self) -> &Kubectl {
        &self.namespace.kubectl
    }

    /// The namespace's name.
    pub fn namespace(&self) -> &str {
        &self.namespace.name
    }

    /// `kubectl apply` of a file.
    pub fn apply(&self, file: &str) -> Ran {
        let path = self.folder.path().join("manifest.yaml");
        write(&path, file);
        self.kubectl().apply(&path)
    }

    /// What `gatehouse check` says of a file by the same policies.
    pub fn check(&self, file: &str) -> Checked {
        check(&self.documents, self.namespace(), file)
    }

    /// The same of a file or folder that is there already.
    pub fn check_at(&self, path: &Path) -> Checked {
        check_at(&self.documents, self.namespace(), path)
    }

    /// Waits until `/mutate` is asked: a pod as it would be stored tells.
    ///
    /// # Panics
    /// When its container never gets a security context.
    pub fn wait_for_fixes(&self) {
        eventually("the API server asks /mutate", || {
            let ran = self.try_out(&objects::bare_pod("probe"));
            let fixed = ran.code == 0 && !container_security(&ran.json()).is_null();
            if fixed { Ok(()) } else { Err(ran.to_string()) }
        });
    }

    /// Creates an object without storing it.
    pub fn try_out(&self, object: &Value) -> Ran {
        self.kubectl()
            .give("create --dry-run=server -o json -f -", object)
    }

    /// The API server learns of its configuration some time after it was created.
    fn wait_for_validation(&self) {
        eventually("the API server asks /validate", || {
            let ran = self.try_out(&objects::bad_pod("probe"));
            let said = ran.stderr.contains("denied the request") || ran.stderr.contains("Warning:");
            if said { Ok(()) } else { Err(ran.to_string()) }
        });
    }
}

fn container_security(pod: &Value) -> &Value {
    &pod["spec"]["containers"][0]["securityContext"]
}
