//! Settings: their shapes, which the schema and the types know alike, and what is wrong with their meaning.

use serde_json::json;

use super::*;
use crate::{DigestRule, Settings};

fn errors(settings: Value) -> Vec<String> {
    let tree = TreeBuf::from_value(&settings).unwrap();
    let errors = match read_settings(tree.root()) {
        Ok(settings) => configure(&settings),
        Err(error) => vec![error],
    };
    errors
        .into_iter()
        .map(|error| format!("{}: {}", error.path, error.message))
        .collect()
}

/// The mistakes of these rules, where there are the authorities `release`, `security` and `partner`.
fn errors_of(rules: Value) -> Vec<String> {
    let authority = |name: &str| json!({"key": format!("file:{name}.pub")});
    let mut rules = rules.as_array().unwrap().clone();
    rules.push(json!({"images": ["last.io/**"], "anyOf": ["release", "security", "partner"]}));
    errors(json!({
        "authorities": {
            "release": authority("release"),
            "security": authority("security"),
            "partner": authority("partner"),
        },
        "signatures": rules,
    }))
}

#[test]
fn no_settings_require_a_digest_and_nothing_else() {
    let tree = TreeBuf::from_json("null").unwrap();
    let settings: Settings = read_settings(tree.root()).unwrap();
    assert_eq!(settings, Settings::default());
    assert_eq!(settings.digest, DigestRule::Required);
    assert_eq!(settings.signatures, None);
    assert!(errors(json!({})).is_empty());
}

#[test]
fn good_settings_have_no_errors() {
    let patterns = json!({
        "digest": "optional", "forbiddenTags": ["latest", "dev-*", "*"],
        "allowedImages": ["docker.io/library/*", "docker.io/**", "ghcr.io/acme/**", "localhost:5000/app",
            "*.example.com:443/a-*/**/b", "[::1]:5000/app", "docker.io/acme/*"],
    });
    assert_eq!(errors(patterns), [""; 0]);
    let rules = json!([
        {"images": ["ghcr.io/acme/prod/**"], "allOf": ["release", "security"]},
        {"images": ["ghcr.io/acme/**"], "anyOf": ["release", "security"]},
        {"images": ["ghcr.io/tools/**"], "atLeast": 3, "of": ["release", "security", "partner"]},
        {"images": ["docker.io/library/*", "ghcr.io/**"], "unsigned": "allow"},
    ]);
    assert_eq!(errors_of(rules), [""; 0]);
}

#[test]
fn shapes_are_checked() {
    let rule = |rule| json!({"signatures": [rule]});
    let cases = [
        (json!({"digest": "requird"}), "digest: "),
        (json!({"digests": "required"}), "digests: "),
        (
            json!({"allowedImages": "ghcr.io/acme/**"}),
            "allowedImages: ",
        ),
        (
            json!({"allowedImages": ["ghcr.io/a/**", 1]}),
            "allowedImages[1]: ",
        ),
        (json!({"forbiddenTags": [null]}), "forbiddenTags[0]: "),
        (json!({"signatures": {}}), "signatures: "),
        (rule(json!({"anyOf": ["a"]})), "signatures[0]: "),
        (
            rule(json!({"images": ["a.io/**"], "any": ["a"]})),
            "signatures[0].any: ",
        ),
        (
            rule(json!({"images": ["a.io/**"], "unsigned": "deny"})),
            "signatures[0].unsigned: ",
        ),
        (json!({"unmatched": "warn"}), "unmatched: "),
        (json!({"authorities": ["release"]}), "authorities: "),
    ];
    let schema = jsonschema::validator_for(&metadata::metadata().settings).unwrap();
    for (settings, start) in cases {
        assert!(!schema.is_valid(&settings), "{settings}");
        let errors = errors(settings.clone());
        assert!(errors[0].starts_with(start), "{settings}: {errors:?}");
    }
}

