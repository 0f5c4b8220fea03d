use std::net::SocketAddr;

use gatehouse_test_registry::{MANIFEST, Registry};
use gatehouse_trust::registry::{Access, Client, ClientSettings, ErrorKind, HostRules, Proxy};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
};

use crate::scene::{PATH, failure_kind, repository, tagged};

const HOST: &str = "registry.example";

fn client(proxy: Proxy, rules: HostRules) -> Client {
    Client::new(ClientSettings {
        hosts: [(HOST.to_owned(), rules)].into(),
        proxy,
        ..ClientSettings::default()
    })
    .unwrap()
}

/// Takes one CONNECT and passes it on to `to`, whatever host it names. Returns what was asked for.
async fn tunnel(listener: TcpListener, to: SocketAddr) -> String {
    let (mut client, _) = listener.accept().await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await.unwrap());
    }
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
    let mut server = TcpStream::connect(to).await.unwrap();
    tokio::spawn(async move { copy_bidirectional(&mut client, &mut server).await });
    String::from_utf8(head).unwrap()
}

#[tokio::test]
async fn plain_requests_are_passed_on_by_the_proxy() {
    // the name cannot be resolved here, so only the proxy can have answered
    let proxy = Registry::start();
    proxy.put_manifest(PATH, "1.0", MANIFEST, b"{}");
    let rules = HostRules {
        plain_http: true,
        ..HostRules::default()
    };
    let client = client(
        Proxy::through("", &format!("http://{}", proxy.host()), ""),
        rules,
    );
    let found = client
        .manifest(&repository(HOST), &tagged(), &Access::anonymous())
        .await;
    assert!(found.unwrap().is_some());
    assert_eq!(proxy.requests()[0].host, HOST);
    assert_eq!(
        failure_kind(&client, "169.254.169.254").await,
        ErrorKind::Address
    );
}

#[tokio::test]
async fn secure_requests_go_through_a_tunnel() {
    let (registry, ca) = crate::tls::registry(HOST);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://user:pass@{}", listener.local_addr().unwrap());
    let asked = tokio::spawn(tunnel(listener, registry.address()));
    let rules = HostRules {
        ca_pem: Some(ca),
        ..HostRules::default()
    };
    let client = client(Proxy::through(&address, "", ""), rules);
    let found = client
        .manifest(&repository(HOST), &tagged(), &Access::anonymous())
        .await;
    assert!(found.unwrap().is_some());
    let asked = asked.await.unwrap().to_lowercase();
    assert!(
        asked.starts_with("connect registry.example:443 "),
        "{asked}"
    );
    assert!(
        asked.contains("proxy-authorization: basic dxnlcjpwyxnz"),
        "{asked}"
    );
    // what is written as an address is checked before the proxy is asked
    assert_eq!(
        failure_kind(&client, "169.254.169.254").await,
        ErrorKind::Address
    );
}

#[tokio::test]
async fn hosts_that_need_no_proxy_are_asked_directly_and_checked() {
    let proxy = Registry::start();
    let address = format!("http://{}", proxy.host());
    let client = client(
        Proxy::through(&address, &address, "localhost"),
        HostRules::default(),
    );
    assert_eq!(
        failure_kind(&client, "localhost:1").await,
        ErrorKind::Address
    );
    assert_eq!(proxy.requests(), []);
}
