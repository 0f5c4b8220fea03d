use std::{
    env, fmt, fs,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use gatehouse_core::config::{ConfigError, RegistrySpec};
use gatehouse_trust::{
    TrustRoots,
    registry::{
        Access, Client, ClientSettings, HostRules, Keychain, Mirror, Proxy, Scope, SetupError,
    },
};
use ipnet::IpNet;

use super::references::{FileReferences, unreadable};

/// What a process has beside its configuration.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Gatehouse's own credentials for registries: a docker `config.json`, which need not exist.
    pub docker_config: Option<PathBuf>,
    /// Addresses that no registry may have: those of the API server and of the cluster's services.
    pub denied_addresses: Vec<IpNet>,
    /// The way to the outside.
    pub proxy: Proxy,
    /// The mirrors of trust roots, which outlive a configuration.
    pub trust_roots: TrustRoots,
}

/// How registries are asked, and by which credentials.
pub struct Registries {
    settings: ClientSettings,
    /// Made when it is first needed: it reads the certificate authorities of the system.
    client: OnceLock<Result<Client, SetupError>>,
    keychain: Arc<Keychain>,
}

impl Surroundings {
    /// Those that the environment tells: `DOCKER_CONFIG` or `HOME`, `KUBERNETES_SERVICE_HOST`, and the proxy
    /// variables.
    pub fn of_process() -> Self {
        let folder = env::var_os("DOCKER_CONFIG").map(PathBuf::from);
        let home = || Some(PathBuf::from(env::var_os("HOME")?).join(".docker"));
        let api_server = env::var("KUBERNETES_SERVICE_HOST").ok();
        let api_server = api_server.and_then(|host| host.parse::<IpAddr>().ok());
        Self {
            docker_config: folder
                .or_else(home)
                .map(|folder| folder.join("config.json")),
            denied_addresses: api_server.into_iter().map(IpNet::from).collect(),
            proxy: Proxy::from_environment(),
            trust_roots: TrustRoots::default(),
        }
    }

    /// The bytes of the docker configuration; `None` where there is no such file.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(super) fn read_docker_config(&self) -> Result<Option<Vec<u8>>, String> {
        let Some(path) = &self.docker_config else {
            return Ok(None);
        };
        match fs::read(path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unreadable(&error)),
        }
    }
}

impl Registries {
    /// Begins with what the surroundings say.
    ///
    /// # Errors
    /// A docker configuration that cannot be read; the path says which.
    pub(super) fn new(surroundings: &Surroundings) -> Result<Self, (String, String)> {
        let place = || {
            let path = surroundings.docker_config.as_deref();
            path.unwrap_or(Path::new("")).display().to_string()
        };
        let bytes = surroundings.read_docker_config();
        let keychain = match bytes.map_err(|error| (place(), error))? {
            Some(bytes) => Keychain::from_docker_config(&bytes)
                .map_err(|error| (place(), error.to_string()))?,
            None => Keychain::default(),
        };
        if keychain.names_helpers() {
            tracing::warn!(
                file = place(),
                "the docker configuration names credential helpers, which are not run"
            );
        }
        let settings = ClientSettings {
            denied_addresses: surroundings.denied_addresses.clone(),
            proxy: surroundings.proxy.clone(),
            ..ClientSettings::default()
        };
        Ok(Self {
            settings,
            client: OnceLock::new(),
            keychain: Arc::new(keychain),
        })
    }

    /// Adds the rules for one host.
    ///
    /// # Errors
    /// Where a document is wrong.
    pub(super) fn add(
        &mut self,
        spec: &RegistrySpec,
        files: &FileReferences<'_>,
    ) -> Result<(), ConfigError> {
        let rules = rules(spec, files)?;
        let alone = ClientSettings {
            hosts: [(spec.host.clone(), rules.clone())].into(),
            ..ClientSettings::default()
        };
        Client::new(alone).map_err(|error| located(&error))?;
        if self
            .settings
            .hosts
            .insert(spec.host.clone(), rules)
            .is_some()
        {
            let message = format!("another document is about `{}`, too", spec.host);
            return Err(ConfigError::new("spec.host".into(), message));
        }
        Ok(())
    }

    /// The client for all registries.
    ///
    /// # Errors
    /// When TLS cannot be set up on this machine.
    pub(crate) fn client(&self) -> Result<&Client, &SetupError> {
        let client = || Client::new(self.settings.clone());
        self.client.get_or_init(client).as_ref()
    }

    /// Registries are asked in Gatehouse's own name.
    pub(crate) fn access(&self) -> Access {
        Access {
            keychain: Arc::clone(&self.keychain),
            scope: Scope::Own,
        }
    }
}

impl fmt::Debug for Registries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registries")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

fn rules(spec: &RegistrySpec, files: &FileReferences<'_>) -> Result<HostRules, ConfigError> {
    let at = |path: gatehouse_abi::Path, message: String| ConfigError::new(path, message);
    let ca = spec.ca.as_deref().map(|ca| files.text(ca)).transpose();
    let ca = ca.map_err(|message| at("spec.ca".into(), message))?;
    let mut mirrors = Vec::new();
    for (i, mirror) in spec.mirrors.iter().enumerate() {
        let path = gatehouse_abi::Path::dotted("spec.mirrors").index(i);
        mirrors.push(Mirror::parse(mirror).map_err(|error| at(path, error.to_string()))?);
    }
    let mut addresses = Vec::new();
    for (i, range) in spec.addresses.iter().enumerate() {
        let path = gatehouse_abi::Path::dotted("spec.addresses").index(i);
        addresses.push(self::range(range).map_err(|message| at(path, message))?);
    }
    Ok(HostRules {
        plain_http: spec.plain_http,
        ca_pem: ca.map(String::into_bytes),
        mirrors,
        addresses,
        token_realms: spec.token_realms.clone(),
    })
}

/// Reads a range of addresses, or one address.
pub(crate) fn range(text: &str) -> Result<IpNet, String> {
    let one = || text.parse::<IpAddr>().map(IpNet::from);
    text.parse().or_else(|_| one()).map_err(|_| {
        let shown = gatehouse_core::clean(text, 80);
        format!("`{shown}` is not a range of addresses: write one as in `10.0.0.0/8` or `fd00::/8`")
    })
}

fn located(error: &SetupError) -> ConfigError {
    let path = match error {
        SetupError::Authorities(_) => "spec.ca",
        SetupError::Host(_) | SetupError::Tls(_) => "spec.host",
    };
    ConfigError::new(path.into(), error.to_string())
}