#[test]
fn the_schema_knows_what_the_host_reads() {
    let schema = jsonschema::validator_for(&metadata::metadata().settings).unwrap();
    let authority = |document: Value| json!({"authorities": {"release": document}});
    let keyless = |document: Value| json!({"keyless": document});
    for wrong in [
        json!({"keys": "file:a.pub"}),
        json!({"key": ["file:a.pub"]}),
        json!({"key": "file:a.pub", "requireTlog": "yes"}),
        json!({"certificate": "file:ca.pem", "identities": "builds@acme.example"}),
        json!({"keyless": "builds@acme.example"}),
        keyless(json!({"subject": "a"})),
        keyless(json!({"issuer": "a"})),
        keyless(json!({"issuer": "a", "subject": ""})),
        keyless(json!({"issuer": "a", "subject": {}})),
        keyless(json!({"issuer": "a", "subject": {"prefix": "b"}})),
        keyless(json!({"issuer": "a", "subject": {"glob": "b", "regex": "^b$"}})),
        keyless(json!({"issuer": "a", "subject": "b".repeat(1025)})),
        keyless(json!({"issuer": "a", "subject": "b", "claims": {"sha": "c"}})),
    ] {
        assert!(!schema.is_valid(&authority(wrong.clone())), "{wrong}");
    }
    for right in [
        json!({"issuer": "a", "subject": "b".repeat(1024)}),
        json!({"issuer": {"glob": "a"}, "subject": {"regex": "^b$"}, "claims":
            {"repository": "acme/app", "ref": "refs/heads/main", "workflow": "release"}}),
    ] {
        assert!(
            schema.is_valid(&authority(keyless(right.clone()))),
            "{right}"
        );
    }
    let full = json!({"certificate": "file:ca.pem", "identities": ["builds@acme.example"],
        "requireTlog": true, "bindReference": true, "trustRoot": "file:trusted_root.json"});
    assert!(schema.is_valid(&authority(full)));
}

/// The mistakes of an authority that attests.
fn errors_of_attestation(attestation: Value) -> Vec<String> {
    let errors = errors(json!({
        "authorities": {"scanned": {"key": "file:a.pub", "attestation": attestation}},
        "signatures": [{"images": ["ghcr.io/acme/**"], "anyOf": ["scanned"]}],
    }));
    let below = |error: String| error.replacen("authorities.scanned.attestation", "", 1);
    errors.into_iter().map(below).collect()
}

const SLSA: &str = "https://slsa.dev/provenance/v1";

#[test]
fn an_attestation_has_a_shape() {
    let schema = jsonschema::validator_for(&metadata::metadata().settings).unwrap();
    let authority =
        |attestation: &Value| json!({"authorities": {"scanned": {"attestation": attestation}}});
    let of_condition = |condition: Value| json!({"predicateType": SLSA, "conditions": [condition]});
    let cases = [
        (json!({}), ": missing field `predicateType`"),
        (json!("vuln"), ": invalid type"),
        (json!({"predicateType": 1}), ".predicateType: "),
        (
            json!({"predicateType": SLSA, "type": "vuln"}),
            ".type: unknown field `type`",
        ),
        (
            json!({"predicateType": SLSA, "conditions": {}}),
            ".conditions: ",
        ),
        (of_condition(json!("a")), ".conditions[0]: "),
        (
            of_condition(json!({"equals": 1})),
            ".conditions[0]: missing field `path`",
        ),
        (
            of_condition(json!({"path": ["a"], "equals": 1})),
            ".conditions[0].path: ",
        ),
        (
            of_condition(json!({"path": "a", "equal": 1})),
            ".conditions[0].equal: unknown field `equal`",
        ),
        (
            of_condition(json!({"path": "a", "equals": [1]})),
            ".conditions[0].equals: expected a text, a number, `true` or `false`",
        ),
        (
            of_condition(json!({"path": "a", "oneOf": "b"})),
            ".conditions[0].oneOf: ",
        ),
        (
            of_condition(json!({"path": "a", "noneOf": [{}]})),
            ".conditions[0].noneOf[0]: expected a text",
        ),
        (
            of_condition(json!({"path": "a", "atMost": "7"})),
            ".conditions[0].atMost: expected a number",
        ),
        (
            of_condition(json!({"path": "a", "atLeast": true})),
            ".conditions[0].atLeast: expected a number",
        ),
        (
            of_condition(json!({"path": "a", "maxAge": 72})),
            ".conditions[0].maxAge: ",
        ),
        (
            of_condition(json!({"path": "a", "glob": 7})),
            ".conditions[0].glob: ",
        ),
    ];
    for (attestation, start) in cases {
        assert!(!schema.is_valid(&authority(&attestation)), "{attestation}");
        let errors = errors_of_attestation(attestation.clone());
        assert!(errors[0].starts_with(start), "{attestation}: {errors:?}");
    }
}

