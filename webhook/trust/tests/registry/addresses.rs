use gatehouse_test_registry::{MANIFEST, Registry};
use gatehouse_trust::registry::{Access, Client, ClientSettings, ErrorKind, HostRules};

use crate::scene::{PATH, client, failure_kind, loopback, repository, settings, tagged};

#[tokio::test]
async fn loopback_is_asked_only_where_the_rules_say_so() {
    let registry = Registry::start();
    registry.put_manifest(PATH, "1.0", MANIFEST, b"{}");
    let plain = HostRules {
        plain_http: true,
        ..HostRules::default()
    };
    let port = registry.address().port();
    let hosts = [
        registry.host(),
        format!("localhost:{port}"),
        format!("[::ffff:7f00:1]:{port}"),
    ];
    for host in &hosts {
        let rules = [(host.clone(), plain.clone())].into();
        let client = Client::new(ClientSettings {
            hosts: rules,
            ..ClientSettings::default()
        });
        assert_eq!(
            failure_kind(&client.unwrap(), host).await,
            ErrorKind::Address,
            "{host}"
        );
    }
    assert_eq!(registry.requests(), []);
    let found = client(&[&registry]);
    let found = found
        .manifest(&repository(&hosts[0]), &tagged(), &Access::anonymous())
        .await;
    assert!(found.unwrap().is_some());
}

#[tokio::test]
async fn a_name_is_checked_after_dns() {
    let registry = Registry::start();
    registry.put_manifest(PATH, "1.0", MANIFEST, b"{}");
    let host = format!("localhost:{}", registry.address().port());
    let mut settings = settings(&[]);
    settings.hosts.insert(host.clone(), loopback());
    let client = Client::new(settings).unwrap();
    let found = client
        .manifest(&repository(&host), &tagged(), &Access::anonymous())
        .await;
    assert!(found.unwrap().is_some());
}

#[tokio::test]
async fn addresses_of_clouds_and_clusters_are_not_asked() {
    let mut settings = settings(&[]);
    settings.denied_addresses = vec!["10.96.0.0/12".parse().unwrap()];
    let client = Client::new(settings).unwrap();
    for host in [
        "169.254.169.254",
        "[fd00:ec2::254]",
        "100.100.100.200",
        "10.96.0.1:443",
        "0.0.0.0:5000",
    ] {
        assert_eq!(
            failure_kind(&client, host).await,
            ErrorKind::Address,
            "{host}"
        );
    }
}

#[test]
fn settings_that_name_no_host_are_refused() {
    for wrong in ["https://ghcr.io", "ghcr.io/acme", "ghcr.io:99999", ""] {
        let mut settings = settings(&[]);
        settings
            .hosts
            .insert(wrong.to_owned(), HostRules::default());
        let error = Client::new(settings).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with(&format!("`{wrong}` is not a host")),
            "{error}"
        );
    }
}
