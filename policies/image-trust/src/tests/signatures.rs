//! Whose signatures images need: rules, forms, and every place that names an image.

use super::*;

#[test]
fn any_of_needs_one() {
    let form = || json!({"anyOf": ["release", "security"]});
    let signed = json!({"release": failed("other-signer"), "security": verified("s")});
    assert!(say_of(form(), signed).is_silent());
    let unsigned = json!({"release": failed("not-signed"), "security": failed("not-signed")});
    assert_eq!(say_of(form(), unsigned).codes(), ["image-not-signed"]);
}

#[test]
fn all_of_needs_each() {
    let form = || json!({"allOf": ["release", "security"]});
    let signed = json!({"release": verified("k"), "security": verified("k")});
    assert!(say_of(form(), signed).is_silent());
    let half = json!({"release": verified("r"), "security": failed("other-signer")});
    assert_eq!(say_of(form(), half).codes(), ["image-signed-by-other"]);
    let none = json!({"release": failed("malformed"), "security": failed("not-signed")});
    assert_eq!(
        say_of(form(), none).codes(),
        ["image-signature-invalid", "image-not-signed"]
    );
}

#[test]
fn at_least_needs_that_many_keys() {
    let form = || json!({"atLeast": 2, "of": ["release", "security", "partner"]});
    let two = json!({"release": verified("r"), "security": failed("not-in-log"), "partner": verified("p")});
    assert!(say_of(form(), two).is_silent());
    let one = json!({"release": verified("r"), "security": failed("other-signer"), "partner": failed("other-signer")});
    assert_eq!(say_of(form(), one).codes(), ["image-signed-by-other"]);
    let one_key = json!({"release": verified("k"), "security": verified("k"), "partner": failed("other-signer")});
    assert_eq!(say_of(form(), one_key).codes(), ["image-signed-by-other"]);
    let both = json!({"verified": [{"signer": "k"}, {"signer": "k2"}]});
    let two_keys =
        json!({"release": both, "security": verified("k"), "partner": failed("other-signer")});
    assert!(say_of(form(), two_keys).is_silent());
}

#[test]
fn the_most_telling_truth_is_told() {
    let form = || json!({"anyOf": ["release", "security", "partner"]});
    let verdicts = |truths: [&str; 3]| {
        let [release, security, partner] = truths.map(failed);
        json!({"release": release, "security": security, "partner": partner})
    };
    let cases = [
        (
            ["not-signed", "not-signed", "not-signed"],
            "image-not-signed",
        ),
        (
            ["not-signed", "other-signer", "not-signed"],
            "image-signed-by-other",
        ),
        (
            ["other-signer", "not-signed", "other-digest"],
            "image-signature-invalid",
        ),
        (
            ["other-repository", "other-signer", "not-signed"],
            "image-signature-invalid",
        ),
        (
            ["other-signer", "a-new-reason", "not-signed"],
            "image-signature-invalid",
        ),
    ];
    for (truths, code) in cases {
        assert_eq!(
            say_of(form(), verdicts(truths)).codes(),
            [code],
            "{truths:?}"
        );
    }
}

#[test]
fn what_is_not_known_is_neither_found_nor_passed() {
    let any = || json!({"anyOf": ["release", "security"]});
    let all = || json!({"allOf": ["release", "security"]});
    let two = || json!({"atLeast": 2, "of": ["release", "security", "partner"]});
    let open = [
        "could not verify `ghcr.io/acme/app:1@sha256:86e0e091d0da6bde2456dbb48306f3956bbeb2eae1b5b9a43045843f69fe4aaa`: registry ghcr.io: timed out",
    ];
    let cases = [
        (
            any(),
            json!({"release": failed("not-signed"), "security": unavailable()}),
        ),
        (
            all(),
            json!({"release": verified("r"), "security": unavailable()}),
        ),
        (
            two(),
            json!({"release": unavailable(), "security": unavailable(), "partner": failed("not-signed")}),
        ),
        // the one that is not known may have a key of its own
        (
            two(),
            json!({"release": verified("k"), "security": verified("k"), "partner": unavailable()}),
        ),
    ];
    for (form, verdicts) in cases {
        let said = say_of(form, verdicts.clone());
        assert_eq!(said.codes(), [""; 0], "{verdicts}");
        assert_eq!(said.unchecked, open, "{verdicts}");
    }
    let met = json!({"release": unavailable(), "security": verified("s")});
    assert!(say_of(any(), met).is_silent());
    let hopeless = json!({"release": failed("not-signed"), "security": failed("not-signed"), "partner": unavailable()});
    let said = say_of(two(), hopeless);
    assert_eq!(
        (said.codes(), said.unchecked.len()),
        (vec!["image-not-signed"], 0)
    );
    // an exemption of what one lacks must not hide that the other is not known
    let both = json!({"release": failed("not-signed"), "security": unavailable()});
    let said = say_of(all(), both);
    assert_eq!(
        (said.codes(), said.unchecked.len()),
        (vec!["image-not-signed"], 1)
    );
}

