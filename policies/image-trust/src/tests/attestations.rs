//! Authorities that attest: what is enough, and every way to make less of it look like enough.

use super::*;

const VULN: &str = "https://cosign.sigstore.dev/attestation/vuln/v1";

/// Settings with the authority `scanned`, which has to attest with these conditions; `release`, which has
/// to sign; `rescanned`, which has to attest the same as `scanned`; and one rule for ghcr.io/acme/**.
fn settings(form: &Value, conditions: &Value) -> Value {
    let mut settings = rule(form.clone());
    let mut attestation = json!({"attestation": {"predicateType": VULN}});
    if !conditions.is_null() {
        attestation["attestation"]["conditions"] = conditions.clone();
    }
    settings["authorities"] = json!({
        "release": {},
        "scanned": attestation,
        "rescanned": attestation,
    });
    settings["signatures"][1]["anyOf"] = json!(["release", "scanned", "rescanned"]);
    settings
}

/// What is said of an image that `scanned` has to attest with these conditions.
fn say_of_scanned(conditions: &Value, verdict: &Value) -> Said {
    say_of_form(
        &json!({"anyOf": ["scanned"]}),
        conditions,
        &json!({"scanned": verdict}),
    )
}

fn say_of_form(form: &Value, conditions: &Value, verdicts: &Value) -> Said {
    let fact = json!({"digest": DIGEST, "authorities": verdicts});
    let image = format!("ghcr.io/acme/app@{DIGEST}");
    say("Pod", one(&image), settings(form, conditions), &|_| {
        fact.clone()
    })
}

/// Whether one predicate meets one condition; that it does not is a finding, never left open.
fn meets(condition: Value, predicate: Value) -> bool {
    let said = say_of_scanned(
        &json!([condition]),
        &attested("s", std::slice::from_ref(&predicate)),
    );
    assert_eq!(said.unchecked, [""; 0], "{predicate}");
    if said.is_silent() {
        return true;
    }
    assert_eq!(said.codes(), ["image-attestation-unmet"], "{predicate}");
    false
}

fn assert_meets(condition: &Value, right: &[Value], wrong: &[Value]) {
    for predicate in right {
        assert!(
            meets(condition.clone(), predicate.clone()),
            "{condition} {predicate}"
        );
    }
    for predicate in wrong {
        assert!(
            !meets(condition.clone(), predicate.clone()),
            "{condition} {predicate}"
        );
    }
}

#[test]
fn an_attestation_of_the_type_is_enough_where_there_are_no_conditions() {
    assert!(say_of_scanned(&json!([]), &attested("s", &[json!({})])).is_silent());
    assert!(say_of_scanned(&Value::Null, &attested("s", &[json!(null)])).is_silent());
}

#[test]
fn what_an_attestation_that_is_out_of_reach_would_say_is_left_open() {
    let conditions = json!([{"path": "clean", "equals": true}]);
    let mut verdict = attested("s", &[json!({"clean": false})]);
    assert_eq!(
        say_of_scanned(&conditions, &verdict).codes(),
        ["image-attestation-unmet"]
    );
    verdict["attested"]["unavailable"] = json!("registry ghcr.io: timed out");
    let said = say_of_scanned(&conditions, &verdict);
    assert_eq!(said.codes(), [""; 0]);
    assert!(said.unchecked[0].contains("registry ghcr.io: timed out"));
    let mut met = attested("s", &[json!({"clean": true})]);
    met["attested"]["unavailable"] = json!("registry ghcr.io: timed out");
    assert!(say_of_scanned(&conditions, &met).is_silent());
}

#[test]
fn a_text_is_compared_as_a_whole() {
    assert_meets(
        &json!({"path": "builder.id", "equals": "https://a.io/b"}),
        &[json!({"builder": {"id": "https://a.io/b"}})],
        &[
            json!({"builder": {"id": "https://a.io/b.evil"}}),
            json!({"builder": {"id": "x https://a.io/b"}}),
            json!({"builder": {"id": "https://A.io/b"}}),
            json!({"builder": {"id": ""}}),
            json!({"builder": {"id": null}}),
            json!({"builder": {"id": ["https://a.io/b"]}}),
            json!({"builder": {"id": {"id": "https://a.io/b"}}}),
            json!({"builder": [{"id": "https://a.io/b"}]}),
            json!({"builder": "https://a.io/b"}),
            json!({"builder": {"ID": "https://a.io/b"}}),
            json!({"builder.id": "https://a.io/b"}),
            json!({"id": "https://a.io/b"}),
            json!({"predicate": {"builder": {"id": "https://a.io/b"}}}),
            json!([{"builder": {"id": "https://a.io/b"}}]),
            json!({}),
            json!(null),
            json!("https://a.io/b"),
        ],
    );
    assert_meets(
        &json!({"path": "builder.id", "glob": "https://a.io/*"}),
        &[json!({"builder": {"id": "https://a.io/b"}})],
        &[
            json!({"builder": {"id": "https://a.io/b/c"}}),
            json!({"builder": {"id": "https://a.io.evil/b"}}),
            json!({"builder": {"id": ["https://a.io/b"]}}),
            json!({"builder": {}}),
        ],
    );
}

