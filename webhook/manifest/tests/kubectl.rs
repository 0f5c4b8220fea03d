//! What kubectl 1.32 makes of YAML. The tables were taken from its output; where it is installed, they are
//! compared with it again.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::{fmt::Write, process::Command};

use gatehouse_manifest::{Entry, Limits, Manifest};
use serde_json::{Value, json};

/// A plain scalar and its value as JSON.
const SCALARS: &[(&str, &str)] = &[
    // booleans
    ("yes", "true"),
    ("Yes", "true"),
    ("yEs", r#""yEs""#),
    ("on", "true"),
    ("off", "false"),
    ("y", "true"),
    ("Y", "true"),
    ("n", "false"),
    ("No", "false"),
    ("TRUE", "true"),
    ("tRUE", r#""tRUE""#),
    // null
    ("", "null"),
    ("~", "null"),
    ("null", "null"),
    ("Null", "null"),
    ("none", r#""none""#),
    // whole numbers
    ("0644", "420"),
    ("0o17", "15"),
    ("0O17", "15"),
    ("08", "8"),
    ("0_8", "8"),
    ("0x1F", "31"),
    ("-0x1F", "-31"),
    ("0x", r#""0x""#),
    ("0b101", "5"),
    ("0b-101", "-5"),
    ("1_000", "1000"),
    ("1__0_", "10"),
    ("+12", "12"),
    ("-0", "0"),
    ("9223372036854775807", "9223372036854775807"),
    ("-9223372036854775808", "-9223372036854775808"),
    // other numbers: JSON has one kind
    ("1.0", "1"),
    ("1.", "1"),
    ("1e3", "1000"),
    ("-0.0", "0"),
    (".5", "0.5"),
    ("+.5", "0.5"),
    (".57_581", "0.57581"),
    ("._5", r#""._5""#),
    ("0.1", "0.1"),
    ("1e-7", "1e-7"),
    ("5.33449550008573e+17", "533449550008573000"),
    ("1e19", "10000000000000000000"),
    ("18446744073709551616", "18446744073709552000"),
    ("1e400", r#""1e400""#),
    ("1e", r#""1e""#),
    // what other YAML readers take for something else
    ("12:30", r#""12:30""#),
    ("190:20:30", r#""190:20:30""#),
    ("2001-01-01", r#""2001-01-01""#),
    (
        "2001-12-14t21:59:43.10-05:00",
        r#""2001-12-14t21:59:43.10-05:00""#,
    ),
    ("1.2.3", r#""1.2.3""#),
    ("1Gi", r#""1Gi""#),
    ("=", r#""=""#),
    ("<<", r#""<<""#),
    ("inf", r#""inf""#),
    // quoted
    ("'yes'", r#""yes""#),
    ("\"0644\"", r#""0644""#),
    ("\"\"", r#""""#),
    // tagged
    ("!!str 1", r#""1""#),
    ("!!str", r#""""#),
    ("!!str null", r#""null""#),
    ("!!int \"3\"", "3"),
    ("!!float 1", "1"),
    ("!!float 1_0", "10"),
    ("!!bool \"yes\"", "true"),
    ("!!null \"\"", "null"),
    ("!!timestamp 2001-01-01", r#""2001-01-01""#),
    ("!unknown 12", r#""12""#),
    ("! 12", r#""12""#),
    ("!<tag:yaml.org,2002:str> 5", r#""5""#),
    ("!unknown {a: 1}", r#"{"a":1}"#),
    // text blocks
    ("\"a\\tb\\x41\\u00e9\"", r#""a\tbAé""#),
    ("'it''s'", r#""it's""#),
    ("|\n    a\n    b\n", r#""a\nb\n""#),
    (">-\n    a\n    b\n", r#""a b""#),
    ("a\n    b", r#""a b""#),
];

/// A plain key and the key that it is.
const KEYS: &[(&str, &str)] = &[
    ("1", "1"),
    ("0x10", "16"),
    ("0644", "420"),
    ("1.50", "1.5"),
    ("100000.0", "100000"),
    ("1234567.0", "1.234567e+06"),
    ("123456789.5", "1.2345679e+08"),
    ("3.14159265358979", "3.1415927"),
    ("49563.0625", "49563.062"),
    ("1e-7", "1e-07"),
    ("-0.0", "-0"),
    (".inf", ".inf"),
    ("y", "true"),
    ("No", "false"),
    ("2001-01-01", "2001-01-01"),
    ("'no'", "no"),
    ("!!str 9", "9"),
];

/// Whole specs: aliases and merge keys.
const SPECS: &[(&str, &str)] = &[
    ("{b: &b {x: 1}, c: *b}", r#"{"b":{"x":1},"c":{"x":1}}"#),
    ("{k: &k foo, *k : bar}", r#"{"k":"foo","foo":"bar"}"#),
    ("{a: &a 1, b: &a 2, c: *a}", r#"{"a":1,"b":2,"c":2}"#),
    ("{<<: {x: 1, z: 5}, x: 9}", r#"{"x":9,"z":5}"#),
    // what YAML says otherwise: the explicit key counts
    ("{x: 9, <<: {x: 1, z: 5}}", r#"{"x":1,"z":5}"#),
    ("{<<: [{x: 1}, {x: 2, w: 7}]}", r#"{"x":1,"w":7}"#),
    ("{<<: {a: 1}, <<: {b: 1}}", r#"{"a":1,"b":1}"#),
    ("{!!merge <<: {a: 1}}", r#"{"a":1}"#),
    ("{\"<<\": {a: 1}}", r#"{"<<":{"a":1}}"#),
    ("\n  ? h\n  : i", r#"{"h":"i"}"#),
    ("{a, b: }", r#"{"a":null,"b":null}"#),
    ("{a: [b: c]}", r#"{"a":[{"b":"c"}]}"#),
];

/// Specs that kubectl refuses too.
const REFUSED: &[(&str, &str)] = &[
    (
        "{a: .inf}",
        "`.inf` is not a number that Kubernetes can hold",
    ),
    (
        "{a: .NaN}",
        "`.nan` is not a number that Kubernetes can hold",
    ),
    ("{a: !!int 1.5}", "`1.5` is not what its tag `!!int` says"),
    ("{a: !!bool 1}", "`1` is not what its tag `!!bool` says"),
    ("{a: !!null x}", "`x` is not what its tag `!!null` says"),
    ("{a: !!float x}", "`x` is not what its tag `!!float` says"),
    (
        "{~: a}",
        "a key is missing or `null`: write it, or put it in quotes",
    ),
    ("{[a]: b}", "a key must be text, not a list or a mapping"),
    (
        "{? {a: b} : c}",
        "a key must be text, not a list or a mapping",
    ),
    (
        "{18446744073709551615: a}",
        "the key `18446744073709551615` is too large a number: put it in quotes",
    ),
    ("{<<: 1}", "`<<` takes a mapping or a list of mappings"),
    ("{<<: [1]}", "`<<` takes a mapping or a list of mappings"),
    ("{a: &a [*a]}", "the value of this anchor contains itself"),
    (
        "{a: *b}",
        "not valid YAML: an alias whose anchor does not stand above it in this document: put text that begins with `*` in quotes",
    ),
];

/// Specs that kubectl reads, and this crate refuses.
const REFUSED_HERE: &[(&str, &str)] = &[
    ("{a: 1, a: 2}", "duplicate key `a`, already on line 4"),
    ("{a: 1, \"a\": 2}", "duplicate key `a`, already on line 4"),
    ("{1: a, \"1\": b}", "duplicate key `1`, already on line 4"),
    ("{y: a, true: b}", "duplicate key `true`, already on line 4"),
    (
        "{a: !!binary aGk=}",
        "the tag `!!binary` is not read here: write the text itself",
    ),
    ("{a:}", "not valid YAML: put a space after `:`"),
    ("{a: [!b, c]}", "not valid YAML: put a space after the tag"),
    (
        "{?a: b}",
        "not valid YAML: put text that begins with `?` or `:` in quotes",
    ),
    (
        "&a:b c",
        "not valid YAML: an anchor's name has only letters, digits, `-` and `_`",
    ),
    (
        "{} # \u{2028}hostNetwork: true",
        "the character U+2028 ends a line for kubectl but not for every YAML reader: \
         write it as an escape in double quotes",
    ),
];

#[test]
fn scalars_are_what_kubectl_says() {
    for (text, value) in SCALARS {
        let expected: Value = serde_json::from_str(value).unwrap();
        let found = read(&in_spec(&format!("{{}}\nv: {text}\n"))).unwrap();
        assert!(same(&found["v"], &expected), "`{text}` is {}", found["v"]);
    }
}

#[test]
fn keys_are_what_kubectl_says() {
    for (text, key) in KEYS {
        let found = read(&in_spec(&format!("\n  {text}: 1"))).unwrap();
        assert_eq!(found["spec"], json!({*key: 1}), "{text}");
    }
}

#[test]
fn aliases_and_merge_keys_are_what_kubectl_says() {
    for (text, value) in SPECS {
        let expected: Value = serde_json::from_str(value).unwrap();
        assert_eq!(read(&in_spec(text)).unwrap()["spec"], expected, "{text}");
    }
}

#[test]
fn what_is_refused_says_why() {
    for (text, problem) in REFUSED.iter().chain(REFUSED_HERE) {
        assert_eq!(read(&in_spec(text)).unwrap_err(), *problem, "{text}");
    }
}

/// Numbers over 64 bits with a sign stay what they are; kubectl rounds them to a double.
#[test]
fn large_numbers_are_kept() {
    let found = read(&in_spec("{a: 18446744073709551615}")).unwrap();
    assert_eq!(found["spec"]["a"], json!(u64::MAX));
}

#[test]
fn the_tables_agree_with_kubectl() {
    if Command::new("kubectl")
        .arg("version")
        .arg("--client")
        .output()
        .is_err()
    {
        println!("skipped: kubectl is not installed");
        return;
    }
    let mut text = in_spec("{}");
    for (index, (scalar, _)) in SCALARS.iter().enumerate() {
        write!(text, "\nv{index}: {scalar}\n").unwrap();
    }
    let found = kubectl(&text).unwrap();
    for (index, (scalar, value)) in SCALARS.iter().enumerate() {
        let expected: Value = serde_json::from_str(value).unwrap();
        let found = &found[format!("v{index}")];
        assert!(same(found, &expected), "`{scalar}` is {found}");
    }
    for (text, key) in KEYS {
        let found = kubectl(&in_spec(&format!("\n  {text}: 1"))).unwrap();
        assert_eq!(found["spec"], json!({*key: 1}), "{text}");
    }
    for (text, value) in SPECS {
        let expected: Value = serde_json::from_str(value).unwrap();
        assert_eq!(kubectl(&in_spec(text)).unwrap()["spec"], expected, "{text}");
    }
    for (text, _) in REFUSED {
        assert!(kubectl(&in_spec(text)).is_none(), "{text}");
    }
    for (text, _) in REFUSED_HERE {
        assert!(kubectl(&in_spec(text)).is_some(), "{text}");
    }
}

fn in_spec(spec: &str) -> String {
    format!("apiVersion: example.com/v1\nkind: Example\nmetadata: {{name: x}}\nspec: {spec}")
}

fn read(text: &str) -> Result<Value, String> {
    let manifest = Manifest::read(text.as_bytes(), &Limits::default()).unwrap();
    let document = manifest.documents()[0].as_ref();
    let document = document.map_err(|error| error.problem.to_string())?;
    let [Entry::Object(object)] = document.entries() else {
        panic!("one object expected: {text}")
    };
    Ok(object.root().to_value())
}

/// What kubectl makes of a manifest, without asking a server.
fn kubectl(text: &str) -> Option<Value> {
    let file = std::env::temp_dir().join(format!("gatehouse-kubectl-{}.yaml", std::process::id()));
    std::fs::write(&file, text).unwrap();
    let output = Command::new("kubectl")
        .args(["label", "--local", "--output=json", "a=b", "--filename"])
        .arg(&file)
        .output()
        .unwrap();
    std::fs::remove_file(&file).unwrap();
    serde_json::from_slice(&output.stdout).ok()
}

/// Equal, where a number may be written in more than one way.
fn same(a: &Value, b: &Value) -> bool {
    match (a.as_i64().or(b.as_i64()), a.as_f64(), b.as_f64()) {
        (None, Some(a), Some(b)) => a == b,
        _ => a == b,
    }
}
