//! What holds after `check --fix`, whatever the files are: what it can repair is repaired, nothing else changes,
//! and what is found then are the findings that it had no fix for.
//!
//! The files are made up from a seed. What they should become is worked out beside their text: their values as
//! JSON, judged by the same program, with the findings' edits made by the ABI's own rule.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod comments;
mod contexts;
mod dice;
mod files;
mod findings;
mod model;
mod objects;
mod scalars;
#[path = "../support/mod.rs"]
mod support;
mod writer;

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
};

use gatehouse_manifest::unified_diff;

use findings::{Found, Refusals};
use model::{Model, values};
use support::Folder;
use writer::File;

/// Files of a run.
const FILES: usize = 300;

/// What the files have in common with those of people: comments, anchors, text blocks, CRLF …
const WAYS: usize = 19;

/// The files are the same each time, unless `GATEHOUSE_SEED` asks for others.
const SEED: u64 = 5;

#[test]
fn what_has_a_fix_is_fixed_and_nothing_else_changes() {
    let seed = env::var("GATEHOUSE_SEED").map_or(SEED, |seed| seed.parse().unwrap());
    let run = Run::of((0..FILES).map(|number| files::file(seed, number)).collect());
    run.takes_every_way();
    for name in run.files.keys() {
        let failed = run
            .value(name)
            .or(run.findings(name))
            .or(run.comments(name))
            .or(run.ends(name));
        if let Some(failed) = failed {
            panic!("GATEHOUSE_SEED={seed}: {failed}\n{}", run.shown(name));
        }
    }
    run.refuses_little();
}

/// Files, and what became of them.
struct Run {
    files: BTreeMap<String, File>,
    fixed: BTreeMap<String, String>,
    before: Vec<Found>,
    after: Vec<Found>,
    refused: Refusals,
    model: Model,
    said: String,
}

impl Run {
    fn of(files: BTreeMap<String, File>) -> Self {
        let texts: Vec<(&str, &str)> = files
            .iter()
            .map(|(name, file)| (&**name, &*file.text))
            .collect();
        let folder = Folder::with(&texts);
        let before = Found::all(&folder.run(&["check", "--output", "json", "."]).json());
        let fix = folder.run(&["check", "--fix", "--output", "json", "."]);
        let after = folder.run(&["check", "--output", "json", "."]).json();
        assert_eq!(fix.json(), after, "--fix reports what is left");
        let refused = Refusals::said(fix.err());
        let documents = files
            .iter()
            .map(|(name, file)| (name.clone(), file.documents.clone()));
        let read = |name: &String| fs::read_to_string(folder.path(name)).unwrap();
        Self {
            fixed: files
                .keys()
                .map(|name| (name.clone(), read(name)))
                .collect(),
            before,
            after: Found::all(&after),
            model: Model::of(documents.collect(), &refused),
            refused,
            said: fix.err().to_owned(),
            files,
        }
    }

    /// The made-up files have everything that they should.
    fn takes_every_way(&self) {
        for (name, file) in &self.files {
            assert!(
                values(&file.text) == file.documents,
                "{name} is written wrongly:\n{}",
                file.text
            );
        }
        let mut ways: BTreeMap<&str, usize> = BTreeMap::new();
        for way in self.files.values().flat_map(|file| file.ways.keys()) {
            *ways.entry(way).or_default() += 1;
        }
        let are_common = ways.values().all(|count| *count >= FILES / 50);
        assert!(ways.len() == WAYS && are_common, "{ways:?}");
    }

    fn value(&self, name: &str) -> Option<String> {
        let is_as_wanted = values(&self.fixed[name]) == self.model.files[name];
        (!is_as_wanted).then(|| "the value is not what the fixes make of it".into())
    }

    fn findings(&self, name: &str) -> Option<String> {
        let of_file = |all: &'_ [Found]| -> Vec<Found> {
            all.iter().filter(|f| f.file == name).cloned().collect()
        };
        let (before, after) = (of_file(&self.before), of_file(&self.after));
        let keys: BTreeSet<_> = before.iter().map(Found::key).collect();
        let left: BTreeSet<_> = after.iter().map(Found::key).collect();
        if let Some(found) = after.iter().find(|found| !keys.contains(&found.key())) {
            return Some(format!("{} is new", found.name));
        }
        let mut with = after.iter().filter(|found| found.fix.is_some());
        if let Some(found) = with.find(|found| !self.refused.has(found)) {
            return Some(format!("{}: not fixed, and nothing is said", found.name));
        }
        let mut without = before.iter().filter(|found| found.fix.is_none());
        let is_left = |found: &Found| left.contains(&found.key()) || self.is_unlocked(found);
        let gone = without.find(|found| !is_left(found))?;
        Some(format!("{} had no fix, and is gone", gone.name))
    }

    /// Whether a finding had no fix only because of another one, which was fixed.
    fn is_unlocked(&self, found: &Found) -> bool {
        let by: &[&str] = match &*found.code {
            "host-port" => &["host-network"],
            "privilege-escalation" => &["privileged-container", "added-capabilities"],
            _ => &[],
        };
        self.model.made.iter().any(|made| {
            let same_object = (&made.file, made.object) == (&found.file, found.object);
            let about_it = made.container.is_none() || made.container == found.container;
            same_object && about_it && by.contains(&&*made.code)
        })
    }

    /// Every comment stays, but for those at and in what is taken out or replaced.
    fn comments(&self, name: &str) -> Option<String> {
        let old = &self.files[name].text;
        let lost = comments::lost(old, &self.fixed[name]);
        if lost.is_empty() {
            return None;
        }
        let made = self.model.made.iter().filter(|found| found.file == name);
        let gone = comments::replaced_lines(old, &made.collect::<Vec<_>>());
        let is_explained = |line: &usize| gone.iter().any(|lines| lines.contains(line));
        let lost = lost.iter().find(|line| !is_explained(line))?;
        Some(format!("the comment of line {lost} is lost"))
    }

    /// Line breaks, the byte order mark and the end of the file are kept.
    fn ends(&self, name: &str) -> Option<String> {
        let of = |text: &str| {
            let bare = text.replace("\r\n", "").contains('\n');
            let windows = text.contains("\r\n");
            (
                bare,
                windows,
                text.starts_with('\u{feff}'),
                text.ends_with('\n'),
            )
        };
        let same = of(&self.files[name].text) == of(&self.fixed[name]);
        (!same).then(|| "the line breaks are others".into())
    }

    fn refuses_little(&self) {
        let (refused, made) = (self.refused.len(), self.model.made.len());
        let few = refused * 100 < made;
        assert!(made > 10 * FILES && few, "{refused} of {made} refused");
    }

    fn shown(&self, name: &str) -> String {
        let said = self.said.split("\nfixed ").find(|said| said.contains(name));
        let said = said.unwrap_or_default();
        let diff = unified_diff(name, &self.files[name].text, &self.fixed[name]);
        format!("{}\n{diff}\n{said}", self.files[name].text)
    }
}