#[test]
fn one_of_a_list_has_to_be_the_value() {
    assert_meets(
        &json!({"path": "v", "oneOf": ["a", 7, true]}),
        &[
            json!({"v": "a"}),
            json!({"v": 7}),
            json!({"v": 7.0}),
            json!({"v": true}),
        ],
        &[
            json!({"v": "b"}),
            json!({"v": "7"}),
            json!({"v": "true"}),
            json!({"v": 1}),
            json!({"v": ["a"]}),
        ],
    );
}

#[test]
fn bounds_are_numbers_and_belong_to_them() {
    assert_meets(
        &json!({"path": "score", "atMost": 7}),
        &[
            json!({"score": 7}),
            json!({"score": 7.0}),
            json!({"score": -1}),
            json!({"score": 6.9}),
        ],
        &[
            json!({"score": 8}),
            json!({"score": 7.1}),
            json!({"score": u64::MAX}),
            json!({"score": "7"}),
            json!({"score": true}),
            json!({"score": [1]}),
            json!({"score": null}),
            json!({}),
        ],
    );
    assert_meets(
        &json!({"path": "reviews", "atLeast": 2}),
        &[
            json!({"reviews": 2}),
            json!({"reviews": 3}),
            json!({"reviews": u64::MAX}),
        ],
        &[
            json!({"reviews": 1}),
            json!({"reviews": 1.9}),
            json!({"reviews": "2"}),
            json!({"reviews": [1, 2]}),
        ],
    );
}

#[test]
fn every_value_has_to_meet_it_and_there_has_to_be_one() {
    assert_meets(
        &json!({"path": "materials[*].uri", "glob": "https://a.io/**"}),
        &[
            json!({"materials": [{"uri": "https://a.io/b"}]}),
            json!({"materials": [{"uri": "https://a.io/b"}, {"uri": "https://a.io/c"}]}),
        ],
        &[
            json!({"materials": [{"uri": "https://a.io/b"}, {"uri": "https://b.io/c"}]}),
            json!({"materials": [{"uri": "https://a.io/b"}, {}]}),
            json!({"materials": [{"uri": "https://a.io/b"}, null]}),
            json!({"materials": [{"uri": "https://a.io/b"}, {"uri": ["https://a.io/c"]}]}),
            json!({"materials": []}),
            json!({"materials": {}}),
            json!({"materials": {"uri": "https://a.io/b"}}),
            json!({}),
        ],
    );
    assert_meets(
        &json!({"path": "a[*].b[*]", "equals": 1}),
        &[json!({"a": [{"b": []}, {"b": [1, 1]}]})],
        &[
            json!({"a": [{"b": []}, {"b": []}]}),
            json!({"a": [{"b": [1, 2]}]}),
            json!({"a": [{"b": [1]}, {}]}),
        ],
    );
}

