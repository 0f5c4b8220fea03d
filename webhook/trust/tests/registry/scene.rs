//! What the tests have in common.

use std::{sync::Arc, time::Duration};

use gatehouse_reference::Reference;
use gatehouse_test_registry::Registry;
use gatehouse_trust::registry::{
    Access, Client, ClientSettings, ErrorKind, HostRules, Keychain, Limits, RegistryError,
    Repository, Scope, Tag, Version,
};

/// Where all tests keep their images.
pub(crate) const PATH: &str = "acme/app";
/// Paths of manifests there.
pub(crate) const MANIFESTS: &str = "/v2/acme/app/manifests/*";
/// Paths of blobs there.
pub(crate) const BLOBS: &str = "/v2/acme/app/blobs/*";

/// Rules for a registry on loopback, without TLS.
pub(crate) fn loopback() -> HostRules {
    HostRules {
        plain_http: true,
        addresses: vec!["127.0.0.0/8".parse().unwrap()],
        ..HostRules::default()
    }
}

/// Settings under which these registries may be asked.
pub(crate) fn settings(registries: &[&Registry]) -> ClientSettings {
    let rules = registries
        .iter()
        .map(|registry| (registry.host(), loopback()));
    ClientSettings {
        hosts: rules.collect(),
        ..ClientSettings::default()
    }
}

/// Limits for registries that stall: other tests keep the defaults, as machines may be slow.
pub(crate) fn impatient() -> Limits {
    Limits {
        connect_time: Duration::from_millis(300),
        stall_time: Duration::from_millis(300),
        ..Limits::default()
    }
}

pub(crate) fn client(registries: &[&Registry]) -> Client {
    Client::new(settings(registries)).unwrap()
}

pub(crate) fn repository(host: &str) -> Repository {
    let text = format!("{host}/{PATH}");
    Repository::of(&Reference::parse(&text).unwrap()).unwrap()
}

pub(crate) fn tag(text: &str) -> Tag {
    Tag::parse(text).unwrap()
}

/// The manifest under the tag that the tests use.
pub(crate) fn tagged() -> Version {
    Version::Tag(tag("1.0"))
}

/// Access with a password.
pub(crate) fn password(host: &str, user: &str, password: &str) -> Access {
    let config =
        format!(r#"{{"auths": {{"{host}": {{"username": "{user}", "password": "{password}"}}}}}}"#);
    access(&config)
}

/// Access with a docker configuration.
pub(crate) fn access(config: &str) -> Access {
    let keychain = Keychain::from_docker_config(config.as_bytes()).unwrap();
    Access {
        keychain: Arc::new(keychain),
        scope: Scope::Own,
    }
}

pub(crate) fn in_namespace(access: &Access, name: &str) -> Access {
    Access {
        scope: Scope::Namespace(name.to_owned()),
        ..access.clone()
    }
}

/// What went wrong when the manifest was asked for.
pub(crate) async fn failure(client: &Client, host: &str, access: &Access) -> RegistryError {
    let answer = client.manifest(&repository(host), &tagged(), access).await;
    answer.expect_err("the registry misbehaves")
}

/// The same, and what kind it was.
pub(crate) async fn failure_kind(client: &Client, host: &str) -> ErrorKind {
    failure(client, host, &Access::anonymous())
        .await
        .kind()
        .clone()
}

/// The requests so far, as `METHOD PATH`.
pub(crate) fn lines(registry: &Registry) -> Vec<String> {
    registry
        .requests()
        .iter()
        .map(|request| request.line())
        .collect()
}