#[test]
fn an_image_of_which_nothing_is_known_is_left_open() {
    let image = format!("ghcr.io/acme/app@{DIGEST}");
    let settings = || rule(json!({"anyOf": ["release"]}));
    let said = say("Pod", one(&image), settings(), &|_| unavailable());
    assert_eq!(said.codes(), [""; 0]);
    assert_eq!(
        said.unchecked,
        [format!(
            "could not verify `{image}`: registry ghcr.io: timed out"
        )]
    );
    let said = say(
        "Pod",
        one(&image),
        settings(),
        &|_| json!({"missing": true}),
    );
    assert_eq!(said.codes(), ["image-not-found"]);
}

#[test]
fn one_line_tells_of_an_image_that_several_containers_run() {
    let image = format!("ghcr.io/acme/app@{DIGEST}");
    let containers = ["a", "b"].map(|name| json!({"name": name, "image": image}));
    let settings = rule(json!({"allOf": ["release", "security"]}));
    let said = say(
        "Pod",
        json!({"containers": containers}),
        settings,
        &|_| json!({"digest": DIGEST, "authorities": {"release": unavailable(), "security": unavailable()}}),
    );
    assert_eq!(said.unchecked.len(), 1);
    assert_eq!(said.needs.len(), 1);
}

#[test]
fn every_image_of_a_pod_is_asked_for_at_once_and_judged() {
    let pinned = |name: &str| format!("ghcr.io/acme/{name}@{DIGEST}");
    let spec = json!({
        "initContainers": [
            {"name": "setup", "image": pinned("setup")},
            {"name": "proxy", "image": pinned("proxy"), "restartPolicy": "Always"},
        ],
        "containers": [{"name": "app", "image": pinned("app")}, {"name": "good", "image": pinned("good")}],
        "ephemeralContainers": [{"name": "debug", "image": pinned("debug")}],
        "volumes": [{"name": "model", "image": {"reference": pinned("model")}}],
    });
    let said = say("Pod", spec, rule(json!({"anyOf": ["release"]})), &|need| {
        let good = need.key == pinned("good");
        let verdict = if good {
            verified("r")
        } else {
            failed("not-signed")
        };
        json!({"digest": DIGEST, "authorities": {"release": verdict}})
    });
    let keys: Vec<_> = said.needs.iter().map(|need| need.key.as_str()).collect();
    let all = ["setup", "proxy", "app", "good", "debug", "model"].map(pinned);
    assert_eq!(keys, all);
    let places: Vec<_> = said.findings.iter().map(|f| f.path.to_string()).collect();
    assert_eq!(
        places,
        [
            "spec.initContainers[name=setup].image",
            "spec.initContainers[name=proxy].image",
            "spec.containers[name=app].image",
            "spec.ephemeralContainers[name=debug].image",
            "spec.volumes[name=model].image.reference",
        ]
    );
}

#[test]
fn the_first_rule_that_matches_decides() {
    let settings = || {
        json!({
            "digest": "optional",
            "authorities": {"release": {}, "security": {}},
            "signatures": [
                {"images": ["ghcr.io/acme/prod/**"], "allOf": ["release", "security"]},
                {"images": ["ghcr.io/acme/open/*"], "unsigned": "allow"},
                {"images": ["ghcr.io/acme/**"], "anyOf": ["security"]},
            ],
        })
    };
    let asked = |image: &str| {
        let image = format!("{image}@{DIGEST}");
        let said = say("Pod", one(&image), settings(), &all_signed);
        assert!(said.is_silent(), "{image}");
        let needs = said.needs.into_iter();
        needs.flat_map(|need| need.authorities).collect::<Vec<_>>()
    };
    assert_eq!(asked("ghcr.io/acme/prod/web"), ["release", "security"]);
    assert_eq!(asked("ghcr.io/acme/web"), ["security"]);
    assert_eq!(asked("ghcr.io/acme/open/web"), [""; 0]);
    assert_eq!(asked("ghcr.io/acme/open/deep/web"), ["security"]);
}

#[test]
fn images_that_no_rule_matches_are_refused_unless_allowed() {
    let unmatched = |decision: Value| {
        let mut settings = rule(json!({"anyOf": ["release"]}));
        settings["unmatched"] = decision;
        let said = say("Pod", one("nginx:1"), settings, &all_signed);
        assert_eq!(said.needs, []);
        said.codes().join(" ")
    };
    assert_eq!(unmatched(json!(null)), "image-unmatched");
    assert_eq!(unmatched(json!("deny")), "image-unmatched");
    assert_eq!(unmatched(json!("allow")), "");
}