#[test]
fn what_is_not_allowed_has_to_be_looked_for_where_it_would_be() {
    let found = |results: Value| json!({"scanner": {"result": {"Results": results}}});
    assert_meets(
        &json!({
            "path": "scanner.result.Results[*].Vulnerabilities[*].Severity",
            "noneOf": ["CRITICAL", "HIGH"],
        }),
        &[
            found(json!([])),
            found(json!([{}, {"Vulnerabilities": null}, {"Vulnerabilities": []}])),
            found(json!([{"Vulnerabilities": [{"Severity": "LOW"}, {}]}])),
        ],
        &[
            found(json!([{"Vulnerabilities": [{"Severity": "LOW"}, {"Severity": "HIGH"}]}])),
            found(json!([{}, {"Vulnerabilities": [{"Severity": "CRITICAL"}]}])),
            // before the first list everything has to be there
            found(json!(null)),
            json!({"scanner": {"result": {}}}),
            json!({"scanner": {"result": {"results": [{"Vulnerabilities": [{"Severity": "LOW"}]}]}}}),
            json!({"scanner": {}}),
            json!({}),
            json!(null),
            json!([]),
            // what is of another kind was not looked at
            found(json!({})),
            found(json!("none")),
            found(json!([null])),
            found(json!([[]])),
            found(json!([{"Vulnerabilities": {}}])),
            found(json!([{"Vulnerabilities": "none"}])),
            found(json!([{"Vulnerabilities": [{"Severity": ["HIGH"]}]}])),
            found(json!([{"Vulnerabilities": [{"Severity": 9}]}])),
            found(json!([{"Vulnerabilities": [{"Severity": {}}]}])),
            found(json!([{"Vulnerabilities": ["HIGH"]}])),
        ],
    );
    // without a list the value itself has to be there
    assert_meets(
        &json!({"path": "result.state", "noneOf": ["failed"]}),
        &[json!({"result": {"state": "passed"}})],
        &[
            json!({"result": {"state": "failed"}}),
            json!({"result": {"state": null}}),
            json!({"result": {}}),
            json!({}),
            json!({"result": {"state": ["failed"]}}),
            json!({"result": {"state": []}}),
        ],
    );
}

#[test]
fn a_time_may_be_no_longer_ago() {
    let at = |time: &str| json!({"metadata": {"scanFinishedOn": time}});
    assert_meets(
        &json!({"path": "metadata.scanFinishedOn", "maxAge": "72h"}),
        &[
            at("2026-11-19T00:00:00Z"),
            at("2026-11-19T02:00:00+02:00"),
            at("2026-11-22T00:05:00Z"),
        ],
        &[
            at("2026-11-18T23:59:59Z"),
            at("2026-11-19T01:59:59+02:00"),
            at("2026-11-22T00:05:01Z"),
            at("2126-11-22T00:00:00Z"),
            at("2026-11-21"),
            at(""),
            json!({"metadata": {"scanFinishedOn": NOW}}),
            json!({"metadata": {"scanFinishedOn": ["2026-11-21T00:00:00Z"]}}),
            json!({"metadata": {}}),
        ],
    );
}

#[test]
fn the_right_one_among_wrong_ones_counts() {
    let conditions = json!([{"path": "a", "equals": 1}, {"path": "b", "equals": 2}]);
    let (right, half, other) = (json!({"a": 1, "b": 2}), json!({"a": 1}), json!({"b": 2}));
    let judge = |predicates: &[&Value]| {
        let predicates: Vec<_> = predicates.iter().map(|&p| p.clone()).collect();
        say_of_scanned(&conditions, &attested("s", &predicates))
    };
    assert!(judge(&[&half, &right, &other]).is_silent());
    assert!(judge(&[&right]).is_silent());
    // two that meet half each are not one that meets both
    assert_eq!(judge(&[&half, &other]).codes(), ["image-attestation-unmet"]);
    assert_eq!(judge(&[&half, &half]).codes(), ["image-attestation-unmet"]);
}

#[test]
fn the_nearest_one_is_told_of() {
    let conditions = json!([
        {"path": "a", "equals": 1}, {"path": "b", "equals": 2}, {"path": "c", "equals": 3},
    ]);
    let message = |predicates: &[Value]| {
        let said = say_of_scanned(&conditions, &attested("s", predicates));
        said.findings[0]
            .message
            .split_once(": ")
            .unwrap()
            .1
            .to_owned()
    };
    assert_eq!(
        message(&[
            json!({"a": 9, "b": 2, "c": 3}),
            json!({"a": 1, "b": 2, "c": 4}),
            json!({"b": 2})
        ]),
        "`c` is 4, but has to be 3",
        "the last of those that come as near: cosign hangs new ones onto the end"
    );
    // what is no longer true tells less than what is true now
    let scan = |at: &str, clean: bool| json!({"at": at, "clean": clean});
    let conditions = json!([
        {"path": "at", "maxAge": "1h"}, {"path": "clean", "equals": true},
    ]);
    let (new, old) = (
        scan("2026-11-21T23:59:59Z", false),
        scan("2020-01-01T00:00:00Z", true),
    );
    for scans in [[new.clone(), old.clone()], [old, new]] {
        let said = say_of_scanned(&conditions, &attested("s", &scans));
        assert!(said.findings[0].message.contains("`clean` is false"));
    }
    assert_eq!(
        message(&[json!({"a": 1})]),
        "`b` is not there, but has to be 2; another condition is not met either"
    );
    assert_eq!(
        message(&[json!({})]),
        "`a` is not there, but has to be 1; 2 other conditions are not met either"
    );
}

