//! Ways to write a reference that must not get past the rules.

use serde_json::json;

use super::*;

fn unreadable(image: &str) {
    let found = codes(image, json!({"digest": "optional"}));
    assert_eq!(found, ["image-reference"], "{image:?}");
}

fn not_allowed(patterns: &[&str], image: &str) {
    assert_eq!(
        codes(image, allowing(patterns)),
        ["image-registry"],
        "{image}"
    );
}

fn allowed(patterns: &[&str], image: &str) {
    assert_eq!(codes(image, allowing(patterns)), [""; 0], "{image}");
}

#[test]
fn one_image_is_one_image_however_it_is_written() {
    for image in [
        "nginx",
        "nginx:1",
        "library/nginx",
        "docker.io/nginx",
        "docker.io/library/nginx:latest",
        "index.docker.io/nginx",
        "index.docker.io/library/nginx",
        &format!("nginx:1@{DIGEST}"),
    ] {
        allowed(&["docker.io/library/*"], image);
        not_allowed(&["docker.io/acme/**", "ghcr.io/**"], image);
    }
}

#[test]
fn a_registry_of_another_name_is_another() {
    for image in [
        "Docker.io/library/nginx",
        "DOCKER.IO/nginx",
        "INDEX.docker.io/library/nginx",
        "docker.io:443/library/nginx",
        "index.docker.io:443/library/nginx",
        "registry-1.docker.io/library/nginx",
        "docker.io.evil.example/library/nginx",
        "evil-docker.io/library/nginx",
        "evil.example/docker.io/library/nginx",
        "docker/io/library/nginx",
        "localhost/library/nginx",
        "[::1]/library/nginx",
        "[::1]:443/docker.io/library/nginx",
        "LIBRARY/nginx",
    ] {
        not_allowed(&["docker.io/library/*"], image);
    }
}

#[test]
fn upper_case_in_a_registry_is_explained() {
    let findings = judge_image("GHCR.io/acme/app", allowing(&["ghcr.io/acme/**"]));
    assert_eq!(
        findings[0].help.as_deref(),
        Some("write the registry in lower case: ghcr.io")
    );
    let findings = judge_image("Docker.io/nginx", allowing(&["docker.io/library/nginx"]));
    assert_eq!(
        findings[0].help.as_deref(),
        Some("write the registry in lower case: docker.io")
    );
}

#[test]
fn a_pattern_is_no_prefix() {
    for image in [
        "docker.io/acme-evil/x",
        "docker.io/acmeevil/x",
        "docker.io.evil/acme/x",
        "docker.io/evil/acme/x",
        "docker.io/acme",
        "acme",
        "acme.evil/x",
    ] {
        not_allowed(&["docker.io/acme/**"], image);
        not_allowed(&["docker.io/acme/*"], image);
    }
    not_allowed(&["docker.io/acme/*"], "acme/team/x");
    allowed(&["docker.io/acme/**"], "acme/team/x");
}

#[test]
fn addresses_are_compared_as_written() {
    allowed(&["[::1]:5000/acme/**"], "[::1]:5000/acme/app");
    not_allowed(&["[::1]:5000/acme/**"], "[::1]/acme/app");
    not_allowed(&["[::1]:5000/acme/**"], "[0:0::1]:5000/acme/app");
    not_allowed(&["[::a]/acme/**"], "[::A]/acme/app");
    not_allowed(&["127.0.0.1:5000/**"], "127.1:5000/acme/app");
}

#[test]
fn a_user_or_a_scheme_is_refused() {
    for image in [
        "docker.io@evil",
        "docker.io@evil/library/nginx",
        "docker.io/library@evil.example/nginx",
        "docker.io:x@evil.example/library/nginx",
        "https://docker.io/library/nginx",
        "docker.io//evil.example/nginx",
        "docker.io/library/../evil/nginx",
        "docker.io/library/%2e%2e/nginx",
        "docker.io\\library\\nginx",
        "docker.io/library/nginx?x",
        "docker.io/library/nginx#x",
    ] {
        unreadable(image);
    }
}

#[test]
fn white_space_control_characters_and_look_alikes_are_refused() {
    for image in [
        " nginx",
        "nginx ",
        "nginx\n",
        "nginx\u{a0}",
        "ngi\tnx",
        "nginx\0",
        "\u{1b}[2Jnginx",
        "nginx\u{200b}",
        "\u{202e}xnign",
        "ngin\u{445}",
        "docker.io\u{2215}library/nginx",
        "docker\u{3002}io/library/nginx",
        "ghcr.\u{131}o/acme/app",
        "\u{212a}ube/app",
    ] {
        unreadable(image);
        let message = &judge_image(image, json!({}))[0].message;
        assert!(!message.chars().any(char::is_control), "{message:?}");
        assert!(
            message.chars().all(|c| c.is_ascii() || c == '…'),
            "{message:?}"
        );
    }
}

#[test]
fn a_digest_that_is_none_pins_nothing() {
    let hex = &DIGEST["sha256:".len()..];
    for digest in [
        "sha256:",
        "sha256:abc",
        &DIGEST[..DIGEST.len() - 1],
        &format!("{DIGEST}0"),
        &format!("sha256:{}", hex.to_uppercase()),
        &format!("SHA256:{hex}"),
        &format!("sha512:{hex}"),
        &format!("md5:{}", &hex[..32]),
        &format!("{DIGEST}@{DIGEST}"),
        &format!("{DIGEST}:latest"),
        &format!(" {DIGEST}"),
        hex,
        "latest",
        "",
    ] {
        assert_eq!(
            codes(&format!("nginx@{digest}"), json!({})),
            ["image-reference"],
            "{digest}"
        );
    }
    // a digest as a tag is a tag
    assert_eq!(
        codes(&format!("nginx:{hex}"), json!({})),
        ["image-not-pinned"]
    );
    assert_eq!(codes(&format!("nginx:1@{DIGEST}"), json!({})), [""; 0]);
}

#[test]
fn the_id_of_an_image_is_refused() {
    let hex = &DIGEST["sha256:".len()..];
    for id in [DIGEST, "sha256:86e0", hex] {
        unreadable(id);
        assert_eq!(
            codes(id, allowing(&["docker.io/library/*"])),
            ["image-reference"]
        );
    }
}

#[test]
fn lengths_are_limited() {
    unreadable(&format!("ghcr.io/{}", "a".repeat(256)));
    unreadable(&format!("{}/app", "a.".repeat(200_000) + "io"));
    unreadable(&format!("app:{}", "a".repeat(129)));
    let long = judge_image(&"a\u{1b}".repeat(100_000), json!({}));
    assert!(long[0].message.len() < 400);
    // the longest that is read
    let longest = format!(
        "{}.io/{}:{}",
        "a".repeat(252),
        "b".repeat(255),
        "c".repeat(128)
    );
    assert_eq!(codes(&longest, json!({})), ["image-not-pinned"]);
}

#[test]
fn a_tag_in_another_case_is_another_tag() {
    let settings = json!({"digest": "optional", "forbiddenTags": ["latest"]});
    assert_eq!(codes("nginx:LATEST", settings.clone()), [""; 0]);
    assert_eq!(codes("index.docker.io/nginx", settings), ["image-tag"]);
}