#[test]
fn a_rule_that_is_not_clear_lets_nothing_in() {
    // `configure` refuses such settings before anything is judged by them
    let json =
        json!({"unmatched": "allow", "signatures": [{"images": ["ghcr.io/acme/**"], "allOf": []}]});
    let settings = TreeBuf::from_value(&json).unwrap();
    let settings = read_settings(settings.root()).unwrap();
    assert_eq!(configure(&settings).len(), 1);
    let request = request("Pod", one(&format!("ghcr.io/acme/app@{DIGEST}")));
    let findings = evaluate(&Request::new(request.root()), &settings, &Facts::none()).unwrap();
    assert_eq!(said(findings, Vec::new()).codes(), ["image-unmatched"]);
}

#[test]
fn what_is_refused_by_itself_is_asked_of_no_registry() {
    let settings = || {
        let mut settings = rule(json!({"anyOf": ["release"]}));
        settings["allowedImages"] = json!(["ghcr.io/acme/good/**"]);
        settings["signatures"][1]["images"] = json!(["open.io/**"]);
        settings["signatures"][1]["anyOf"] = json!(["security", "partner"]);
        let open = json!({"images": ["docker.io/**"], "unsigned": "allow"});
        settings["signatures"].as_array_mut().unwrap().push(open);
        settings
    };
    let cases: [(&str, &[&str]); 5] = [
        ("ghcr.io/Acme/good/app", &["image-reference"]),
        (
            "ghcr.io/acme/bad/app",
            &["image-registry", "image-not-verified", "image-not-pinned"],
        ),
        ("quay.io/app", &["image-registry", "image-unmatched"]),
        ("nginx:1", &["image-registry"]),
        ("", &["image-reference"]),
    ];
    for (image, codes) in cases {
        let said = say("Pod", one(image), settings(), &all_signed);
        assert_eq!(said.codes(), codes, "{image}");
        assert_eq!(said.needs, [], "{image}");
    }
}

#[test]
fn a_forbidden_tag_still_asks() {
    let mut settings = rule(json!({"anyOf": ["release"]}));
    settings["forbiddenTags"] = json!(["latest"]);
    let said = say(
        "Pod",
        one("ghcr.io/acme/app"),
        settings,
        &|_| json!({"digest": DIGEST, "authorities": {"release": failed("not-signed")}}),
    );
    assert_eq!(
        said.codes(),
        ["image-not-pinned", "image-tag", "image-not-signed"]
    );
}

#[test]
fn references_are_asked_for_by_their_normal_form() {
    let other = format!("sha256:{}", "0".repeat(64));
    let mut settings = rule(json!({"anyOf": ["release"]}));
    settings["signatures"][1]["images"] = json!(["docker.io/library/*", "[::1]:5000/**"]);
    let key = |image: &str| {
        let said = say("Deployment", one(image), settings.clone(), &all_signed);
        let needs = said.needs.into_iter().map(|need| need.key);
        needs.collect::<Vec<_>>().join(" ")
    };
    for image in [
        "nginx",
        "index.docker.io/nginx",
        "docker.io/library/nginx:latest",
    ] {
        assert_eq!(key(image), "docker.io/library/nginx:latest");
    }
    assert_eq!(key("[::1]:5000/app:1"), "[::1]:5000/app:1");
    // the digest decides, whatever tag stands beside it
    assert_eq!(
        key(&format!("ghcr.io/acme/app:1@{other}")),
        format!("ghcr.io/acme/app@{other}")
    );
    // others than the rules name: nobody asks
    for image in [
        "GHCR.io/acme/app:1",
        "ghcr.io:443/acme/app:1",
        "[0::1]:5000/app:1",
    ] {
        let said = say("Pod", one(image), settings.clone(), &all_signed);
        assert_eq!(
            (said.codes(), said.needs.len()),
            (vec!["image-unmatched"], 0)
        );
    }
}

#[test]
fn facts_about_another_digest_are_no_facts() {
    let other = format!("sha256:{}", "0".repeat(64));
    let image = format!("ghcr.io/acme/app:1@{other}");
    let said = say(
        "Pod",
        one(&image),
        rule(json!({"anyOf": ["release"]})),
        &|_| json!({"digest": DIGEST, "authorities": {"release": verified("r")}}),
    );
    assert_eq!((said.codes(), said.unchecked.len()), (vec![], 1));
}

#[test]
fn one_key_may_not_ask_for_two_sets_of_authorities() {
    let spec = json!({"containers": [
        {"name": "a", "image": "ghcr.io/acme/app:1"}, {"name": "b", "image": "ghcr.io/acme/app:1"},
    ], "volumes": [{"name": "v", "image": {"reference": format!("ghcr.io/acme/app:1@{DIGEST}")}}]});
    let said = say(
        "Pod",
        spec,
        rule(json!({"allOf": ["release", "security"]})),
        &all_signed,
    );
    let needs = said.needs.iter();
    let needs: Vec<_> = needs
        .map(|n| (n.key.as_str(), n.authorities.join(" ")))
        .collect();
    let names = || "release security".to_owned();
    let pinned = format!("ghcr.io/acme/app@{DIGEST}");
    assert_eq!(
        needs,
        [("ghcr.io/acme/app:1", names()), (&*pinned, names())]
    );
}