#[test]
fn every_operator_is_one_of_the_schema() {
    let operators = [
        json!({"equals": "a"}),
        json!({"equals": 1.5}),
        json!({"equals": false}),
        json!({"oneOf": ["a", 1, true]}),
        json!({"noneOf": ["a"]}),
        json!({"glob": "a*"}),
        json!({"atMost": 7.5}),
        json!({"atLeast": -1}),
        json!({"maxAge": "7d"}),
    ];
    let conditions = operators.map(|mut condition| {
        condition["path"] = json!("a");
        condition
    });
    let attestation = json!({"predicateType": SLSA, "conditions": conditions});
    assert_eq!(errors_of_attestation(attestation.clone()), [""; 0]);
    let schema = jsonschema::validator_for(&metadata::metadata().settings).unwrap();
    assert!(schema.is_valid(&json!({"authorities": {"scanned": {"attestation": attestation}}})));
}

#[test]
fn all_mistakes_of_an_attestation_are_located_at_once() {
    let attestation = json!({
        "predicateType": "vuln",
        "conditions": [
            {"path": "a"},
            {"path": "a[", "equals": 1, "atMost": 1},
            {"path": "b", "oneOf": []},
            {"path": "b", "noneOf": []},
            {"path": "c", "glob": "a"},
            {"path": "", "maxAge": "3 days"},
            {"path": "d", "atLeast": 7.5},
            {"path": "d", "atMost": 7},
            {"path": "d", "atLeast": 8},
            {"path": "d", "atMost": 7},
            {"path": "d", "atMost": 7.5},
        ],
    });
    assert_eq!(
        errors_of_attestation(attestation),
        [
            ".predicateType: `vuln` is cosign's short name for the type: write `https://cosign.sigstore.dev/attestation/vuln/v1`",
            ".conditions[0]: the condition does not say what the value has to be: write one of `equals`, `oneOf`, `noneOf`, `glob`, `atMost`, `atLeast` and `maxAge`",
            ".conditions[1].path: `a[` is not a path: expected `[*]`, or a member in quotes such as `[\"a.b\"]` at byte 1",
            ".conditions[1]: the condition says in more than one way what the value has to be: keep one of `equals`, `oneOf`, `noneOf`, `glob`, `atMost`, `atLeast` and `maxAge`, and write a condition of its own for each other",
            ".conditions[2].oneOf: no value is one of an empty list: name those that are allowed",
            ".conditions[3].noneOf: every value is none of an empty list: name those that are not allowed",
            ".conditions[4].glob: `a` has no `*`: write `equals: a` instead",
            ".conditions[5].path: `` is not a path: expected a member at byte 0",
            ".conditions[5].maxAge: `3 days` is not a duration: write whole numbers with units, as in `72h`, `30m`, `7d` or `1h30m`",
            ".conditions[7].atMost: no number is at least 7.5 and at most 7: correct one of the bounds",
            ".conditions[8].atLeast: no number is at least 8 and at most 7: correct one of the bounds",
            ".conditions[9]: this condition stands at conditions[7] already: remove one",
            ".conditions[9].atMost: no number is at least 7.5 and at most 7: correct one of the bounds",
            ".conditions[10].atMost: no number is at least 8 and at most 7.5: correct one of the bounds",
        ]
    );
}

#[test]
fn lists_are_limited() {
    let schema = jsonschema::validator_for(&metadata::metadata().settings).unwrap();
    let names = |count: usize| (0..count).map(|i| format!("n{i}")).collect::<Vec<_>>();
    let rule = |rule: Value| json!({"signatures": [rule]});
    let of_rule = |list: &str, count| rule(json!({"images": [], list: names(count)}));
    let rules = |count| json!({"signatures": vec![json!({"images": []}); count]});
    let images = |count| rule(json!({"images": names(count)}));
    let authorities = |count| {
        let of_name = |name| (name, json!({}));
        let map: serde_json::Map<_, _> = names(count).into_iter().map(of_name).collect();
        json!({"authorities": map})
    };
    let identities = |count| json!({"authorities": {"a": {"identities": names(count)}}});
    let attestation =
        |attestation: Value| json!({"authorities": {"a": {"attestation": attestation}}});
    let of_type = |length| attestation(json!({"predicateType": "a".repeat(length)}));
    let conditions = |count| {
        attestation(json!({"predicateType": SLSA, "conditions": vec![json!({"path": "a"}); count]}))
    };
    let of_condition = |operator: &str, value: Value| {
        attestation(json!({"predicateType": SLSA, "conditions": [{"path": "a", operator: value}]}))
    };
    let limits: [(&dyn Fn(usize) -> Value, usize); 13] = [
        (&of_type, 1024),
        (&conditions, 32),
        (&|count| of_condition("oneOf", json!(names(count))), 64),
        (&|count| of_condition("noneOf", json!(names(count))), 64),
        (
            &|length| of_condition("equals", json!("a".repeat(length))),
            1024,
        ),
        (
            &|length| of_condition("glob", json!("a".repeat(length))),
            1024,
        ),
        (&rules, 64),
        (&images, 64),
        (&authorities, 32),
        (&identities, 64),
        (&|count| of_rule("anyOf", count), 16),
        (&|count| of_rule("allOf", count), 16),
        (&|count| of_rule("of", count), 16),
    ];
    for (settings, limit) in limits {
        assert!(schema.is_valid(&settings(limit)), "{limit}");
        assert!(!schema.is_valid(&settings(limit + 1)), "{limit}");
    }
}

