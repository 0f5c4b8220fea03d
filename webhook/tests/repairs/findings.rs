use std::collections::{BTreeMap, BTreeSet};

use gatehouse_abi::Edit;
use serde_json::Value;

/// A finding in the JSON of `check`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Found {
    pub(crate) file: String,
    /// Which object of the file, from 0.
    pub(crate) object: usize,
    /// As `--fix` names it: `Pod web, container app: host-port`.
    pub(crate) name: String,
    pub(crate) code: String,
    pub(crate) container: Option<String>,
    /// By names.
    pub(crate) path: String,
    pub(crate) fix: Option<Vec<Edit>>,
}

impl Found {
    /// All of a report, in its order.
    pub(crate) fn all(report: &Value) -> Vec<Self> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let mut all = Vec::new();
        for object in report["objects"].as_array().unwrap() {
            assert_eq!(object["failures"], serde_json::json!([]), "{object}");
            let count = counts.entry(object["file"].as_str().unwrap()).or_default();
            let findings = object["findings"].as_array().unwrap().iter();
            all.extend(findings.map(|finding| Self::of(object, *count, finding)));
            *count += 1;
        }
        all
    }

    fn of(object: &Value, index: usize, finding: &Value) -> Self {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let container = text(&finding["container"]);
        let of_container = container.as_ref().map(|name| format!(", container {name}"));
        let (kind, name) = (
            text(&object["kind"]).unwrap(),
            text(&object["name"]).unwrap(),
        );
        let code = text(&finding["code"]).unwrap();
        assert_eq!(
            finding["contradictedBy"],
            serde_json::json!([]),
            "{finding}"
        );
        Self {
            file: text(&object["file"]).unwrap(),
            object: index,
            name: format!("{kind} {name}{}: {code}", of_container.unwrap_or_default()),
            code,
            container,
            path: text(&finding["path"]).unwrap(),
            fix: serde_json::from_value(finding["fix"].clone()).unwrap(),
        }
    }

    /// What makes it the same finding before and after.
    pub(crate) fn key(&self) -> (usize, &str, &str) {
        (self.object, &self.name, &self.path)
    }
}

/// What `--fix` says that it has left: the files and the findings.
#[derive(Debug, Default)]
pub(crate) struct Refusals(BTreeSet<(String, String)>);

impl Refusals {
    pub(crate) fn said(standard_error: &str) -> Self {
        let lines = standard_error.lines();
        let refusals = lines.filter_map(|line| {
            let (file, rest) = line.strip_prefix("  not in ")?.split_once(": ")?;
            let (finding, _) = rest.split_once(": line ")?;
            Some((file.to_owned(), finding.to_owned()))
        });
        Self(refusals.collect())
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn has(&self, found: &Found) -> bool {
        self.0.contains(&(found.file.clone(), found.name.clone()))
    }
}
