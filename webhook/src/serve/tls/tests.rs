use std::{fs, path::Path};

use super::*;

const HOUR: Duration = Duration::from_hours(1);

fn authority() -> CertificateAuthority {
    CertificateAuthority::generate("test", 1000 * HOUR).unwrap()
}

fn names() -> ServingNames {
    ServingNames::parse(["localhost"]).unwrap()
}

pub(crate) fn certificates() -> Arc<Certificates> {
    let certificate = authority().issue(&names(), HOUR).unwrap();
    Arc::new(Certificates::new(&certificate))
}

pub(crate) fn expired_certificates() -> Arc<Certificates> {
    let long_ago = SystemTime::now() - 100 * HOUR;
    let authority = CertificateAuthority::generate_at("test", 1000 * HOUR, long_ago).unwrap();
    let certificate = authority.issue_at(&names(), HOUR, long_ago).unwrap();
    Arc::new(Certificates::new(&certificate))
}

fn write_pair(folder: &Path, certificate: &ServingCertificate) {
    fs::write(folder.join("tls.crt"), certificate.chain_pem()).unwrap();
    fs::write(folder.join("tls.key"), certificate.key_pem()).unwrap();
}

fn from_files(folder: &Path) -> Result<CertificateKeeper, CertificateError> {
    CertificateKeeper::new(CertificateSource::Files {
        certificate: folder.join("tls.crt"),
        key: folder.join("tls.key"),
    })
}

fn shows(keeper: &CertificateKeeper, certificate: &ServingCertificate) -> bool {
    keeper.certificates().shows(certificate)
}

#[test]
fn newer_files_are_shown_and_the_same_are_not_news() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (
        authority().issue(&names(), HOUR).unwrap(),
        authority().issue(&names(), 2 * HOUR).unwrap(),
    );
    write_pair(folder.path(), &one);
    let mut keeper = from_files(folder.path()).unwrap();
    assert!(shows(&keeper, &one));
    assert_eq!(keeper.renew(SystemTime::now()), Ok(false));
    write_pair(folder.path(), &two);
    assert_eq!(keeper.renew(SystemTime::now()), Ok(true));
    assert!(shows(&keeper, &two));
    assert_eq!(keeper.certificates().not_after(), two.not_after());
    assert_eq!(keeper.renew(SystemTime::now()), Ok(false));
}

#[test]
fn broken_files_leave_the_old_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let one = authority().issue(&names(), HOUR).unwrap();
    write_pair(folder.path(), &one);
    let mut keeper = from_files(folder.path()).unwrap();
    let mut refused = |what: &str| {
        let error = keeper.renew(SystemTime::now()).unwrap_err().to_string();
        assert!(error.contains(what), "{error}");
        assert!(shows(&keeper, &one));
    };

    let other = authority().issue(&names(), HOUR).unwrap();
    fs::write(folder.path().join("tls.crt"), other.chain_pem()).unwrap();
    refused("tls.key");
    fs::write(folder.path().join("tls.crt"), "half of a ").unwrap();
    refused("tls.crt");
    fs::remove_file(folder.path().join("tls.crt")).unwrap();
    refused("there is no such file");

    write_pair(folder.path(), &other);
    assert_eq!(keeper.renew(SystemTime::now()), Ok(true));
}

#[test]
fn a_swapped_data_link_is_seen() {
    // what Kubernetes does with a mounted Secret
    let folder = tempfile::tempdir().unwrap();
    let pairs = ["one", "two"].map(|name| {
        let pair = authority().issue(&names(), HOUR).unwrap();
        fs::create_dir(folder.path().join(name)).unwrap();
        write_pair(&folder.path().join(name), &pair);
        pair
    });
    let point_to = |name: &str| {
        let (new, data) = (
            folder.path().join("..data_tmp"),
            folder.path().join("..data"),
        );
        std::os::unix::fs::symlink(name, &new).unwrap();
        fs::rename(new, data).unwrap();
    };
    point_to("one");
    for file in ["tls.crt", "tls.key"] {
        let (to, from) = (Path::new("..data").join(file), folder.path().join(file));
        std::os::unix::fs::symlink(to, from).unwrap();
    }
    let mut keeper = from_files(folder.path()).unwrap();
    assert!(shows(&keeper, &pairs[0]));
    point_to("two");
    assert_eq!(keeper.renew(SystemTime::now()), Ok(true));
    assert!(shows(&keeper, &pairs[1]));
}

#[test]
fn a_self_made_certificate_is_replaced_before_it_expires() {
    let mut keeper = CertificateKeeper::self_made(names(), None, 3 * HOUR).unwrap();
    let first = keeper.certificates().not_after();
    let now = SystemTime::now();
    assert_eq!(keeper.renew(now + HOUR), Ok(false));
    assert_eq!(keeper.renew(now + 2 * HOUR + HOUR / 2), Ok(true));
    assert!(keeper.certificates().not_after() > first);
    assert_eq!(keeper.renew(now + 3 * HOUR), Ok(false));
}

#[test]
fn the_authority_is_written_for_clients() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("ca.crt");
    let source = |authority_out| CertificateSource::SelfMade {
        names: names(),
        authority_out: Some(authority_out),
    };
    CertificateKeeper::new(source(out.clone())).unwrap();
    let written = fs::read_to_string(out).unwrap();
    assert!(gatehouse_certs::CaBundle::from_pem(&written).is_ok());
    let error = CertificateKeeper::new(source(folder.path().join("no/ca.crt"))).unwrap_err();
    assert!(
        error.to_string().contains("no/ca.crt` cannot be written: "),
        "{error}"
    );
}

#[test]
fn certificates_show_no_key_to_a_log() {
    let shown = format!("{:?}", certificates());
    assert!(shown.starts_with("Certificates { not_after: "), "{shown}");
}