#[test]
fn all_mistakes_are_located_at_once() {
    let settings = json!({
        "allowedImages": ["ghcr.io/acme/**", "nginx", "ghcr.io/acme/"],
        "forbiddenTags": ["latest", "-x"],
        "authorities": {"release": {}, "a b": {}, "spare": {}},
        "signatures": [
            {"images": ["ghcr.io/acme/**", "nginx"], "allOf": ["release", "relaese"]},
            {"images": ["ghcr.io/acme/web"], "atLeast": 3, "of": ["release", "release"]},
        ],
    });
    let places: Vec<_> = errors(settings)
        .iter()
        .filter_map(|error| Some(error.split_once(": ")?.0.to_owned()))
        .collect();
    assert_eq!(
        places,
        [
            "allowedImages[1]",
            "allowedImages[2]",
            "forbiddenTags[1]",
            "authorities[\"a b\"]",
            "authorities.spare",
            "signatures[0].images[1]",
            "signatures[0].allOf[1]",
            "signatures[1].images[0]",
            "signatures[1].of[1]",
            "signatures[1].atLeast",
        ]
    );
}

#[test]
fn an_empty_list_allows_nothing() {
    assert_eq!(
        errors(json!({"allowedImages": []})),
        [
            "allowedImages: no image could pass an empty list: name repositories, as in `ghcr.io/acme/**`, or leave `allowedImages` out to allow all"
        ]
    );
    assert_eq!(
        errors(json!({"signatures": []})),
        [
            "signatures: the list has no rule, so no image could match one: write one, or leave `signatures` out if nobody has to sign"
        ]
    );
    assert_eq!(
        errors_of(json!([{"images": [], "anyOf": ["release"]}])),
        [
            "signatures[0].images: no image can match an empty list: name repositories, as in `ghcr.io/acme/**`"
        ]
    );
}

#[test]
fn a_pattern_for_all_registries_is_explained_where_it_stands() {
    assert_eq!(
        errors(json!({"allowedImages": ["**"]})),
        [
            "allowedImages[0]: `**` names no registry: write one, as in `ghcr.io/acme/**`, or leave `allowedImages` out to allow all images"
        ]
    );
    assert_eq!(
        errors_of(json!([{"images": ["**"], "anyOf": ["release"]}])),
        [
            "signatures[0].images[0]: `**` names no registry: write one, as in `ghcr.io/acme/**`; `unmatched` says what becomes of all others"
        ]
    );
}

