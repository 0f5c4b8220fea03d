//! `gatehouse test`, run as a person runs it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;

use support::Folder;

/// Two documents; the second one's case fails.
const CASES: &str = "\
# pods of the shop
apiVersion: gatehouse.dev/v1alpha1
kind: PolicyTest
metadata: {name: baseline}
spec:
  policy: {module: 'builtin:pod-security', settings: {level: baseline}}
  cases:
  - name: host network
    object: &pod
      apiVersion: v1
      kind: Pod
      metadata: {name: web}
      spec: {hostNetwork: true, containers: [{name: app}]}
    expect:
      verdict: deny
      findings: [{code: host-network, path: spec.hostNetwork}]
  - name: privileged
    policy: {settings: {level: privileged}}
    object: *pod
    expect: {verdict: allow}
---
apiVersion: gatehouse.dev/v1alpha1
kind: PolicyTest
metadata: {name: restricted}
spec:
  policy: {module: 'builtin:pod-security', settings: {level: restricted}}
  cases:
  - name: host network
    manifest: pods/web.yaml
    expect: EXPECTED
";

const POD: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  hostNetwork: true
  securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
  containers:
  - name: app
    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
";

const RIGHT: &str = "{verdict: deny, findings: [{code: host-network}]}";

fn folder(expected: &str) -> Folder {
    let folder = Folder::with(&[("cases.yaml", &CASES.replace("EXPECTED", expected))]);
    fs::create_dir(folder.path("pods")).unwrap();
    fs::write(folder.path("pods/web.yaml"), POD).unwrap();
    folder
}

/// One case of this form, judged by `pod-security` at `baseline`.
fn case(case: &str) -> String {
    let head = CASES.split_once("  - name: host network").unwrap().0;
    format!(
        "{head}  - name: a case\n    {}\n",
        case.replace('\n', "\n    ")
    )
}

