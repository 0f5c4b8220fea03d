//! `check --fix` and `--diff`: the findings' own edits, made in the text of the files.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write},
    path::Path,
};

use gatehouse_core::{Effect, Judgement, clean};
use gatehouse_manifest::{Change, unified_diff};

use super::{
    input::{Input, shown},
    report::{Checked, Report},
};
use crate::files::{replace, unreadable, unwritable};

/// What becomes of files when their findings' edits are made.
#[derive(Default)]
pub(super) struct Fixes {
    files: BTreeMap<String, File>,
}

/// One file, and what is done to it.
struct File {
    old: String,
    new: String,
    made: Vec<Made>,
    /// What stays as it is, and why.
    left: Vec<String>,
    /// Why the whole file stays as it is.
    not_written: Option<String>,
}

/// An edit that is made.
#[derive(PartialEq, Eq)]
struct Made {
    /// `Deployment web, container app: drop-all-capabilities`
    finding: String,
    risk: Option<String>,
}

/// How often what is edited is judged again: a repair may bring another rule to bear.
pub(super) const ROUNDS: usize = 4;

impl Fixes {
    /// Makes the edits of a report in what was read; whether anything changed.
    pub(super) fn make(&mut self, report: &Report, inputs: &mut [Input]) -> bool {
        let mut changed = false;
        for input in inputs {
            changed |= self.edit(report, input);
        }
        changed
    }

    fn edit(&mut self, report: &Report, input: &mut Input) -> bool {
        let repairs = repairs(report, &input.name);
        let Some(manifest) = input.manifest.as_ref().filter(|_| !repairs.is_empty()) else {
            return false;
        };
        let changes: Vec<_> = repairs.iter().map(|(change, _)| change.clone()).collect();
        let old = manifest.edit(&[]).text;
        let edited = manifest.edit(&changes);
        let file = self
            .files
            .entry(input.name.clone())
            .or_insert_with(|| File {
                old: old.clone(),
                new: old.clone(),
                made: Vec::new(),
                left: Vec::new(),
                not_written: None,
            });
        file.left.clear();
        for (index, (_, made)) in repairs.into_iter().enumerate() {
            let refused = edited
                .refused
                .iter()
                .find(|refused| refused.change == index);
            match refused {
                Some(refused) => file.left.push(format!("{}: {refused}", made.finding)),
                None if file.made.contains(&made) => {}
                None => file.made.push(made),
            }
        }
        file.new.clone_from(&edited.text);
        if edited.text == old {
            return false;
        }
        *input = Input::of_text(input.name.clone(), edited.text);
        true
    }

    /// Writes the files that changed; whether all could be written. Those that could not are again what was read,
    /// in the inputs, too.
    pub(super) fn write_files(&mut self, inputs: &mut [Input]) -> bool {
        let mut all = true;
        for (name, file) in self
            .files
            .iter_mut()
            .filter(|(_, file)| file.new != file.old)
        {
            let Err(why) = write_file(name, file) else {
                continue;
            };
            all = false;
            file.not_written = Some(why);
            let these = inputs.iter_mut().filter(|input| input.name == *name);
            these.for_each(|input| *input = Input::of_text(name.clone(), file.old.clone()));
        }
        all
    }

    /// Writes what would change, as `diff -u` does.
    pub(super) fn write_diff(&self, out: &mut impl Write) -> io::Result<()> {
        for (name, file) in &self.files {
            out.write_all(unified_diff(name, &file.old, &file.new).as_bytes())?;
        }
        Ok(())
    }

    /// What is done, what it may break, and what cannot be done.
    pub(super) fn write_summary(&self, out: &mut impl Write, done: &str) -> io::Result<()> {
        for (name, file) in &self.files {
            let name = shown(name);
            if let Some(why) = &file.not_written {
                writeln!(out, "not written: {name}: {why}")?;
                continue;
            }
            if file.new != file.old {
                writeln!(out, "{done} {name}")?;
            }
            for made in &file.made {
                writeln!(out, "  {}", made.finding)?;
                if let Some(risk) = &made.risk {
                    writeln!(out, "    risk      {}", clean(risk, 400))?;
                }
            }
            for left in &file.left {
                writeln!(out, "  not in {name}: {left}")?;
            }
        }
        Ok(())
    }
}

/// The fixes of a file's findings, each as a change of its own, so that one that cannot be made hinders no other.
fn repairs(report: &Report, file: &str) -> Vec<(Change, Made)> {
    let objects = report.objects.iter().filter(|checked| checked.file == file);
    objects
        .flat_map(|checked| {
            let judgements = checked.decision.judgements.iter();
            judgements.filter_map(|judgement| repair(checked, judgement))
        })
        .collect()
}

fn repair(checked: &Checked, judgement: &Judgement) -> Option<(Change, Made)> {
    let is_wanted = matches!(
        judgement.effect,
        Effect::Refused | Effect::Warned | Effect::Repaired
    );
    // where two policies want different things a person has to choose
    let is_clear = judgement.contradicted_by.is_empty();
    let fix = judgement.finding.fix.as_ref();
    let fix = fix.filter(|_| is_wanted && is_clear)?;
    let container = judgement.finding.container.as_ref();
    let container = container.map(|name| format!(", container {}", clean(name, 100)));
    let change = Change {
        document: checked.document,
        object: checked.path.clone(),
        edits: fix.edits.clone(),
    };
    let made = Made {
        finding: format!(
            "{}{}: {}",
            checked.subject(),
            container.unwrap_or_default(),
            judgement.finding.code
        ),
        risk: fix.risk.clone(),
    };
    Some((change, made))
}

fn write_file(name: &str, file: &File) -> Result<(), String> {
    let path = Path::new(name);
    let metadata = fs::metadata(path).map_err(|error| unreadable(&error))?;
    if !metadata.is_file() {
        return Err("it is no file: --diff shows what would change".to_owned());
    }
    let now = fs::read(path).map_err(|error| unreadable(&error))?;
    if now != file.old.as_bytes() {
        return Err("it has changed since it was read, and was left as it is".to_owned());
    }
    replace(path, file.new.as_bytes()).map_err(|error| unwritable(&error))
}
