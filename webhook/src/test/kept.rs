//! The snapshot files of cases: texts that a person has read once and that may not change unseen.

use std::{fs, path::PathBuf};

use gatehouse_core::{Decision, Limits, Request, denial, warnings};
use serde_json::Value;

use super::files;
use crate::files::unwritable;

/// A snapshot file that a case names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) what: What,
    pub(super) path: PathBuf,
    /// Where the case names it: the file, the line and the column, and the member.
    pub(super) place: String,
}

/// What a snapshot file keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// What a person reads: the denial, or the warnings, one a line.
    Message,
    /// The object after the fixes, as JSON.
    Fixed,
}

impl What {
    /// The member of `expect` that names the file.
    pub(super) fn member(self) -> &'static str {
        match self {
            What::Message => "message",
            What::Fixed => "fixed",
        }
    }

    /// How the file's name must end, so that an update writes over nothing else.
    pub(super) fn ending(self) -> &'static str {
        match self {
            What::Message => "txt",
            What::Fixed => "json",
        }
    }

    /// The text that the file should have.
    pub(super) fn of(self, decision: &Decision, request: Option<&Request>) -> String {
        match self {
            What::Message => message(decision),
            What::Fixed => request.map_or_else(String::new, |request| fixed(decision, request)),
        }
    }
}

impl Kept {
    /// What the file has; `None` where there is none.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(super) fn read(&self) -> Result<Option<String>, String> {
        if !self.path.exists() {
            return Ok(None);
        }
        let bytes = files::read(&self.path)?;
        let text = String::from_utf8(bytes).map_err(|_| "it is not text".to_owned())?;
        // as git may write it on other systems
        Ok(Some(text.replace("\r\n", "\n")))
    }

    /// Writes the file anew, if it is ours to write.
    ///
    /// # Errors
    /// Why it was left alone.
    pub(super) fn write(&self, text: &str) -> Result<(), String> {
        let failed = |why: String| format!("{}: {why}", self.path.display());
        let there = self.read().map_err(failed)?;
        if self.what == What::Fixed && there.is_some_and(|text| !is_ours(&text)) {
            let why = "it was not written by --update, which would lose its comments and its form: remove it first";
            return Err(failed(why.to_owned()));
        }
        fs::write(&self.path, text).map_err(|error| failed(unwritable(&error)))
    }
}

/// JSON as `gatehouse test` writes it: comparable by lines.
pub(super) fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

fn is_ours(text: &str) -> bool {
    serde_json::from_str(text).is_ok_and(|value| pretty(&value) == text)
}

fn message(decision: &Decision) -> String {
    let text = match denial(decision, &Limits::default()) {
        Some(text) => text,
        None => warnings(decision).join("\n"),
    };
    match text.is_empty() {
        true => text,
        false => text + "\n",
    }
}

fn fixed(decision: &Decision, request: &Request) -> String {
    let mut object = request.object().to_value();
    if let Some(patch) = &decision.patch {
        // the patch was derived from this very object
        let _ = json_patch::patch(&mut object, patch);
    }
    pretty(&object)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kept(what: What, text: Option<&str>) -> (tempfile::TempDir, Kept) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kept");
        if let Some(text) = text {
            fs::write(&path, text).unwrap();
        }
        let place = String::new();
        (folder, Kept { what, path, place })
    }

    #[test]
    fn what_is_not_there_is_written() {
        let (_folder, kept) = kept(What::Fixed, None);
        assert_eq!(kept.read(), Ok(None));
        kept.write("a\n").unwrap();
        assert_eq!(kept.read(), Ok(Some("a\n".to_owned())));
    }

    #[test]
    fn only_what_an_update_wrote_is_written_over() {
        let ours = pretty(&json!({"a": [1]}));
        for (text, is_ours) in [(&*ours, true), ("{\"a\":[1]}\n", false), ("a: 1\n", false)] {
            let (_folder, kept) = kept(What::Fixed, Some(text));
            assert_eq!(kept.write("{}\n").is_ok(), is_ours, "{text}");
            let left = if is_ours { "{}\n" } else { text };
            assert_eq!(kept.read(), Ok(Some(left.to_owned())));
        }
        let (_folder, kept) = kept(What::Message, Some("any text"));
        kept.write("new\n").unwrap();
    }
}
