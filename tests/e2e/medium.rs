//! What kubectl and the API server make of an answer, and what an answer therefore is.

use std::net::TcpListener;

use gatehouse_tests::{
    Algorithm, ApiServer, Guest, Ran, Refuser, Response, Scene, SigningKey, creation, eventually,
    objects::{IMAGE, bad_pod, bare_pod, bare_spec, good_pod, pod, workload},
    pod_security,
};
use serde_json::{Value, json};

use crate::trust;

/// What the API server puts before the words of the webhook.
const PREFIX: &str = "admission webhook \"validate.gatehouse.dev\" denied the request: ";
/// Longest warning.
const WARNING: usize = 120;
/// Longest warnings of one answer together: beyond, the API server drops some.
const WARNINGS: usize = 4096;
/// Longest denial, in bytes.
const MESSAGE: usize = 16 * 1024;
/// Findings that a denial shows at most.
const SHOWN: usize = 40;

#[test]
fn newlines_are_printed_as_they_are_behind_a_prefix() {
    let scene = Scene::new("newlines").judged();
    let ran = scene.kubectl().create(&bad_pod("bad")).refused();
    let checked = scene.check(&bad_pod("bad").to_string());
    let text = checked.text();
    assert!(text.contains("\n\n"), "{text}");
    let expected =
        format!("Error from server (Forbidden): error when creating \"STDIN\": {PREFIX}{text}\n");
    assert_eq!(ran.stderr, expected);
}

/// With the reason `Invalid` kubectl would print the causes and drop the message.
#[test]
fn the_message_stands_alone_and_causes_are_for_machines() {
    let scene = Scene::new("causes").judged();
    let response = post(&scene, &bad_pod("bad"));
    let status = response.json();
    let checked = scene.check(&bad_pod("bad").to_string());
    let said = ["kind", "status", "reason", "code", "message"].map(|member| &status[member]);
    let message = format!("{PREFIX}{}", checked.text());
    let expected = json!(["Status", "Failure", "Forbidden", 403, message]);
    assert_eq!((json!(said), response.status), (expected, 403));
    let cause = |finding: &Value| {
        let [reason, message, field] = ["code", "message", "path"].map(|m| &finding[m]);
        json!({"reason": reason, "message": message, "field": field})
    };
    let causes: Vec<_> = checked.findings().iter().map(cause).collect();
    assert!(causes.len() > 1, "{checked:?}");
    assert_eq!(status["details"]["causes"], json!(causes));
}

#[test]
fn of_webhooks_that_refuse_one_is_heard_so_one_speaks_for_all_policies() {
    let group = Guest::wants(
        "group",
        "\"runAsGroup\":10001",
        "spec.securityContext.runAsGroup",
        &json!(10001),
    );
    let scene = Scene::new("heard")
        .with(pod_security("deny"))
        .with_guest(&group, "deny")
        .judged();
    let ran = scene.kubectl().create(&bad_pod("bad")).refused();
    assert_eq!(ran.denials().len(), 1, "{ran}");
    for code in ["group", "host-network"] {
        assert!(ran.denial().contains(&format!("  {code}: ")), "{ran}");
    }

    let other = "refused by somebody else";
    let _refuser = Refuser::register(scene.cluster, &scene.id, other);
    let mut good = good_pod("good");
    good["spec"]["securityContext"]["runAsGroup"] = 10001.into();
    eventually("the API server asks the other webhook", || {
        let ran = scene.try_out(&good);
        let heard = ran.denials() == [other];
        if heard { Ok(()) } else { Err(ran.to_string()) }
    });
    let both = scene.kubectl().create(&bad_pod("bad")).refused();
    let own = ran.denial();
    assert!([[other], [&own]].contains(&[&both.denial()]), "{both}");
}

/// The API server drops a warning with a control character, and says nothing.
#[test]
fn every_warning_is_short_and_printed_whatever_it_holds() {
    let mut guest = Guest::wants("hostile", "nowhere", "spec", &json!(1));
    guest.finding["message"] = format!(
        "one\ntwo\r\u{1b}[31mred\u{7} \"quoted\" \\ é {}",
        "long ".repeat(60)
    )
    .into();
    let scene = Scene::new("warnings")
        .with(pod_security("warn"))
        .with_guest(&guest, "warn")
        .judged();
    let ran = scene.kubectl().create(&bad_pod("bad")).succeeded();
    let said = said_warnings(&scene, &bad_pod("bad"));
    assert_eq!(printed_warnings(&ran), said);
    assert!(said.iter().any(|w| w.starts_with("hostile: ")), "{said:?}");
    assert!(
        said.iter().all(|w| w.chars().count() <= WARNING),
        "{said:?}"
    );
    let found = scene.check(&bad_pod("bad").to_string()).findings().len();
    assert_eq!(said.len(), found);
}

#[test]
fn warnings_of_one_answer_end_before_the_api_server_drops_some() {
    let scene = Scene::new("many-warnings")
        .with(pod_security("warn"))
        .judged();
    let pod = pod("many", spec_of(60, |i| format!("container-{i}")));
    let ran = scene.kubectl().create(&pod).succeeded();
    let said = said_warnings(&scene, &pod);
    assert_eq!(printed_warnings(&ran), said);
    let length: usize = said.iter().map(|w| w.chars().count()).sum();
    assert!(
        (WARNINGS - WARNING..=WARNINGS).contains(&length),
        "{length}"
    );
}

