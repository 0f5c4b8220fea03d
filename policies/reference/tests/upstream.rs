//! What distribution/reference accepts and refuses, by the cases of its own tests (`reference_test.go`,
//! `normalize_test.go`, `regexp_test.go`), and the normal form in which containerd would pull it.

use gatehouse_reference::Reference;

const SHA256: &str = "sha256:86e0e091d0da6bde2456dbb48306f3956bbeb2eae1b5b9a43045843f69fe4aaa";

fn normal(text: &str) -> String {
    let shown = |reference: Reference<'_>| reference.to_string();
    Reference::parse(text).map_or_else(|error| error.to_string(), shown)
}

fn assert_all_refused(texts: &[&str]) {
    for text in texts {
        let read = Reference::parse(text).map(|reference| reference.to_string());
        assert!(read.is_err(), "{text} was read as {read:?}");
    }
}

#[test]
fn names_get_what_they_leave_out() {
    let cases = [
        ("redis", "docker.io/library/redis:latest"),
        ("redis:7", "docker.io/library/redis:7"),
        ("library/redis", "docker.io/library/redis:latest"),
        ("docker.io/redis", "docker.io/library/redis:latest"),
        ("index.docker.io/redis", "docker.io/library/redis:latest"),
        (
            "index.docker.io/library/redis",
            "docker.io/library/redis:latest",
        ),
        (
            "docker.io/library/redis:latest",
            "docker.io/library/redis:latest",
        ),
        ("acme/app", "docker.io/acme/app:latest"),
        ("index.docker.io/acme/app", "docker.io/acme/app:latest"),
        ("library/deep/app", "docker.io/library/deep/app:latest"),
        (
            "docker.io/library/deep/app",
            "docker.io/library/deep/app:latest",
        ),
        ("store/deep/app", "docker.io/store/deep/app:latest"),
        ("other/library", "docker.io/other/library:latest"),
        (
            "ubuntu-12.04-base",
            "docker.io/library/ubuntu-12.04-base:latest",
        ),
        ("test_com/app", "docker.io/test_com/app:latest"),
        ("do__cker/docker", "docker.io/do__cker/docker:latest"),
        (
            "docker---rules/docker",
            "docker.io/docker---rules/docker:latest",
        ),
        ("d/t", "docker.io/d/t:latest"),
    ];
    for (text, expected) in cases {
        assert_eq!(normal(text), expected, "{text}");
    }
}