/// What is wrong with a file of cases.
fn mistakes(cases: &str) -> String {
    let files = [
        ("cases.yaml", cases),
        ("pod.yaml", POD),
        ("two.yaml", &format!("{POD}---\n{POD}")),
        ("none.json", "{}"),
        ("pod.json", r#"{"apiVersion": "v1", "kind": "Pod"}"#),
    ];
    let run = Folder::with(&files).run(&["test", "cases.yaml"]);
    assert_eq!(run.code(), 2, "{}{}", run.out(), run.err());
    run.err().to_owned()
}

const OBJECT: &str =
    "object: {apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: app}]}}";

#[test]
fn cases_that_pass_are_counted_and_named_on_demand() {
    let run = folder(RIGHT).run(&["test", "cases.yaml"]);
    assert_eq!(
        (run.code(), run.out(), run.err()),
        (0, "3 cases: 3 passed\n", "")
    );
    let run = folder(RIGHT).run(&["test", "--verbose", "cases.yaml"]);
    insta::assert_snapshot!(run.out(), @"
    pass baseline/host network (cases.yaml:8:5)
    pass baseline/privileged (cases.yaml:17:5)
    pass restricted/host network (cases.yaml:28:5)
    3 cases: 3 passed
    ");
}

#[test]
fn a_case_that_fails_shows_what_differs() {
    let expected = "{verdict: allow, findings: [{code: run-as-user, container: app}], patch: [], message: m.txt}";
    let folder = folder(expected);
    fs::write(
        folder.path("m.txt"),
        "Pod web is refused, 1 problem: run-as-user\n",
    )
    .unwrap();
    let run = folder.run(&["test"]);
    assert_eq!(run.code(), 1, "{}", run.err());
    insta::assert_snapshot!(run.out());
}

#[test]
fn an_object_that_no_policy_judges_is_no_success_by_itself() {
    let run = |kind: &str, expect: &str| {
        let object = OBJECT.replace("kind: Pod", &format!("kind: {kind}"));
        let cases = case(&format!("{object}\nexpect: {{verdict: allow{expect}}}"));
        let run = Folder::with(&[("cases.yaml", &cases)]).run(&["test"]);
        (run.code(), run.out().to_owned())
    };
    let (code, out) = run("Pood", "");
    assert_eq!(code, 1);
    insta::assert_snapshot!(out, @"
    FAIL baseline/a case (./cases.yaml:8:5)
      judged: no policy judges such an object: see to its kind and namespace, or write `judged: false`

    1 case: 1 failed
    ");
    assert_eq!(run("Pood", ", judged: false").0, 0);
    assert_eq!(run("Pod", ", judged: false").0, 1);
}

#[test]
fn a_filter_selects_by_the_whole_name() {
    let folder = folder("{verdict: allow}");
    for (filter, code, summary) in [
        ("baseline/", 0, "2 cases: 2 passed\n"),
        ("privileged", 0, "1 case: 1 passed\n"),
        ("host network", 1, "2 cases: 1 passed, 1 failed\n"),
    ] {
        let run = folder.run(&["test", "--filter", filter]);
        assert_eq!(run.code(), code, "{filter}");
        assert!(run.out().ends_with(summary), "{filter}: {}", run.out());
    }
    let run = folder.run(&["test", "--filter", "nothing"]);
    assert_eq!(
        (run.code(), run.err()),
        (2, "error: no case has `nothing` in its name\n")
    );
}

#[test]
fn no_cases_are_no_success() {
    let folder = Folder::with(&[("pod.yaml", POD), ("notes.txt", "kind: PolicyTest")]);
    for path in [".", "pod.yaml"] {
        let run = folder.run(&["test", path]);
        let said = format!(
            "error: no cases found: `{path}` has no YAML or JSON file with a document of kind PolicyTest\n"
        );
        assert_eq!((run.code(), run.out(), run.err()), (2, "", &*said));
    }
    let run = folder.run(&["test", "missing"]);
    let said = "error: missing: there is no such file or folder\n";
    assert_eq!((run.code(), run.err()), (2, said));
}

#[test]
fn what_could_not_be_checked_is_told_apart_unless_it_is_expected() {
    let unknown = |expected: &str| {
        let policy = "policy: {settings: {level: namespace}}";
        let cases = case(&format!("{policy}\n{OBJECT}\nexpect: {expected}"));
        let run = Folder::with(&[("cases.yaml", &cases)]).run(&["test"]);
        (run.code(), run.out().to_owned())
    };
    let (code, out) = unknown("{verdict: allow}");
    assert_eq!(code, 3);
    insta::assert_snapshot!(out, @"
    COULD NOT CHECK baseline/a case (./cases.yaml:8:5)
      verdict: expected allow, got error
      could not check: policy pod-security needs the fact namespace `default`, which could not be had: the case does not tell its labels: write `namespace.labels`

    1 case: 1 could not be checked
    ");
    assert_eq!(unknown("{verdict: error}").0, 0);
    assert_eq!(unknown("{verdict: error, failed: [pod-security]}").0, 0);
}

#[test]
fn a_namespace_a_record_and_facts_are_what_is_known() {
    let digest = format!("sha256:{}", "ab".repeat(32));
    let policy = "policy:\n  module: builtin:image-trust\n  name: images\n  settings:\n    \
                  authorities: {release: {key: 'file:release.pub'}}\n    \
                  signatures: [{images: ['ghcr.io/**'], anyOf: [release]}]";
    let container = format!("{{name: app, image: 'ghcr.io/a@{digest}'}}");
    let object = OBJECT.replace("{name: app}", &container);
    let fact = format!(
        "{{digest: '{digest}', authorities: {{release: {{verified: [{{signer: 'sha256:aa'}}]}}}}}}"
    );
    let record = format!(
        r#"{{"version": 1, "facts": [{{"policy": "images", "fact": "image", "key": "ghcr.io/a@{digest}",
            "authorities": ["release"], "value": {{"missing": true}}}}]}}"#
    );
    let verdict = |known: &str| {
        let cases = case(&format!(
            "{policy}\n{object}\n{known}\nexpect: {{verdict: allow}}"
        ));
        let key = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE+mbbN2MT7RJb5seIF7nulLQ5Q2lq\nHHx1bq1HpNJTRVLYVTFapFvEo6vVXaD+v7gPZaRfFJAeP6656T2yaFJkmw==\n-----END PUBLIC KEY-----\n";
        let files = [
            ("cases.yaml", &*cases),
            ("release.pub", key),
            ("facts.json", &*record),
        ];
        let run = Folder::with(&files).run(&["test"]);
        let got = run
            .out()
            .split("got ")
            .nth(1)
            .unwrap_or("allow")
            .lines()
            .next();
        (run.code(), got.unwrap().to_owned())
    };
    assert_eq!(verdict("{}: {}").0, 2, "an unknown member");
    assert_eq!(verdict(""), (3, "error".to_owned()));
    assert_eq!(verdict("record: facts.json"), (1, "deny".to_owned()));
    let told = format!("facts: {{image: {{'ghcr.io/a@{digest}': {fact}}}}}");
    assert_eq!(verdict(&told), (0, "allow".to_owned()));
    assert_eq!(
        verdict(&format!("record: facts.json\n{told}")).0,
        0,
        "what is told wins"
    );
}