#[test]
fn warnings_arrive_with_a_refusal_too() {
    let mut policy = pod_security("deny");
    policy["spec"]["overrides"] = json!([{"codes": ["host-network"], "mode": "warn"}]);
    let scene = Scene::new("warned").with(policy).judged();
    let ran = scene.apply(&bad_pod("bad").to_string()).refused();
    let printed = printed_warnings(&ran);
    let only = matches!(printed[..], [one] if one.starts_with("host-network: "));
    assert!(only, "{ran}");
    assert_eq!(printed, said_warnings(&scene, &bad_pod("bad")));
    assert!(!ran.denial().contains("host-network"), "{ran}");
}

#[test]
fn a_long_denial_is_cut_with_a_count_and_arrives_whole() {
    let scene = Scene::new("long").judged();
    let long_name = |i| format!("{}-{i}", "c".repeat(60));
    for spec in [spec_of(30, |i| format!("c{i}")), spec_of(30, long_name)] {
        let object = workload("Deployment", &"d".repeat(63), spec);
        let ran = scene.apply(&object.to_string()).refused();
        let checked = scene.check(&object.to_string());
        let text = checked.text();
        assert_eq!(ran.denials(), [text]);

        let blocks = checked.findings().iter().filter_map(|f| f["code"].as_str());
        let starts: Vec<_> = blocks.map(|code| format!("  {code}: ")).collect();
        let begins = |line: &&str| starts.iter().any(|start| line.starts_with(start));
        let shown = text.lines().filter(begins).count();
        assert!(shown <= SHOWN && text.len() <= MESSAGE, "{text}");
        let left = format!("\n\nand {} more", checked.findings().len() - shown);
        assert!(text.ends_with(&left), "{text}");
    }
}

#[test]
fn hostile_values_are_shown_not_obeyed() {
    let hostile = "/x\n::stop-commands::y\r\u{1b}[31m]]>\u{202e}";
    let scene = Scene::new("hostile").judged();
    let mut pod = bad_pod("bad");
    pod["metadata"]["annotations"] = json!({"example.com/a": hostile});
    let spec = &mut pod["spec"];
    spec["containers"][0]["image"] = hostile.into();
    spec["securityContext"] = json!({"seLinuxOptions": {"type": hostile, "role": hostile}});
    spec["volumes"] = json!([
        {"name": "path", "hostPath": {"path": hostile}},
        {"name": "server", "nfs": {"server": hostile, "path": hostile}},
    ]);
    let ran = scene.apply(&pod.to_string()).refused();
    let text = ran.denial();
    assert_eq!(text, scene.check(&pod.to_string()).text());
    let unsafe_char = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!ran.stderr.contains(unsafe_char), "{:?}", ran.stderr);
    assert!(!text.lines().any(|l| l.starts_with("::")), "{text}");
    for shown in ["::stop-commands::", "]]>", "\\u{1b}[31m"] {
        assert!(text.contains(shown), "`{shown}` is not in {text}");
    }
}

/// kubectl waits for as long as an answer says, and controllers try again and again.
#[test]
fn no_refusal_asks_to_wait() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let host = silent.local_addr().expect("it listens").to_string();
    let key = SigningKey::generate(Algorithm::Ecdsa);
    let scene = trust::judged("wait", &host, "deny", &trust::signed_by(&key, &host));
    let digest = IMAGE.split_once('@').map_or("", |(_, digest)| digest);
    let unknown = pod("unknown", bare_spec(&format!("{host}/app@{digest}")));
    for (pod, words) in [
        (bare_pod("unmatched"), "is refused, "),
        (unknown, "could not be checked"),
    ] {
        let response = post(&scene, &pod);
        let status = response.json();
        let message = status["message"].as_str().unwrap_or_default();
        assert!(message.contains(words), "{status}");
        let said = json!([response.status, status["code"], status["reason"]]);
        assert_eq!(said, json!([403, 403, "Forbidden"]));
        assert_eq!(
            status["details"]["retryAfterSeconds"],
            Value::Null,
            "{status}"
        );
        let told = response
            .headers
            .iter()
            .any(|(name, _)| name == "retry-after");
        assert!(!told, "{response:?}");
    }
}

/// Creates a pod as a client that is not kubectl does.
fn post(scene: &Scene, pod: &Value) -> Response {
    let path = format!("/api/v1/namespaces/{}/pods", scene.namespace());
    ApiServer::of(scene.cluster).post(&path, pod)
}

/// A pod of so many containers that break many rules each.
fn spec_of(containers: usize, name: impl Fn(usize) -> String) -> Value {
    let mut spec = bare_spec(IMAGE);
    let container =
        |i| json!({"name": name(i), "image": IMAGE, "securityContext": {"privileged": true}});
    spec["containers"] = (0..containers).map(container).collect();
    spec
}

/// The warnings of Gatehouse's own answer.
fn said_warnings(scene: &Scene, pod: &Value) -> Vec<String> {
    let review = creation(pod).to_string();
    let answer = scene
        .gatehouse()
        .post("/validate", review.as_bytes())
        .json();
    let warnings = answer["response"]["warnings"]
        .as_array()
        .into_iter()
        .flatten();
    warnings
        .filter_map(|w| Some(w.as_str()?.to_owned()))
        .collect()
}

fn printed_warnings(ran: &Ran) -> Vec<&str> {
    let lines = ran.stderr.lines();
    lines
        .filter_map(|line| line.strip_prefix("Warning: "))
        .collect()
}
