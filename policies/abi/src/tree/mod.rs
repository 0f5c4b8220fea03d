//! The form in which documents reach a policy: parsed once by the host, read in place by the guest.
//!
//! ```text
//! u32 number of words | u32 bytes of text | u64 words … | UTF-8 text …        (little endian)
//! ```
//!
//! One word a value: bits 0–2 its kind, bits 3–31 its length, bits 32–63 its offset.
//!
//! | kind | length | offset |
//! |---|---|---|
//! | 0 null, 1 false, 2 true | 0 | 0 |
//! | 3 int | 0 | index of the word that holds the `i64` |
//! | 4 number | bytes | where its decimal text begins |
//! | 5 string | bytes | where its text begins |
//! | 6 array | items | index of its first item's word; the others follow |
//! | 7 object | members | index of its first key's word; then its value's word, then the next key's |
//!
//! Members stand in document order and their keys are unique. The last word is the root.

mod deserialize;
mod ingest;
mod read;
mod serialize;
mod write;

pub use deserialize::ReadError;
pub use ingest::{MAX_DEPTH, TreeSeed};
pub use read::{Items, Kind, Members, Node, Tree, TreeError};
pub use write::{TooLarge, TreeBuf, TreeWriter, Word};

#[cfg(test)]
mod tests;