#[test]
fn a_registry_is_told_from_a_namespace() {
    let cases = [
        ("localhost/app", "localhost/app:latest"),
        ("localhost:8080/app", "localhost:8080/app:latest"),
        ("example.com/app", "example.com/app:latest"),
        ("example.com/a/b/c:tag", "example.com/a/b/c:tag"),
        (
            "sub-dom1.foo.com/bar/baz:some-long-tag",
            "sub-dom1.foo.com/bar/baz:some-long-tag",
        ),
        ("test:5000/repo", "test:5000/repo:latest"),
        ("test-com:8080/foo:t", "test-com:8080/foo:t"),
        ("192.168.1.1/repo", "192.168.1.1/repo:latest"),
        ("192.168.1.1:5000/repo:5050", "192.168.1.1:5000/repo:5050"),
        ("192.168.1.1:750050/repo", "192.168.1.1:750050/repo:latest"),
        (
            "xn--n3h.com/myimage:xn--n3h.com",
            "xn--n3h.com/myimage:xn--n3h.com",
        ),
        (
            "example.com/xn--7o8h.com/myimage",
            "example.com/xn--7o8h.com/myimage:latest",
        ),
        ("Foo/bar", "Foo/bar:latest"),
        ("FOO/bar:t", "FOO/bar:t"),
        ("Asdf.com/foo/bar", "Asdf.com/foo/bar:latest"),
        ("Docker.io/nginx", "Docker.io/nginx:latest"),
        ("docker.io:443/nginx", "docker.io:443/nginx:latest"),
        ("sha256:5000/app", "sha256:5000/app:latest"),
        (
            "registry.io/foo/project--id.module--name.ver---sion--name",
            "registry.io/foo/project--id.module--name.ver---sion--name:latest",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(normal(text), expected, "{text}");
    }
}

#[test]
fn without_a_slash_there_is_no_registry() {
    let cases = [
        ("localhost", "docker.io/library/localhost:latest"),
        ("localhost:8080", "docker.io/library/localhost:8080"),
        ("test.com:5000", "docker.io/library/test.com:5000"),
        ("192.168.0.1", "docker.io/library/192.168.0.1:latest"),
        ("192.168.0.1:80", "docker.io/library/192.168.0.1:80"),
        ("foo_bar.com:8080", "docker.io/library/foo_bar.com:8080"),
        (
            "lowercase:Uppercase",
            "docker.io/library/lowercase:Uppercase",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(normal(text), expected, "{text}");
    }
}

#[test]
fn ipv6_addresses_stand_in_brackets() {
    let cases = [
        ("[2001:db8::1]/repo", "[2001:db8::1]/repo:latest"),
        (
            "[2001:db8:1:2:3:4:5:6]/repo:tag",
            "[2001:db8:1:2:3:4:5:6]/repo:tag",
        ),
        ("[2001:db8::]:5000/repo", "[2001:db8::]:5000/repo:latest"),
        ("[::1]:5000/a/b:tag", "[::1]:5000/a/b:tag"),
        ("[FC00::1]/a", "[FC00::1]/a:latest"),
    ];
    for (text, expected) in cases {
        assert_eq!(normal(text), expected, "{text}");
    }
    assert_all_refused(&[
        "[2001:db8::1]",
        "[2001:db8::1]:5000",
        "[2001:db8::1]:tag",
        "[fe80::1%eth0]:5000/repo",
        "[fe80::1%@invalidzone]:5000/repo",
        "[2001:db8:3:4::192.0.2.33]:5000/repo",
        "[fd00:1:2::3]75050/repo",
        "[fd00:1:2::3]::75050/repo",
        "[fd00::3/repo",
        "[]:5000/repo",
        "fc00::1:5000/repo",
    ]);
}

#[test]
fn a_digest_makes_the_tag_meaningless() {
    for name in [
        "docker.io/library/busybox",
        "test:5000/repo",
        "[2001:db8::1]:5000/repo",
    ] {
        let expected = format!("{name}@{SHA256}");
        assert_eq!(normal(&format!("{name}@{SHA256}")), expected);
        assert_eq!(normal(&format!("{name}:tag@{SHA256}")), expected);
    }
    let busybox = format!("docker.io/library/busybox@{SHA256}");
    assert_eq!(normal(&format!("busybox:latest@{SHA256}")), busybox);
    let localhost = format!("docker.io/library/localhost@{SHA256}");
    assert_eq!(normal(&format!("localhost:8080@{SHA256}")), localhost);
}

#[test]
fn each_algorithm_has_its_length() {
    for (algorithm, len) in [("sha256", 64), ("sha384", 96), ("sha512", 128)] {
        let of = |len: usize| format!("example.com/app@{algorithm}:{}", "f".repeat(len));
        assert_eq!(normal(&of(len)), of(len));
        assert_all_refused(&[&of(len - 1), &of(len + 1), &of(32), &of(0)]);
    }
}

#[test]
fn wrong_digests_are_refused() {
    let hex = "f".repeat(64);
    for digest in [
        format!("md5:{}", "f".repeat(32)),
        format!("invaliddigest:{hex}"),
        format!("SHA256:{hex}"),
        format!("sha256:{}", hex.to_uppercase()),
        format!("sha256:{}g", "f".repeat(63)),
        format!("sha256+b64:{hex}"),
        format!("sha256:{hex}@sha256:{hex}"),
        format!("sha256:{hex}:tag"),
        format!("sha256:{hex}/app"),
        format!("sha256:{hex}@"),
        format!("sha256{hex}"),
        "bad".to_owned(),
        String::new(),
    ] {
        assert_all_refused(&[&format!("repo@{digest}"), &format!("repo:tag@{digest}")]);
    }
}

#[test]
fn names_that_are_none_are_refused() {
    assert_all_refused(&[
        "",
        ":justtag",
        "@sha256:ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "https://github.com/docker/docker",
        "docker/",
        "docker.io/",
        "docker.io/library/",
        "/docker",
        "foo.com/",
        "a/a/a/a/",
        "a//a/a",
        "docker///docker",
        "docker.io/docker///docker",
        "-docker",
        "-docker/docker",
        "docker-/docker",
        "-docker.io/docker/docker",
        "docker.-io/docker",
        "docker./docker",
        ".docker/docker",
        "foo/bar-",
        "foo/-bar",
        "_foo/bar",
        "docker_/docker_",
        "____/____",
        "do..cker/docker",
        "dock_.er/docker",
        "dock-.er/docker",
        "dock___er/docker",
        "example.com/..dots/myimage",
        "example.com/__underscore/myimage",
        "example.com/nodouble..dots/myimage",
        "foo.com:http/bar",
        "foo.com:/bar",
        "do__cker:8080/docker",
        "bad_hostname.com:8080/myapp:tag",
        "a^a",
        "aa/asdf$$^/aa",
    ]);
}

#[test]
fn upper_case_is_refused_in_a_repository() {
    assert_all_refused(&[
        "Uppercase",
        "Uppercase:tag",
        "docker/Docker",
        "docker.io/docker/Docker",
        "Foo/FarB",
        "test:5000/Uppercase/lowercase:tag",
    ]);
}

#[test]
fn tags_have_their_form_and_length() {
    let of = |len: usize| format!("example.com/app:{}", "t".repeat(len));
    assert_eq!(normal(&of(128)), of(128));
    assert_all_refused(&[&of(129), &of(0)]);
    for tag in ["_", "A", "0", "v1.2-rc_3"] {
        assert_eq!(
            normal(&format!("example.com/app:{tag}")),
            format!("example.com/app:{tag}")
        );
    }
    assert_all_refused(&[
        "app:-x",
        "app:.x",
        "app:invalid~tag",
        "app:a:b",
        "app:a/b",
        "app:a+b",
    ]);
    assert_all_refused(&[&format!("app:-x@{SHA256}"), &format!("app:@{SHA256}")]);
}

#[test]
fn repositories_have_255_characters_at_most() {
    let longest = "a/".repeat(127) + "a";
    assert_eq!(longest.len(), 255);
    let registry = "example.com";
    assert_eq!(
        normal(&format!("{registry}/{longest}:tag")),
        format!("{registry}/{longest}:tag")
    );
    assert_all_refused(&[&format!("{registry}/{longest}a")]);
    // the namespace that is left out counts
    assert_eq!(
        normal(&"a".repeat(247)).len(),
        "docker.io/".len() + 255 + ":latest".len()
    );
    assert_all_refused(&[&"a".repeat(248)]);
}

#[test]
fn ids_of_images_are_refused() {
    let hex = "1a3f5e7d9c1b3a5f7e9d1c3b5a7f9e1d3c5b7a9f1e3d5d7c9b1a3f5e7d9c1b3a";
    assert_all_refused(&[hex]);
    // with a registry, or with a digit less, it can be nothing but a name
    assert_eq!(
        normal(&format!("docker.io/{hex}")),
        format!("docker.io/library/{hex}:latest")
    );
    assert_eq!(
        normal(&hex[1..]),
        format!("docker.io/library/{}:latest", &hex[1..])
    );
    assert_eq!(normal("dbcc1"), "docker.io/library/dbcc1:latest");
}
