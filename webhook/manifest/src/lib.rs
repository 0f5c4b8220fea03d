//! Reads manifest files as kubectl reads them, text in, trees out, with the line and column of every path; and edits
//! them in their text.
//!
//! ```
//! use gatehouse_manifest::{Entry, Limits, Manifest};
//!
//! let text = b"apiVersion: v1\nkind: Pod\nspec: {hostNetwork: yes}\n";
//! let manifest = Manifest::read(text, &Limits::default())?;
//! for document in manifest.documents().iter().flatten() {
//!     for entry in document.entries() {
//!         let Entry::Object(pod) = entry else { continue };
//!         assert_eq!(pod.root().at("spec.hostNetwork").and_then(|v| v.as_bool()), Some(true));
//!         assert_eq!(pod.span(&"spec.hostNetwork".parse()?).span().line, 3);
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The parser is `granit-parser`, the event parser inside `serde-saphyr`, without the serde layer above it: that
//! one resolves scalars before anybody can ask whether they were quoted, where kubectl's rules are others.
//!
//! # What is read
//! - YAML 1.1 as kubectl resolves it (`yes`, `0644`, `<<`), quoted text always text; `tests/kubectl.rs` is
//!   the table. JSON files, also several JSON texts one after the other.
//! - Files of many documents. Each is cut out before it is parsed, so a broken one hides no other.
//! - `List` objects: every object inside has a tree of its own.
//!
//! # What kubectl reads and this crate refuses
//! Where two readers could see two different objects, a check that picks one of them is a way around it:
//! - duplicate keys;
//! - U+0085, U+2028 and U+2029 outside JSON: line breaks in YAML 1.1, so they end comments, and no line
//!   breaks in YAML 1.2;
//! - in brackets, `{a:}` (the key `a:` for kubectl), `[!tag, b]` (the comma is in the tag) and unquoted text
//!   that begins with `?` or `:`; anchors with other characters than letters, digits, `-` and `_`.
//!
//! What nobody writes: `!!binary`, `\'` inside double quotes, quoted text whose further lines are not indented,
//! a comment straight after a closing quote, lines inside brackets that are indented with tabs.
//!
//! # What kubectl skips and this crate reads
//! What follows a line `...`, documents that begin on the `---` line itself, JSON texts that are separated by
//! `---`.
//!
//! # Edits
//! [`Manifest::edit`] makes changes in the text itself. Lines that they do not concern stay byte for byte; what
//! cannot be edited without damage is refused with the reason, and all else is done.
//!
//! ```
//! use gatehouse_abi::{Edit, Path};
//! use gatehouse_manifest::{Change, Limits, Manifest};
//!
//! let text = b"apiVersion: v1\nkind: Pod\nspec: # mine\n  hostPID: true\n";
//! let manifest = Manifest::read(text, &Limits::default())?;
//! let edits = vec![Edit::Set { path: "spec.securityContext.runAsNonRoot".parse()?, value: true.into() }];
//! let edited = manifest.edit(&[Change { document: 1, object: Path::root(), edits }]);
//! assert!(edited.text.ends_with("spec: # mine\n  hostPID: true\n  securityContext:\n    runAsNonRoot: true\n"));
//! assert!(edited.refused.is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Positions
//! A value that an alias repeats stands where the alias is used; what is inside it stands where the anchor is,
//! because that is the text to change. Merged members (`<<`) likewise stand where they are written.

mod budget;
mod compose;
mod diff;
mod document;
mod edit;
mod entry;
mod error;
mod events;
mod json;
mod limits;
mod manifest;
mod members;
mod node;
mod place;
mod scalar;
mod split;
mod text;
mod words;

pub use diff::unified_diff;
pub use document::Document;
pub use edit::{Change, EditProblem, Edited, Refused};
pub use entry::{Entry, Object};
pub use error::{DocumentError, FileError, Problem};
pub use limits::{Limit, Limits};
pub use manifest::Manifest;
pub use place::{Location, Span};
pub use text::MAX_LINE_CHARS;
