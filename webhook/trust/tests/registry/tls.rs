use std::{sync::Arc, time::Duration};

use gatehouse_certs::{CaBundle, CertificateAuthority, ServingNames};
use gatehouse_test_registry::{Fault, MANIFEST, Registry};
use gatehouse_trust::registry::{Access, Client, ClientSettings, ErrorKind, HostRules};
use rustls::{ServerConfig, crypto::aws_lc_rs, sign::SingleCertAndKey};

use crate::scene::{MANIFESTS, PATH, failure_kind, loopback, repository, tagged};

/// A registry with a certificate for this name, and the authority that it is from.
pub(crate) fn registry(name: &str) -> (Registry, Vec<u8>) {
    let day = Duration::from_hours(24);
    let authority = CertificateAuthority::generate("test", 10 * day).unwrap();
    let names = ServingNames::for_service("x", "x")
        .unwrap()
        .with([name])
        .unwrap();
    let certificate = authority.issue(&names, day).unwrap();
    let key = SingleCertAndKey::from(certificate.certified_key());
    let config = ServerConfig::builder_with_provider(aws_lc_rs::default_provider().into());
    let config = config.with_safe_default_protocol_versions().unwrap();
    let config = config
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(key));
    let registry = Registry::builder().tls(config).start();
    registry.put_manifest(PATH, "1.0", MANIFEST, b"{}");
    (registry, CaBundle::of(&authority).pem().into())
}

/// Rules for a registry on loopback with TLS.
fn secured(ca_pem: Option<Vec<u8>>) -> HostRules {
    HostRules {
        plain_http: false,
        ca_pem,
        ..loopback()
    }
}

fn client(hosts: impl IntoIterator<Item = (String, HostRules)>) -> Client {
    Client::new(ClientSettings {
        hosts: hosts.into_iter().collect(),
        ..ClientSettings::default()
    })
    .unwrap()
}

#[tokio::test]
async fn a_private_authority_is_trusted_for_its_host_only() {
    let (registry, ca) = registry("localhost");
    let port = registry.address().port();
    let host = format!("localhost:{port}");
    let trusted = client([(host.clone(), secured(Some(ca.clone())))]);
    let found = trusted
        .manifest(&repository(&host), &tagged(), &Access::anonymous())
        .await;
    assert!(found.unwrap().is_some());
    let untrusted = client([
        (host.clone(), secured(None)),
        ("other.example".to_owned(), secured(Some(ca.clone()))),
    ]);
    assert_eq!(failure_kind(&untrusted, &host).await, ErrorKind::Tls);
    // the authority is right, the name is not
    let by_address = registry.host();
    let misnamed = client([(by_address.clone(), secured(Some(ca)))]);
    assert_eq!(failure_kind(&misnamed, &by_address).await, ErrorKind::Tls);
}

#[tokio::test]
async fn a_secure_registry_redirects_to_plain_http_only_where_that_is_named() {
    let (registry, ca) = registry("localhost");
    let host = format!("localhost:{}", registry.address().port());
    let plain = Registry::start();
    plain.put_manifest(PATH, "1.0", MANIFEST, b"{}");
    let to = format!("http://{}/v2/{PATH}/manifests/1.0", plain.host());
    registry.misbehave(MANIFESTS, Fault::Redirect(to));
    let rules = (host.clone(), secured(Some(ca)));
    assert_eq!(
        failure_kind(&client([rules.clone()]), &host).await,
        ErrorKind::PlainHttp
    );
    assert_eq!(plain.requests(), []);
    let named = client([rules, (plain.host(), loopback())]);
    let found = named
        .manifest(&repository(&host), &tagged(), &Access::anonymous())
        .await;
    assert!(found.unwrap().is_some());
}

#[test]
fn authorities_that_cannot_be_read_are_refused() {
    for wrong in [
        "",
        "no pem",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        let hosts = [("r.example".to_owned(), secured(Some(wrong.into())))].into();
        let error = Client::new(ClientSettings {
            hosts,
            ..ClientSettings::default()
        })
        .unwrap_err();
        assert!(error.to_string().contains("`r.example`"), "{error}");
    }
}