#[test]
fn an_update_writes_snapshots_of_right_verdicts_and_nothing_else() {
    let expected =
        "{verdict: deny, findings: [{code: host-network}], message: m.txt, fixed: f.json}";
    let folder = folder(expected);
    let before = fs::read_to_string(folder.path("cases.yaml")).unwrap();
    let run = folder.run(&["test"]);
    assert_eq!(run.code(), 1);
    assert!(
        run.out()
            .contains("there is no `./m.txt`: write it with --update"),
        "{}",
        run.out()
    );
    let run = folder.run(&["test", "--update"]);
    assert_eq!(run.code(), 0, "{}", run.err());
    insta::assert_snapshot!(run.out(), @"
    updated restricted/host network (./cases.yaml:28:5)
    3 cases: 2 passed, 1 updated
    ");
    let message = fs::read_to_string(folder.path("m.txt")).unwrap();
    assert!(
        message.starts_with("Pod web is refused, 1 problem: host-network\n"),
        "{message}"
    );
    assert_eq!(folder.run(&["test"]).out(), "3 cases: 3 passed\n");
    assert_eq!(
        fs::read_to_string(folder.path("cases.yaml")).unwrap(),
        before
    );
}

#[test]
fn an_update_keeps_no_text_of_a_wrong_verdict_and_no_file_of_others() {
    let wrong = folder("{verdict: allow, message: m.txt}");
    assert_eq!(wrong.run(&["test", "--update"]).code(), 1);
    assert!(!wrong.path("m.txt").exists());

    let expected = "{verdict: deny, findings: [{code: host-network}], fixed: f.json}";
    let others = folder(expected);
    fs::write(others.path("f.json"), "{\"a\": 1}").unwrap();
    let run = others.run(&["test", "--update"]);
    assert_eq!(run.code(), 2);
    insta::assert_snapshot!(run.err(), @"error: ./f.json: it was not written by --update, which would lose its comments and its form: remove it first");
    assert_eq!(
        fs::read_to_string(others.path("f.json")).unwrap(),
        "{\"a\": 1}"
    );
}

#[test]
fn coverage_lists_what_no_case_exercises() {
    let policy = "policy: {module: 'builtin:image-trust', settings: {}}";
    let object = OBJECT.replace("{name: app}", "{name: app, image: nginx}");
    let cases = case(&format!(
        "{policy}\n{object}\nexpect: {{verdict: deny, findings: [{{code: image-not-pinned}}]}}"
    ));
    let folder = Folder::with(&[("cases.yaml", &cases)]);
    assert_eq!(folder.run(&["test"]).code(), 0);
    let run = folder.run(&["test", "--coverage"]);
    assert_eq!(run.code(), 1, "{}", run.err());
    let out = run.out();
    assert!(out.starts_with("coverage of image-trust: 0 of "), "{out}");
    assert!(
        out.contains("\n  image-not-pinned: every case raises it\n"),
        "{out}"
    );
    assert!(
        out.contains("\n  image-not-signed: no case raises it\n"),
        "{out}"
    );
    assert!(out.ends_with("\n1 case: 1 passed\n"), "{out}");
    assert_eq!(
        folder.run(&["test", "--coverage", "--filter", "a"]).code(),
        2
    );
}

#[test]
fn mistakes_are_located_and_said_all_at_once() {
    let two = case("object: 5\nexpect: {verdict: refuse}")
        .replace("  cases:\n", "  cases:\n  - name: first\n    expct: {}\n")
        + "---\nkind: PolicyTets\napiVersion: gatehouse.dev/v1alpha1\nmetadata: {name: x}\n---\na: [\n";
    insta::assert_snapshot!(mistakes(&two), @"
    error: cases.yaml:9:5: spec.cases[0].expct: unknown field `expct`, expected one of `name`, `policy`, `object`, `manifest`, `review`, `namespace`, `facts`, `record`, `today`, `expect`
    error: cases.yaml:12:14: spec.cases[1].expect.verdict: unknown value `refuse`, expected one of `allow`, `warn`, `fix`, `deny`, `error`
    error: cases.yaml:14:1: kind: `PolicyTets` is neither PolicyTest nor a kind of configuration
    error: cases.yaml:18:4: not valid YAML: this `[` is not closed
    ");
    let one = |text: &str| mistakes(&case(text));
    insta::assert_snapshot!(one("expect: {verdict: allow}"), @"error: cases.yaml:8:5: spec.cases[0]: exactly one of `object`, `manifest` and `review` says what is judged");
    insta::assert_snapshot!(one("manifest: none.yaml\nexpect: {verdict: allow}"), @"error: cases.yaml:9:5: spec.cases[0].manifest: `none.yaml`: there is no such file or folder");
    insta::assert_snapshot!(one("manifest: two.yaml\nexpect: {verdict: allow}"), @"error: cases.yaml:9:5: spec.cases[0].manifest: `two.yaml`: it has 2 objects: a case judges one");
    insta::assert_snapshot!(one("manifest: none.json\nexpect: {verdict: allow}"), @"error: cases.yaml:9:5: spec.cases[0].manifest: `none.json`: line 1: it is no Kubernetes object");
    insta::assert_snapshot!(one("review: pod.yaml\nexpect: {verdict: allow}"), @"error: cases.yaml:9:5: spec.cases[0].review: `pod.yaml`: the body is not JSON: expected value at line 1 column 1");
    insta::assert_snapshot!(one("manifest: pod.yaml\nrecord: pod.yaml\ntoday: soon\nexpect: {verdict: allow}"), @"error: cases.yaml:11:5: spec.cases[0].today: `soon` is not a date: write it as 2027-01-31");
    insta::assert_snapshot!(one("manifest: pod.yaml\nrecord: pod.yaml\nexpect: {verdict: deny, failed: [x], findings: [{code: a, policy: b}]}"), @"
    error: cases.yaml:10:5: spec.cases[0].record: pod.yaml: not a record of facts: expected value at line 1 column 1
    error: cases.yaml:11:54: spec.cases[0].expect.findings[0].code: no policy of this case has the code `a`
    error: cases.yaml:11:63: spec.cases[0].expect.findings[0].policy: no policy of this case is named `b`
    error: cases.yaml:11:38: spec.cases[0].expect.failed[0]: no policy of this case is named `x`
    ");
    insta::assert_snapshot!(one("manifest: pod.yaml\nexpect: {verdict: deny, findings: [{code: host-netwrok}]}"), @"error: cases.yaml:10:41: spec.cases[0].expect.findings[0].code: no policy of this case has the code `host-netwrok`: is `host-network` meant?");
    insta::assert_snapshot!(one("manifest: pod.yaml\npolicy: {settings: {level: strict}}\nexpect: {verdict: allow}"), @r#"error: cases.yaml:10:25: spec.cases[0].policy.settings.level: "strict" is not one of ["privileged","baseline","restricted","hardened","namespace"]"#);
    insta::assert_snapshot!(one("manifest: pod.yaml\nexpect: {verdict: allow, message: pod.yaml}"), @"error: cases.yaml:10:30: spec.cases[0].expect.message: `pod.yaml` is no name for this snapshot file: end it in `.txt`");
    insta::assert_snapshot!(one("manifest: pod.json\nexpect: {verdict: deny, fixed: ./pod.json}"), @"error: cases.yaml:10:29: spec.cases[0].expect.fixed: `./pod.json` is what a case reads");
    insta::assert_snapshot!(one("manifest: pod.yaml\nnamespace: {annotations: {a: b}}\nfacts: {image: {UPPER: {}}}\nexpect: {verdict: allow}"), @"
    error: cases.yaml:10:5: spec.cases[0].namespace: `annotations` without `labels`: a namespace is known whole or not at all
    error: cases.yaml:11:21: spec.cases[0].facts.image.UPPER: the repository `UPPER` has upper-case letters: write it in lower case
    ");
    insta::assert_snapshot!(one("object: {apiVersion: v1, kind: Pod, metadata: {namespace: a}}\nnamespace: {name: b}\nexpect: {verdict: deny}"), @"error: cases.yaml:10:17: spec.cases[0].namespace.name: `b` is not the object's own namespace, `a`");
}

#[test]
fn mistakes_of_a_whole_document_are_located() {
    let document = |spec: &str| {
        let head = "apiVersion: gatehouse.dev/v1alpha1\nkind: PolicyTest\nmetadata: {name: x}\n";
        mistakes(&format!("{head}spec: {spec}\n"))
    };
    let case = format!("{{name: a, {OBJECT}, expect: {{verdict: allow}}}}");
    insta::assert_snapshot!(document("{}"), @"error: cases.yaml:4:1: spec: missing field `cases`");
    insta::assert_snapshot!(document("{cases: []}"), @"error: cases.yaml:4:8: spec.cases: expected a list of cases, one at least");
    insta::assert_snapshot!(document(&format!("{{cases: [{case}]}}")), @"error: cases.yaml:4:1: spec: none of `config` and `policy`: one of them says what cases are judged by");
    insta::assert_snapshot!(document(&format!("{{policy: {{module: 'file:none.wasm'}}, cases: [{case}, {case}]}}")), @"error: cases.yaml:4:17: spec.policy.module: `file:none.wasm`: there is no such file");
    insta::assert_snapshot!(document(&format!("{{policy: {{module: 'builtin:pod-security', moed: fix}}, config: [pod.yaml], cases: [{case}]}}")), @"error: cases.yaml:4:61: spec.config: `config` and `policy`: only one of them can say what cases are judged by");
    insta::assert_snapshot!(document(&format!("{{policy: {{module: 'builtin:pod-security', moed: fix}}, cases: [{case}]}}")), @"error: cases.yaml:4:49: spec.policy.moed: unknown field `moed`, expected one of `module`, `mode`, `settings`, `match`, `overrides`, `facts`, `onError`, `message`, `riskyFixes`, `fixAt`");
    insta::assert_snapshot!(document(&format!("{{config: [pod.yaml], cases: [{case}, {case}]}}")), @"error: pod.yaml:1:1: apiVersion: `v1` is not `gatehouse.dev/v1alpha1`");
    insta::assert_snapshot!(document(&format!("{{policy: {{module: 'builtin:image-trust'}}, cases: [{case}, {case}]}}")), @"error: cases.yaml:4:190: spec.cases[1].name: another case of this file is named `x/a`, too");
    let other = "apiVersion: v1\nkind: PolicyTest\nmetadata: {name: gatehouse.dev/}\n";
    insta::assert_snapshot!(mistakes(other), @"error: cases.yaml:1:1: apiVersion: `v1` is not `gatehouse.dev/v1alpha1`");
}

#[test]
fn a_run_has_a_limit_of_cases() {
    let run = |cases: usize| {
        let head = CASES.split_once("  - name: host network").unwrap().0;
        let object = "{apiVersion: v1, kind: Service}";
        let case = |i| {
            format!(
                "  - {{name: '{i}', object: {object}, expect: {{verdict: allow, judged: false}}}}\n"
            )
        };
        let cases: String = (0..cases).map(case).collect();
        Folder::with(&[("cases.yaml", &format!("{head}{cases}"))]).run(&["test", "cases.yaml"])
    };
    let full = run(10_000);
    assert_eq!(
        (full.code(), full.out()),
        (0, "10000 cases: 10000 passed\n")
    );
    let over = run(10_001);
    assert_eq!(over.code(), 2);
    let said =
        "error: cases.yaml:10008:5: spec.cases[10000]: the limit of 10000 cases a run is reached\n";
    assert_eq!(over.err(), said);
}

#[test]
fn two_cases_cannot_keep_one_file() {
    let keeps = |name: &str, file: &str| {
        format!("- {{name: {name}, {OBJECT}, expect: {{verdict: allow, message: {file}}}}}")
    };
    let head = CASES.split_once("  - name: host network").unwrap().0;
    let cases = format!(
        "{head}  {}\n  {}\n",
        keeps("a", "m.txt"),
        keeps("b", "./m.txt")
    );
    insta::assert_snapshot!(mistakes(&cases), @"error: cases.yaml:9:135: spec.cases[1].expect.message: `./m.txt` is a snapshot file of `baseline/a`, too");
}

#[test]
fn other_cases_run_beside_those_that_cannot_be_read() {
    let folder = folder(RIGHT);
    fs::write(folder.path("pods/bad.yaml"), "# gatehouse.dev/\na: [\n").unwrap();
    let run = folder.run(&["test"]);
    assert_eq!((run.code(), run.out()), (2, "3 cases: 3 passed\n"));
    insta::assert_snapshot!(run.err(), @"error: ./pods/bad.yaml:2:4: not valid YAML: this `[` is not closed");
}

#[test]
fn an_exemption_is_judged_by_the_day_of_the_case() {
    let config = "\
apiVersion: gatehouse.dev/v1alpha1
kind: Policy
metadata: {name: pods}
spec: {module: 'builtin:pod-security', settings: {level: baseline}, facts: [namespace]}
---
apiVersion: gatehouse.dev/v1alpha1
kind: Exemption
metadata: {name: web}
spec:
  policy: pods
  codes: [host-network]
  workloads: [{namespace: default, kind: Pod, name: web}]
  reason: it listens for the node
  owner: shop
  expires: 2026-12-01
";
    let cases = "\
apiVersion: gatehouse.dev/v1alpha1
kind: PolicyTest
metadata: {name: exemption}
spec:
  config: [config.yaml]
  cases:
  - {name: before, manifest: pod.yaml, today: 2026-11-30, expect: {verdict: allow, findings: [{code: host-network, effect: exempted}]}}
  - {name: after, manifest: pod.yaml, today: 2026-12-01, expect: {verdict: deny, findings: [{code: host-network, effect: refused}]}}
";
    let folder = Folder::with(&[
        ("config.yaml", config),
        ("cases.yaml", cases),
        ("pod.yaml", POD),
    ]);
    let run = folder.run(&["test"]);
    assert_eq!(
        (run.code(), run.out()),
        (0, "2 cases: 2 passed\n"),
        "{}{}",
        run.out(),
        run.err()
    );
}