#[test]
fn only_those_who_attested_the_right_thing_count_as_signers() {
    let conditions = json!([{"path": "ok", "equals": true}]);
    let two = json!({"atLeast": 2, "of": ["release", "scanned", "rescanned"]});
    let by = |signer: &str, ok: bool| json!({"signer": signer, "predicate": {"ok": ok}});
    let told = |items: &[Value]| json!({"attested": {"now": NOW, "attestations": items}});
    let judge = |scanned: Value, rescanned: Value| {
        let verdicts =
            json!({"release": failed("not-signed"), "scanned": scanned, "rescanned": rescanned});
        say_of_form(&two, &conditions, &verdicts)
    };
    assert!(judge(told(&[by("a", true)]), told(&[by("b", true)])).is_silent());
    // one signer counts once, however often it attests and under whatever names
    let twice = told(&[by("a", true), by("a", true)]);
    assert_eq!(
        judge(twice.clone(), twice).codes(),
        ["image-signed-by-other"]
    );
    // whose attestation does not meet the condition is no signer
    let half = told(&[by("a", true), by("b", false)]);
    assert_eq!(judge(half.clone(), half).codes(), ["image-signed-by-other"]);
    let bad = told(&[by("b", false)]);
    assert_eq!(
        judge(told(&[by("a", true)]), bad).codes(),
        ["image-attestation-unmet"]
    );
}

#[test]
fn one_who_signs_and_one_who_attests_make_two() {
    let two = json!({"atLeast": 2, "of": ["release", "scanned"]});
    let judge = |signer: &str| {
        let verdicts = json!({"release": verified("k"), "scanned": attested(signer, &[json!({})])});
        say_of_form(&two, &json!([]), &verdicts)
    };
    assert!(judge("s").is_silent());
    // one key does not stand for two
    assert_eq!(judge("k").codes(), ["image-signed-by-other"]);
}

#[test]
fn each_of_several_is_judged_by_itself() {
    let all = json!({"allOf": ["release", "scanned"]});
    let conditions = json!([{"path": "ok", "equals": true}]);
    let judge = |release: Value, scanned: Value| {
        say_of_form(
            &all,
            &conditions,
            &json!({"release": release, "scanned": scanned}),
        )
    };
    let good = || attested("s", &[json!({"ok": true})]);
    assert!(judge(verified("r"), good()).is_silent());
    let cases = [
        (failed("not-signed"), good(), vec!["image-not-signed"]),
        (
            verified("r"),
            failed("not-attested"),
            vec!["image-not-attested"],
        ),
        (
            verified("r"),
            failed("not-signed"),
            vec!["image-not-attested"],
        ),
        (
            verified("r"),
            failed("other-signer"),
            vec!["image-signed-by-other"],
        ),
        (
            verified("r"),
            failed("certificate"),
            vec!["image-signature-invalid"],
        ),
        (
            verified("r"),
            attested("s", &[json!({})]),
            vec!["image-attestation-unmet"],
        ),
        (
            failed("other-digest"),
            attested("s", &[json!({"ok": false})]),
            vec!["image-signature-invalid", "image-attestation-unmet"],
        ),
    ];
    for (release, scanned, codes) in cases {
        let said = judge(release, scanned.clone());
        assert_eq!(
            (said.codes(), said.unchecked.len()),
            (codes, 0),
            "{scanned}"
        );
    }
    // an exemption of what one lacks must not hide that the other is not known
    let said = judge(failed("not-signed"), unavailable());
    assert_eq!(
        (said.codes(), said.unchecked.len()),
        (vec!["image-not-signed"], 1)
    );
}

#[test]
fn signing_is_not_attesting_nor_the_other_way_round() {
    let any = |name: &str| json!({"anyOf": [name]});
    let left_open = |form: Value, verdicts: Value| {
        let said = say_of_form(&form, &json!([]), &verdicts);
        assert_eq!(
            (said.codes(), said.unchecked.len()),
            (vec![], 1),
            "{verdicts}"
        );
    };
    left_open(any("scanned"), json!({"scanned": verified("s")}));
    left_open(
        any("release"),
        json!({"release": attested("r", &[json!({})])}),
    );
    let mut both = attested("s", &[json!({})]);
    both["verified"] = verified("s")["verified"].clone();
    left_open(any("scanned"), json!({"scanned": both}));
    left_open(any("release"), json!({"release": both}));
}

