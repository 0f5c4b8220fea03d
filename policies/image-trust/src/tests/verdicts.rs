//! Whatever the host answers: more that is verified never finds more, and nothing unknown passes.

use proptest::prelude::*;

use super::*;

const NAMES: [&str; 3] = ["release", "security", "partner"];

fn verdict() -> impl Strategy<Value = Value> {
    let reason = prop::sample::select(vec![
        "not-signed",
        "other-signer",
        "other-digest",
        "certificate",
        "x",
    ]);
    let keys = prop::collection::vec(0..4_u8, 1..3);
    prop_oneof![
        keys.prop_map(|keys| {
            let signers = keys.iter().map(|key| json!({"signer": key.to_string()}));
            json!({"verified": signers.collect::<Vec<_>>()})
        }),
        reason.prop_map(failed),
        Just(unavailable()),
        Just(json!(null)),
    ]
}

fn form() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!({"anyOf": NAMES})),
        Just(json!({"allOf": NAMES})),
        (1..4_u8).prop_map(|count| json!({"atLeast": count, "of": NAMES})),
    ]
}

fn verdicts() -> impl Strategy<Value = [Value; 3]> {
    [verdict(), verdict(), verdict()]
}

fn say_of_all(form: &Value, verdicts: &[Value; 3]) -> Said {
    let named = NAMES.iter().map(|name| (*name).to_owned());
    let verdicts: Map<_, _> = named.zip(verdicts.iter().cloned()).collect();
    say_of(form.clone(), verdicts.into())
}

fn is_verified(verdict: &Value) -> bool {
    verdict.get("verified").is_some()
}

/// Whether the form is met by what is verified alone, by trying everything.
fn is_met(form: &Value, verdicts: &[Value; 3]) -> bool {
    let verified = verdicts.iter().filter(|verdict| is_verified(verdict));
    if form.get("anyOf").is_some() {
        return verified.count() >= 1;
    }
    if form.get("allOf").is_some() {
        return verified.count() == 3;
    }
    let keys = |verdict: &Value| -> Vec<String> {
        let signers = verdict["verified"].as_array().unwrap();
        signers.iter().map(|s| s["signer"].to_string()).collect()
    };
    let keys: Vec<_> = verified.map(keys).collect();
    most_distinct(&keys, &mut Vec::new()) >= form["atLeast"].as_u64().unwrap()
}

fn most_distinct(keys: &[Vec<String>], taken: &mut Vec<String>) -> u64 {
    let Some((first, rest)) = keys.split_first() else {
        return 0;
    };
    let mut best = most_distinct(rest, taken);
    for key in first {
        if !taken.contains(key) {
            taken.push(key.clone());
            best = best.max(1 + most_distinct(rest, taken));
            taken.pop();
        }
    }
    best
}

fn any_json() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "missing",
        "unavailable",
        "digest",
        "authorities",
        "release",
        "verified",
        "failed",
        "signer",
        "reason",
        "signedBy",
        "not-signed",
        "attested",
        "now",
        "attestations",
        "predicate",
        DIGEST,
        "",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        word.clone().prop_map(Value::from),
        ".{0,9}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((word.clone(), inner), 0..4).prop_map(|members| {
                let named = members.into_iter().map(|(k, v)| (k.to_owned(), v));
                Value::Object(named.collect())
            }),
        ]
    })
}

proptest! {
    #[test]
    fn silence_means_that_the_rule_is_met(form in form(), verdicts in verdicts()) {
        let said = say_of_all(&form, &verdicts);
        prop_assert_eq!(said.is_silent(), is_met(&form, &verdicts), "{:?}", said);
    }

    #[test]
    fn more_that_is_verified_finds_no_more(form in form(), verdicts in verdicts(), at in 0..3_usize, key in 0..5_u8) {
        let before = say_of_all(&form, &verdicts);
        let was_failed = verdicts[at].get("failed").is_some();
        let mut better = verdicts;
        if was_failed {
            better[at] = verified(&key.to_string());
        }
        let after = say_of_all(&form, &better);
        prop_assert!(after.findings.len() <= before.findings.len());
        prop_assert!(!before.is_silent() || after.is_silent());
    }

    #[test]
    fn what_is_not_known_is_said_where_it_could_decide(form in form(), verdicts in verdicts()) {
        let said = say_of_all(&form, &verdicts);
        let all_open = verdicts.map(|v| if is_verified(&v) { v } else { unavailable() });
        let open = say_of_all(&form, &all_open);
        // with nothing but what is verified and what is not known, nothing is found
        if !is_met(&form, &all_open) && form.get("atLeast").is_none() {
            prop_assert_eq!((open.findings.len(), open.unchecked.len()), (0, 1));
        }
        prop_assert!(said.unchecked.len() <= 1);
    }

    #[test]
    fn garbage_is_never_silent(fact in any_json()) {
        let image = format!("ghcr.io/acme/app@{DIGEST}");
        let said = say("Pod", one(&image), rule(json!({"anyOf": ["release"]})), &|_| fact.clone());
        let is_well_formed = fact["authorities"]["release"]["verified"].is_array();
        prop_assert!(!said.is_silent() || is_well_formed, "{fact}");
    }

    #[test]
    fn a_garbage_verdict_is_never_silent(verdict in any_json()) {
        let said = say_of(json!({"allOf": ["release"]}), json!({"release": verdict}));
        let is_well_formed = verdict["verified"][0]["signer"].is_string();
        prop_assert!(!said.is_silent() || is_well_formed, "{verdict}");
    }

    #[test]
    fn a_garbage_attestation_is_never_silent(verdict in any_json(), attested in any_json(), now in any::<bool>()) {
        let mut settings = rule(json!({"allOf": ["release"]}));
        settings["authorities"]["release"] = json!({"attestation": {
            "predicateType": "https://slsa.dev/provenance/v1",
            "conditions": [{"path": "predicate", "equals": "verified"}],
        }});
        let mut nearly = json!({"attested": {"attestations": attested}});
        if now {
            nearly["attested"]["now"] = json!(NOW);
        }
        for verdict in [verdict, nearly] {
            let fact = json!({"digest": DIGEST, "authorities": {"release": verdict}});
            let image = format!("ghcr.io/acme/app@{DIGEST}");
            let said = say("Pod", one(&image), settings.clone(), &|_| fact.clone());
            let items = verdict["attested"]["attestations"].as_array();
            let is_met = items.into_iter().flatten().any(|item| {
                item["signer"].is_string() && item["predicate"]["predicate"] == "verified"
            });
            prop_assert!(!said.is_silent() || is_met, "{verdict}");
        }
    }

    #[test]
    fn words_of_the_host_are_plain_and_bounded(text in ".*", why in ".*") {
        let failed = json!({"failed": {"reason": "malformed", "text": text}});
        let said = say_of(
            json!({"allOf": ["release", "security"]}),
            json!({"release": failed, "security": {"unavailable": why}}),
        );
        let words = [&said.findings[0].message, &said.unchecked[0]];
        for text in words {
            prop_assert!(!text.chars().any(char::is_control), "{text:?}");
            prop_assert!(text.chars().count() < 400, "{text:?}");
        }
    }
}
