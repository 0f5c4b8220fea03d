use std::{
    fmt,
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use gatehouse_abi::tree::Node;
use gatehouse_cluster::{Cluster, ClusterError, PullSecret};
use gatehouse_trust::registry::{Access, Keychain, KeychainError, Scope};
use lru::LruCache;
use tokio::sync::OnceCell;

/// Credentials of pods: their pull secrets, where a RoleBinding lets Gatehouse read them.
///
/// Read are only secrets that the pod or its service account names, in its own namespace. What they let
/// Gatehouse see is remembered for that namespace alone.
#[derive(Clone)]
pub struct PullSecrets {
    cluster: Arc<OnceCell<Cluster>>,
    known: Arc<Mutex<LruCache<Puller, Known>>>,
}

/// Who pulls.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Puller {
    namespace: String,
    /// Of a workload; the API server has copied its secrets into a Pod before webhooks see it.
    service_account: Option<String>,
    secrets: Vec<String>,
}

#[derive(Clone)]
struct Known {
    since: Instant,
    /// `None` where there are no credentials that may be read.
    keychain: Option<Arc<Keychain>>,
}

/// How long secrets stay known, and that they may not be read.
const LIFETIME: Duration = Duration::from_secs(60);

/// Pullers that are remembered.
const PULLERS: NonZeroUsize = NonZeroUsize::new(4096).unwrap();

/// Secrets of one pod that are read; the kubelet has no limit, and no pod has so many.
const SECRETS: usize = 16;

impl PullSecrets {
    pub(super) fn of(cluster: Arc<OnceCell<Cluster>>) -> Self {
        Self {
            cluster,
            known: Arc::new(Mutex::new(LruCache::new(PULLERS))),
        }
    }

    /// In whose name images of a pod are looked at: with the pod's credentials before Gatehouse's own, if
    /// it has any that may be read.
    pub(super) async fn access(&self, puller: &Puller, own: Access) -> Access {
        let keychain = match self.known(puller) {
            Some(known) => known.keychain,
            None => self.read(puller).await,
        };
        let Some(keychain) = keychain else {
            return own;
        };
        let joined = Keychain::clone(&keychain).joined_with(Keychain::clone(&own.keychain));
        Access {
            keychain: Arc::new(joined),
            scope: Scope::Namespace(puller.namespace.clone()),
        }
    }

    fn known(&self, puller: &Puller) -> Option<Known> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.get(puller)?;
        (known.since.elapsed() < LIFETIME).then(|| known.clone())
    }

    async fn read(&self, puller: &Puller) -> Option<Arc<Keychain>> {
        let keychain = match self.keychain(puller).await {
            Ok(keychain) => Some(Arc::new(keychain)).filter(|keychain| !keychain.is_empty()),
            // no RoleBinding: the namespace has not opted in
            Err(ClusterError::Forbidden) => None,
            Err(error) => {
                let namespace = &puller.namespace;
                tracing::warn!(namespace, %error, "pull secrets could not be read");
                return None;
            }
        };
        let known = Known {
            since: Instant::now(),
            keychain: keychain.clone(),
        };
        let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        all.put(puller.clone(), known);
        keychain
    }

    async fn keychain(&self, puller: &Puller) -> Result<Keychain, ClusterError> {
        let cluster = self.cluster.get_or_try_init(Cluster::connect).await?;
        let mut names = puller.secrets.clone();
        if let Some(account) = &puller.service_account {
            names.extend(cluster.pull_secrets_of(&puller.namespace, account).await?);
        }
        let mut keychain = Keychain::default();
        for name in names.iter().take(SECRETS) {
            let Some(secret) = cluster.pull_secret(&puller.namespace, name).await? else {
                continue;
            };
            match read(&secret) {
                Ok(read) => keychain = keychain.joined_with(read),
                Err(error) => {
                    let namespace = &puller.namespace;
                    tracing::warn!(namespace, secret = name, %error, "a pull secret was passed over");
                }
            }
        }
        Ok(keychain)
    }
}

impl fmt::Debug for PullSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PullSecrets")
    }
}

impl Puller {
    /// Of the request that policies read; `None` where it has no pod, or names no secrets.
    pub(crate) fn of(request: Node<'_>) -> Option<Self> {
        let text = |node: Node<'_>, path: &str| node.at(path)?.as_str().map(str::to_owned);
        let spec = request.at("pod.spec")?;
        let named = spec.get("imagePullSecrets").unwrap_or(Node::NULL).items();
        let is_pod = text(request, "kind.kind").is_some_and(|kind| kind == "Pod");
        let account = || text(spec, "serviceAccountName").unwrap_or_else(|| "default".to_owned());
        let puller = Self {
            namespace: text(request, "namespace").filter(|name| !name.is_empty())?,
            service_account: (!is_pod).then(account),
            secrets: named.filter_map(|secret| text(secret, "name")).collect(),
        };
        (puller.service_account.is_some() || !puller.secrets.is_empty()).then_some(puller)
    }
}

fn read(secret: &PullSecret) -> Result<Keychain, KeychainError> {
    match secret {
        PullSecret::DockerConfigJson(bytes) => Keychain::from_docker_config(bytes),
        PullSecret::DockerCfg(bytes) => Keychain::from_legacy_dockercfg(bytes),
    }
}

#[cfg(test)]
mod tests {
    use gatehouse_abi::tree::TreeBuf;
    use serde_json::{Value, json};

    use super::*;

    fn puller(kind: &str, spec: Value) -> Option<Puller> {
        let request = json!({"kind": {"kind": kind}, "namespace": "shop", "pod": {"spec": spec}});
        Puller::of(TreeBuf::from_value(&request).unwrap().root())
    }

    #[test]
    fn a_pod_names_its_secrets() {
        let spec = json!({"imagePullSecrets": [{"name": "a"}, {}, {"name": "b"}], "serviceAccountName": "x"});
        let expected = Puller {
            namespace: "shop".into(),
            service_account: None,
            secrets: vec!["a".into(), "b".into()],
        };
        assert_eq!(puller("Pod", spec), Some(expected));
        assert_eq!(puller("Pod", json!({"serviceAccountName": "x"})), None);
    }

    #[test]
    fn a_workload_pulls_as_its_service_account() {
        let account = |spec| puller("Deployment", spec).unwrap().service_account;
        assert_eq!(
            account(json!({"serviceAccountName": "x"})).as_deref(),
            Some("x")
        );
        assert_eq!(account(json!({})).as_deref(), Some("default"));
    }

    #[test]
    fn nothing_outside_a_namespace_is_read() {
        let request = json!({"kind": {"kind": "Pod"}, "pod": {"spec": {"imagePullSecrets": [{"name": "a"}]}}});
        assert_eq!(
            Puller::of(TreeBuf::from_value(&request).unwrap().root()),
            None
        );
    }
}