#[test]
fn an_attested_fact_that_is_not_understood_is_not_known() {
    let item = || json!({"signer": "s", "predicate": {"t": "2026-11-21T23:00:00Z"}});
    let condition = json!([{"path": "t", "maxAge": "72h"}]);
    let judge = |attested: &Value| say_of_scanned(&condition, &json!({"attested": attested}));
    assert!(judge(&json!({"now": NOW, "attestations": [item()]})).is_silent());
    for wrong in [
        json!({"attestations": [item()]}),
        json!({"now": null, "attestations": [item()]}),
        json!({"now": NOW.to_string(), "attestations": [item()]}),
        json!({"now": "2026-11-22T00:00:00Z", "attestations": [item()]}),
        json!({"now": 1_795_305_600.5, "attestations": [item()]}),
        json!({"now": 0, "attestations": [item()]}),
        json!({"now": -1, "attestations": [item()]}),
        json!({"now": u64::MAX, "attestations": [item()]}),
        json!({"now": NOW}),
        json!({"now": NOW, "attestations": []}),
        json!({"now": NOW, "attestations": item()}),
        json!({"now": NOW, "attestations": [null]}),
        json!({"now": NOW, "attestations": [item(), {"signer": "s"}]}),
        json!({"now": NOW, "attestations": [item(), {"predicate": {}}]}),
        json!({"now": NOW, "attestations": [item(), {"signer": "", "predicate": {}}]}),
        json!({"now": NOW, "attestations": [item(), {"signer": 1, "predicate": {}}]}),
        json!([item()]),
        json!(true),
        json!(null),
    ] {
        let said = judge(&wrong);
        assert_eq!((said.codes(), said.unchecked.len()), (vec![], 1), "{wrong}");
    }
}

#[test]
fn the_fact_s_own_time_decides() {
    let condition = json!([{"path": "t", "maxAge": "72h"}]);
    let at = |now: i64| {
        let items = json!([{"signer": "s", "predicate": {"t": "2026-11-19T00:00:00Z"}}]);
        say_of_scanned(
            &condition,
            &json!({"attested": {"now": now, "attestations": items}}),
        )
    };
    assert!(at(NOW).is_silent());
    assert_eq!(at(NOW + 1).codes(), ["image-attestation-unmet"]);
    assert!(at(NOW - 72 * 3600 - 300).is_silent());
    assert_eq!(
        at(NOW - 72 * 3600 - 301).codes(),
        ["image-attestation-unmet"]
    );
    assert_eq!(at(i64::MAX).codes(), ["image-attestation-unmet"]);
}

#[test]
fn so_many_values_are_looked_at_and_no_more() {
    use crate::attested::VALUES_MAX;
    let condition = json!([{"path": "v[*]", "noneOf": ["bad"]}]);
    let good = |count: usize| json!({"v": vec!["good"; count]});
    let judge = |predicates: &[Value]| say_of_scanned(&condition, &attested("s", predicates));
    assert!(judge(&[good(VALUES_MAX)]).is_silent());
    let said = judge(&[good(VALUES_MAX + 1)]);
    assert_eq!(said.codes(), [""; 0]);
    assert!(
        said.unchecked[0].ends_with("more than 50000 values that conditions are about"),
        "{:?}",
        said.unchecked
    );
    // over all attestations: those who attested it before that are known
    assert_eq!(
        judge(&[json!({"v": ["bad"]}), good(VALUES_MAX)])
            .unchecked
            .len(),
        1
    );
    assert!(judge(&[good(1), good(VALUES_MAX)]).is_silent());
}

#[test]
fn what_a_predicate_says_is_shown_not_obeyed() {
    let hostile = format!("\u{1b}[31mgood\r\n\u{202e}{}", "x".repeat(5000));
    for condition in [
        json!({"path": "v", "equals": "a"}),
        json!({"path": "v", "maxAge": "1h"}),
        json!({"path": "v", "atMost": 1}),
        json!({"path": "v", "glob": "a*"}),
        json!({"path": "v", "oneOf": [hostile, "a"]}),
    ] {
        let predicate = json!({"v": format!("{hostile}!")});
        let said = say_of_scanned(&json!([condition]), &attested("s", &[predicate]));
        let finding = &said.findings[0];
        let texts = [
            &finding.message,
            finding.found.as_ref().unwrap(),
            finding.required.as_ref().unwrap(),
        ];
        for text in texts {
            assert!(
                !text.contains(|c: char| c.is_control() || c == '\u{202e}'),
                "{text:?}"
            );
            assert!(text.chars().count() < 400, "{text:?}");
        }
    }
}
