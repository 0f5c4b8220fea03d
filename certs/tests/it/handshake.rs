//! Who can connect to a server that shows an issued certificate.

use std::io::Read;
use std::sync::Arc;

use gatehouse_certs::{CaBundle, CertificateAuthority, ServingCertificate, ServingNames};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::sign::SingleCertAndKey;
use rustls::version::{TLS12, TLS13};
use rustls::{
    CertificateError, ClientConfig, ClientConnection, Connection, Error, RootCertStore,
    ServerConfig, ServerConnection, SupportedProtocolVersion,
};

use crate::support::{DAY, YEAR, authority, localhost, self_signed_by, serving};

#[test]
fn a_client_that_trusts_the_authority_connects_to_each_name() {
    let authority = authority();
    let certificate = authority.issue(&localhost(), DAY).unwrap();
    for name in ["localhost", "LOCALHOST", "127.0.0.1", "::1"] {
        for version in [&TLS12, &TLS13] {
            let done = handshake(version, &certificate, &authority.certificate_pem(), name);
            assert_eq!(done, Ok(()), "{name} by {version:?}");
        }
    }
}

#[test]
fn the_api_server_reaches_a_service_by_its_cluster_name() {
    let authority = authority();
    let names = ServingNames::for_service("gatehouse", "policy").unwrap();
    let certificate = authority.issue(&names, DAY).unwrap();
    let connect = |name| connect(&certificate, &authority.certificate_pem(), name);
    assert_eq!(connect("gatehouse.policy.svc"), Ok(()));
    assert_eq!(connect("gatehouse.policy.svc.cluster.local"), Ok(()));
    assert!(is_wrong_name(&connect("gatehouse.other.svc")));
    assert!(is_wrong_name(&connect("gatehouse")));
}

#[test]
fn other_names_and_addresses_are_refused() {
    let authority = authority();
    let certificate = authority.issue(&localhost(), DAY).unwrap();
    for name in ["example.com", "a.localhost", "127.0.0.2", "::2"] {
        let done = connect(&certificate, &authority.certificate_pem(), name);
        assert!(is_wrong_name(&done), "{name}: {done:?}");
    }
}

#[test]
fn a_client_of_another_authority_refuses() {
    let certificate = serving();
    // Same name, other key: what an attacker would make.
    let other = authority();
    let done = connect(&certificate, &other.certificate_pem(), "localhost");
    assert!(is_untrusted(&done), "{done:?}");
}

#[test]
fn during_a_rotation_old_and_new_are_trusted() {
    let (old, new) = (authority(), authority());
    let both = CaBundle::of(&old).joined_with(&CaBundle::of(&new)).unwrap();
    for authority in [&old, &new] {
        let certificate = authority.issue(&localhost(), DAY).unwrap();
        assert_eq!(connect(&certificate, &both.pem(), "localhost"), Ok(()));
    }
    let late = old.issue(&localhost(), DAY).unwrap();
    let done = connect(&late, &CaBundle::of(&new).pem(), "localhost");
    assert!(is_untrusted(&done), "{done:?}");
}

#[test]
fn an_authority_that_was_stored_issues_as_before() {
    let made = authority();
    let read = CertificateAuthority::from_pem(&made.certificate_pem(), &made.key_pem()).unwrap();
    let certificate = read.issue(&localhost(), DAY).unwrap();
    assert_eq!(
        connect(&certificate, &made.certificate_pem(), "localhost"),
        Ok(())
    );
}

#[test]
fn a_certificate_that_was_stored_serves_as_before() {
    let authority = authority();
    let made = authority.issue(&localhost(), DAY).unwrap();
    let read = ServingCertificate::from_pem(&made.chain_pem(), &made.key_pem()).unwrap();
    assert_eq!(
        connect(&read, &authority.certificate_pem(), "localhost"),
        Ok(())
    );
}

