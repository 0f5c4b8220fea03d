use serde::Deserialize;

/// How one registry is asked. Without such a document a registry is asked over https, trusted by the
/// certificate authorities of the system, and only at addresses that are no danger to the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RegistrySpec {
    /// `HOST` or `HOST:PORT`, as it stands in references; also that of a mirror or a token service.
    pub host: String,
    /// Asked over plain http.
    #[serde(default)]
    pub plain_http: bool,
    /// Certificate authorities that it is trusted by beside those of the system: PEM, or `file:PATH`.
    #[serde(default)]
    pub ca: Option<String>,
    /// Who is asked before it, in this order: `HOST[:PORT][/PREFIX]`.
    #[serde(default)]
    pub mirrors: Vec<String>,
    /// Ranges of addresses that it may have though they are refused otherwise: `127.0.0.0/8`, `10.96.0.10`.
    #[serde(default)]
    pub addresses: Vec<String>,
    /// Other hosts that may be sent its credentials, as its token service: `HOST` or `HOST:PORT`.
    #[serde(default)]
    pub token_realms: Vec<String>,
}
