use gatehouse_abi::{ABI_VERSION, METADATA_SECTION, Metadata};
use serde::Deserialize;
use wasmparser::{BinaryReaderError, Encoding, MemoryType, Parser, Payload, TableType};

use crate::{Limits, LoadError, Size, plain::plain};

/// Characters of what a parser says that a message may hold.
const MAX_REASON: usize = 200;
/// Characters of a name from a module that a message may hold.
const MAX_NAME: usize = 80;
const MAGIC: &[u8] = b"\0asm";
const PAGE: u64 = 64 << 10;

/// What a module says about itself, and every check that needs neither compiling nor running it.
pub(crate) fn inspect(wasm: &[u8], limits: &Limits) -> Result<Metadata, LoadError> {
    at_most(Size::Module, wasm.len() as u64, limits.module)?;
    let outline = Outline::read(wasm)?;
    let metadata = outline.metadata()?;
    outline.check_imports()?;
    outline.check_sizes(limits)?;
    Ok(metadata)
}

/// The parts of a module that are looked at.
#[derive(Default)]
struct Outline<'a> {
    metadata: Vec<&'a [u8]>,
    import: Option<(&'a str, &'a str)>,
    memories: Vec<MemoryType>,
    tables: Vec<TableType>,
}

impl<'a> Outline<'a> {
    fn read(wasm: &'a [u8]) -> Result<Self, LoadError> {
        if !wasm.starts_with(MAGIC) {
            return Err(LoadError::NotWasm("it does not begin as one".into()));
        }
        let mut outline = Self::default();
        for payload in Parser::new(0).parse_all(wasm) {
            outline.add(payload.map_err(not_wasm)?)?;
        }
        Ok(outline)
    }

    fn add(&mut self, payload: Payload<'a>) -> Result<(), LoadError> {
        match payload {
            Payload::Version {
                encoding: Encoding::Component,
                ..
            } => {
                return Err(LoadError::NotWasm(
                    "it is a component, not a core module".into(),
                ));
            }
            Payload::CustomSection(section) if section.name() == METADATA_SECTION => {
                self.metadata.push(section.data());
            }
            Payload::ImportSection(section) => {
                if let Some(import) = section.into_imports().next() {
                    let import = import.map_err(not_wasm)?;
                    self.import = Some((import.module, import.name));
                }
            }
            // More than one of either is refused by validation or below, so there is no need to read on.
            Payload::MemorySection(section) => {
                self.memories = section
                    .into_iter()
                    .take(2)
                    .collect::<Result<_, _>>()
                    .map_err(not_wasm)?;
            }
            Payload::TableSection(section) => {
                self.tables = section
                    .into_iter()
                    .take(2)
                    .map(|table| table.map(|table| table.ty))
                    .collect::<Result<_, _>>()
                    .map_err(not_wasm)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn metadata(&self) -> Result<Metadata, LoadError> {
        match *self.metadata {
            [] => Err(LoadError::NoMetadata),
            [section] => parse_metadata(section),
            _ => Err(LoadError::TwoMetadata),
        }
    }

    fn check_imports(&self) -> Result<(), LoadError> {
        match self.import {
            None => Ok(()),
            Some((module, name)) => Err(LoadError::Import {
                module: plain(module, MAX_NAME),
                name: plain(name, MAX_NAME),
            }),
        }
    }

    fn check_sizes(&self, limits: &Limits) -> Result<(), LoadError> {
        for memory in &self.memories {
            at_most(
                Size::Memory,
                memory.initial.saturating_mul(PAGE),
                limits.memory,
            )?;
        }
        at_most(Size::Tables, self.tables.len() as u64, 1)?;
        for table in &self.tables {
            at_most(Size::Table, table.initial, limits.table)?;
        }
        Ok(())
    }
}

/// The ABI's number is read first: another version's metadata may well look different.
fn parse_metadata(section: &[u8]) -> Result<Metadata, LoadError> {
    #[derive(Deserialize)]
    struct Abi {
        abi: u64,
    }
    let Abi { abi } = serde_json::from_slice(section).map_err(bad_metadata)?;
    if abi != u64::from(ABI_VERSION) {
        return Err(LoadError::OtherAbi { found: abi });
    }
    serde_json::from_slice(section).map_err(bad_metadata)
}

fn at_most(what: Size, found: u64, limit: usize) -> Result<(), LoadError> {
    let limit = limit as u64;
    if found > limit {
        return Err(LoadError::TooLarge { what, found, limit });
    }
    Ok(())
}

fn bad_metadata(error: serde_json::Error) -> LoadError {
    LoadError::BadMetadata(plain(&error.to_string(), MAX_REASON))
}

fn not_wasm(error: BinaryReaderError) -> LoadError {
    LoadError::NotWasm(plain(&error.to_string(), MAX_REASON))
}
