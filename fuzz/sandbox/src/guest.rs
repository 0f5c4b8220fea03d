use std::fmt;

use gatehouse_abi::METADATA_SECTION;
use serde_json::json;

use crate::dice::Dice;

/// Bytes of a page of memory.
pub(crate) const PAGE: usize = 64 << 10;

/// Pages that a guest may have.
pub(crate) const MAX_PAGES: usize = 8;

/// A module that does what it is told: it gives room at `room`, and answers with the eight bytes that stand
/// eight bytes into its settings. In a tree those are a whole number.
#[derive(Clone)]
pub(crate) struct Guest {
    /// Pages at the start.
    pub(crate) pages: usize,
    /// Pages that it asks for before it gives room.
    pub(crate) grows_in_alloc: usize,
    /// Pages that it asks for before it answers.
    pub(crate) grows_in_call: usize,
    pub(crate) room: u32,
    /// Where `data` stands.
    pub(crate) data_at: usize,
    pub(crate) data: Vec<u8>,
    /// Whether it reads JSON, not trees.
    pub(crate) json: bool,
}

impl Guest {
    pub(crate) fn random(dice: &mut Dice) -> Self {
        let pages = 1 + dice.below(MAX_PAGES);
        let end = (pages * PAGE) as u32;
        let data = answer_bytes(dice);
        let grows = |dice: &mut Dice| dice.choose(&[0, 0, 0, 1, 2, 65_535]);
        Self {
            pages,
            grows_in_alloc: grows(dice),
            grows_in_call: grows(dice),
            room: room(dice, end),
            data_at: dice.below(pages * PAGE - data.len()),
            data,
            json: dice.one_in(4),
        }
    }

    pub(crate) fn wasm(&self) -> Vec<u8> {
        let Self {
            pages,
            grows_in_alloc,
            grows_in_call,
            room,
            data_at,
            ..
        } = self;
        let data = escaped(&self.data);
        let metadata = escaped(metadata(self.json).as_bytes());
        let text = format!(
            r#"(module
  (memory (export "memory") {pages})
  (data (i32.const {data_at}) "{data}")
  (func (export "gatehouse_alloc") (param i32) (result i32)
    (drop (memory.grow (i32.const {grows_in_alloc})))
    (i32.const {room}))
  (func $answer (param i32) (result i64)
    (drop (memory.grow (i32.const {grows_in_call})))
    (i64.load offset=8 (local.get 0)))
  (func (export "gatehouse_configure") (param i32 i32) (result i64) (call $answer (local.get 0)))
  (func (export "gatehouse_evaluate") (param i32 i32 i32 i32 i32 i32) (result i64) (call $answer (local.get 2)))
  (@custom "{METADATA_SECTION}" "{metadata}"))"#
        );
        wat::parse_str(text).unwrap_or_default()
    }
}

/// Without the data, which a round's seed gives again.
impl fmt::Debug for Guest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guest")
            .field("pages", &self.pages)
            .field("grows", &(self.grows_in_alloc, self.grows_in_call))
            .field("room", &self.room)
            .field("data", &(self.data_at, self.data.len()))
            .field("json", &self.json)
            .finish_non_exhaustive()
    }
}

/// Mostly at a multiple of 8 inside the memory.
fn room(dice: &mut Dice, end: u32) -> u32 {
    let room = dice.near(&[
        0,
        65_536,
        end / 2,
        end,
        end.wrapping_sub(1000),
        1 << 31,
        u32::MAX,
    ]);
    match dice.below(8) {
        0 => room,
        1 => room & !7,
        _ => (room % end) & !7,
    }
}

fn metadata(json: bool) -> String {
    let code = json!({"title": "t", "explanation": "e", "bad": "b", "good": "g"});
    let metadata = json!({
        "name": "fuzz", "version": "1", "title": "t", "description": "d", "abi": 1,
        "input": if json { "json" } else { "tree" },
        "kinds": ["Pod"], "operations": ["CREATE"], "facts": ["namespace"], "settings": {},
        "codes": {"code-a": code, "code-b": code},
    });
    metadata.to_string()
}

fn escaped(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("\\{byte:02x}")).collect()
}

/// Bytes that are an answer, or were one before they were damaged.
pub(crate) fn answer_bytes(dice: &mut Dice) -> Vec<u8> {
    let mut bytes = answer(dice).into_bytes();
    for _ in 0..dice.choose(&[0, 0, 0, 1, 2, 5]) {
        damage(&mut bytes, dice);
    }
    bytes
}

fn answer(dice: &mut Dice) -> String {
    let count = dice.choose(&[0, 1, 1, 2, 3, 4, 5, 6]);
    let items = |item: &dyn Fn(&mut Dice) -> String, dice: &mut Dice| {
        let items: Vec<_> = (0..count).map(|_| item(dice)).collect();
        items.join(",")
    };
    match dice.below(4) {
        0 => format!(r#"{{"need":[{}]}}"#, items(&need, dice)),
        1 => format!("[{}]", items(&settings_error, dice)),
        _ => format!(r#"{{"findings":[{}]}}"#, items(&finding, dice)),
    }
}

fn need(dice: &mut Dice) -> String {
    let fact = dice.choose(&["namespace", "namespace", "secret", "\\u001b[2J"]);
    format!(r#"{{"fact":"{fact}","key":"shop"}}"#)
}

fn settings_error(dice: &mut Dice) -> String {
    let path = dice.choose(&["", "level", "a[0].b", "a[", "é"]);
    format!(r#"{{"path":"{path}","message":"é is wrong"}}"#)
}

fn finding(dice: &mut Dice) -> String {
    let code = dice.choose(&["code-a", "code-a", "code-b", "code-c", "\\u202e"]);
    let fix = dice.choose(&[
        "null",
        r#"{"edits":[{"op":"set","path":"spec.a","value":[1,{"b":null}]}],"risk":"r"}"#,
        r#"{"edits":[{"op":"remove","path":"spec.containers[name=a]"},{"op":"include","path":"x","item":1e9}]}"#,
        r#"{"edits":[{"op":"add","path":"/spec"}]}"#,
    ]);
    format!(r#"{{"code":"{code}","path":"spec.containers[name=app]","message":"é","fix":{fix}}}"#)
}

fn damage(bytes: &mut Vec<u8>, dice: &mut Dice) {
    let at = dice.below(bytes.len());
    let byte = dice.choose(b"\"\\{}[]:,0-e \xff\xc3\x00n");
    match dice.below(5) {
        0 if at < bytes.len() => bytes[at] = byte,
        1 if at < bytes.len() => bytes[at] ^= 1 << dice.below(8),
        2 => bytes.truncate(at),
        3 => {
            let tail = bytes[at..].to_vec();
            bytes.extend(tail);
        }
        _ => bytes.insert(at, byte),
    }
}