#[test]
fn a_rule_says_in_one_way_who_has_to_sign() {
    let cases = [
        (
            json!({}),
            "signatures[0]: the rule does not say who has to sign: write `anyOf`, `allOf`, `atLeast` with `of`, or `unsigned: allow`",
        ),
        (
            json!({"anyOf": ["release"], "unsigned": "allow"}),
            "signatures[0]: the rule says in more than one way who has to sign: keep one of `anyOf`, `allOf`, `atLeast` with `of`, and `unsigned`",
        ),
        (
            json!({"atLeast": 2}),
            "signatures[0].atLeast: `atLeast` says how many have to sign, but not who: name them in `of`",
        ),
        (
            json!({"of": ["release"]}),
            "signatures[0].of: `of` says who may sign, but not how many have to: write `atLeast` beside it, or `anyOf` or `allOf` instead",
        ),
        (
            json!({"atLeast": 0, "of": ["release"]}),
            "signatures[0].atLeast: at least 1 has to sign: for images that need no signature write `unsigned: allow` instead",
        ),
        (
            json!({"allOf": []}),
            "signatures[0].allOf: the list names nobody: name authorities, or write `unsigned: allow` instead for images that need no signature",
        ),
        (
            json!({"atLeast": 3, "of": ["release", "security"]}),
            "signatures[0].atLeast: 3 cannot sign where `of` names 2: name more, or write 2 at most",
        ),
        (
            json!({"anyOf": ["release", "security", "release"]}),
            "signatures[0].anyOf[2]: `release` stands here twice: remove one",
        ),
        (
            json!({"anyOf": ["relase"]}),
            "signatures[0].anyOf[0]: there is no authority `relase`: is `release` meant?",
        ),
        (
            json!({"allOf": ["auditors"]}),
            "signatures[0].allOf[0]: there is no authority `auditors`: describe it in `authorities`",
        ),
    ];
    for (form, message) in cases {
        let mut rule = form;
        rule["images"] = json!(["ghcr.io/acme/**"]);
        assert_eq!(errors_of(json!([rule])), [message]);
    }
}

#[test]
fn a_rule_that_no_image_reaches_is_found() {
    let rules = |wide: &str, narrow: &str| {
        errors_of(json!([
            {"images": ["first.io/**", wide], "unsigned": "allow"},
            {"images": [narrow], "anyOf": ["release"]},
        ]))
    };
    for (wide, narrow) in [
        ("ghcr.io/acme/**", "ghcr.io/acme/**"),
        ("ghcr.io/acme/**", "ghcr.io/acme/prod/**"),
        ("ghcr.io/acme/*", "ghcr.io/acme/web"),
    ] {
        assert_eq!(
            rules(wide, narrow),
            [format!(
                "signatures[1].images[0]: no image gets here, for `{wide}` of signatures[0] matches first: write this rule before that one, or remove `{narrow}`"
            )]
        );
    }
    assert_eq!(rules("ghcr.io/acme/prod/**", "ghcr.io/acme/**"), [""; 0]);
    assert_eq!(rules("ghcr.io/acme/*", "ghcr.io/acme/**"), [""; 0]);
}

#[test]
fn what_would_decide_nothing_is_found() {
    assert_eq!(
        errors(
            json!({"authorities": {"release": {"key": "file:release.pub"}}, "unmatched": "allow"})
        ),
        [
            "authorities.release: no rule of `signatures` names `release`, so it decides nothing: name it in one, or remove it",
            "unmatched: there are no rules that an image could match: write `signatures`, or leave `unmatched` out",
        ]
    );
    // a rule that is not clear may have meant it
    let unclear = json!({"authorities": {"release": {}}, "signatures": [{"images": ["a.io/**"]}]});
    assert_eq!(errors(unclear).len(), 1);
}

#[test]
fn a_name_can_stand_in_a_line_of_a_shell() {
    let of_name = |name: &str| {
        errors(json!({
            "authorities": {name: {}},
            "signatures": [{"images": ["a.io/**"], "anyOf": [name]}],
        }))
    };
    for name in ["release", "Release-2026_a.b", "1", &"a".repeat(63)] {
        assert_eq!(of_name(name), [""; 0], "{name}");
    }
    for name in [
        "",
        "-rf",
        ".key",
        "a b",
        "a/b",
        "a$b",
        "é",
        "a\n",
        &"a".repeat(64),
    ] {
        let errors = of_name(name);
        assert!(
            errors[0].ends_with(
                "an authority cannot have this name: write at most 63 letters, digits, `-`, `_` and `.`, a letter or digit first"
            ),
            "{errors:?}"
        );
    }
}

#[test]
fn one_key_under_two_names_cannot_sign_twice() {
    let settings = |count: usize| {
        json!({
            "authorities": {
                "monday": {"key": "file:release.pub"},
                "friday": {"key": "file:release.pub "},
                "security": {"key": "file:security.pub"},
                "builds": {"certificate": "file:ca.pem"},
            },
            "signatures": [{
                "images": ["ghcr.io/acme/**"],
                "atLeast": count,
                "of": ["monday", "friday", "security", "builds"],
            }],
        })
    };
    assert_eq!(errors(settings(3)), [""; 0]);
    assert_eq!(
        errors(settings(4)),
        [
            "signatures[0].atLeast: 4 cannot sign, for some of those that `of` names have one key, which counts once: name others, or write 3 at most"
        ]
    );
}