#[test]
fn a_chain_by_way_of_an_intermediate_is_shown_whole() {
    let root = rcgen::KeyPair::generate().unwrap();
    let (root_pem, _) = self_signed_by(&root, |params| {
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, "root");
    });
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::default();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Constrained(0));
    let issuer = rcgen::Issuer::from_ca_cert_pem(&root_pem, &root).unwrap();
    let middle_pem = params.signed_by(&key, &issuer).unwrap().pem();

    let middle = CertificateAuthority::from_pem(&middle_pem, &key.serialize_pem()).unwrap();
    let own = middle.issue(&localhost(), DAY).unwrap();
    let chain = own.chain_pem() + &middle_pem;
    let certificate = ServingCertificate::from_pem(&chain, &own.key_pem()).unwrap();
    assert_eq!(connect(&certificate, &root_pem, "localhost"), Ok(()));
    assert!(is_untrusted(&connect(&own, &root_pem, "localhost")));
}

#[test]
fn keys_of_every_usual_kind_serve_and_sign() {
    let kinds = [
        &rcgen::PKCS_RSA_SHA256,
        &rcgen::PKCS_ECDSA_P256_SHA256,
        &rcgen::PKCS_ECDSA_P384_SHA384,
        &rcgen::PKCS_ECDSA_P521_SHA512,
        &rcgen::PKCS_ED25519,
    ];
    for kind in kinds {
        let key = rcgen::KeyPair::generate_for(kind).unwrap();
        let (pem, key_pem) = self_signed_by(&key, |_| ());
        let certificate = ServingCertificate::from_pem(&pem, &key_pem).unwrap();
        assert_eq!(connect(&certificate, &pem, "localhost"), Ok(()), "{kind:?}");

        let (pem, key_pem) = self_signed_by(&key, |params| {
            params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        });
        let authority = CertificateAuthority::from_pem(&pem, &key_pem).unwrap();
        let certificate = authority.issue(&localhost(), YEAR).unwrap();
        assert_eq!(connect(&certificate, &pem, "localhost"), Ok(()), "{kind:?}");
    }
}

fn connect(certificate: &ServingCertificate, trusted: &str, name: &str) -> Result<(), Error> {
    handshake(&TLS13, certificate, trusted, name)
}

fn handshake(
    version: &'static SupportedProtocolVersion,
    certificate: &ServingCertificate,
    trusted: &str,
    name: &str,
) -> Result<(), Error> {
    let mut client = Connection::from(client(version, trusted, name));
    let mut server = Connection::from(server(certificate));
    while client.is_handshaking() || server.is_handshaking() {
        transfer(&mut client, &mut server)?;
        transfer(&mut server, &mut client)?;
    }
    Ok(())
}

fn client(
    version: &'static SupportedProtocolVersion,
    trusted: &str,
    name: &str,
) -> ClientConnection {
    let mut roots = RootCertStore::empty();
    for root in CertificateDer::pem_slice_iter(trusted.as_bytes()) {
        roots.add(root.unwrap()).unwrap();
    }
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    ClientConnection::new(Arc::new(config), name).unwrap()
}

fn server(certificate: &ServingCertificate) -> ServerConnection {
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(
            certificate.certified_key(),
        )));
    ServerConnection::new(Arc::new(config)).unwrap()
}

/// Carries everything that `from` has to say over to `to`.
fn transfer(from: &mut Connection, to: &mut Connection) -> Result<(), Error> {
    let mut sent = Vec::new();
    while from.wants_write() {
        from.write_tls(&mut sent).unwrap();
    }
    let mut unread: &mut dyn Read = &mut sent.as_slice();
    while to.read_tls(&mut unread).unwrap() > 0 {
        to.process_new_packets()?;
    }
    Ok(())
}

fn is_wrong_name(done: &Result<(), Error>) -> bool {
    matches!(
        done,
        Err(Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }
        ))
    )
}

fn is_untrusted(done: &Result<(), Error>) -> bool {
    matches!(
        done,
        Err(Error::InvalidCertificate(
            CertificateError::UnknownIssuer | CertificateError::BadSignature
        ))
    )
}
