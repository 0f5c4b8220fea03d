//! What should come of a call, worked out without WebAssembly.

use gatehouse_abi::{Answer, SettingsError, tree::TreeBuf};
use gatehouse_sandbox::{BadAnswer, Failure, Limits, Trap};
use serde::de::DeserializeOwned;

use crate::guest::{Guest, PAGE};

pub(crate) type Evaluated = Result<Option<Answer>, Failure>;
pub(crate) type Configured = Result<Vec<SettingsError>, Failure>;

/// A guest's memory, as it should be.
pub(crate) struct Model<'g> {
    guest: &'g Guest,
    limits: &'g Limits,
    memory: Vec<u8>,
    /// Whether it asked for more memory than there may be.
    refused: bool,
}

impl<'g> Model<'g> {
    pub(crate) fn new(guest: &'g Guest, limits: &'g Limits) -> Self {
        let mut memory = vec![0; guest.pages * PAGE];
        memory[guest.data_at..][..guest.data.len()].copy_from_slice(&guest.data);
        Self {
            guest,
            limits,
            memory,
            refused: false,
        }
    }

    pub(crate) fn evaluate(mut self, documents: [&TreeBuf; 3]) -> Evaluated {
        let [_, settings, _] = self.copy_in(documents)?;
        let Some(text) = self.answer(settings)? else {
            return Ok(None);
        };
        match parse(&text)? {
            Answer::Judged {
                findings,
                unchecked,
            } => {
                at_most("findings", findings.len(), self.limits.findings)?;
                let known = ["code-a", "code-b"];
                match findings.iter().find(|f| !known.contains(&&*f.code)) {
                    Some(finding) => Err(BadAnswer::UndeclaredCode(finding.code.clone()).into()),
                    None if findings.is_empty() && unchecked.is_empty() => Ok(None),
                    None => {
                        at_most(
                            "things left unchecked",
                            unchecked.len(),
                            self.limits.findings,
                        )?;
                        Ok(Some(Answer::Judged {
                            findings,
                            unchecked,
                        }))
                    }
                }
            }
            Answer::Need(needs) if needs.is_empty() => Err(BadAnswer::NothingNeeded.into()),
            Answer::Need(needs) => {
                at_most("needs", needs.len(), self.limits.needs)?;
                match needs.iter().find(|need| need.fact != "namespace") {
                    Some(need) => Err(BadAnswer::UndeclaredFact(need.fact.clone()).into()),
                    None => Ok(Some(Answer::Need(needs))),
                }
            }
        }
    }

    pub(crate) fn configure(mut self, settings: &TreeBuf) -> Configured {
        let [settings] = self.copy_in([settings])?;
        let Some(text) = self.answer(settings)? else {
            return Ok(Vec::new());
        };
        let errors: Vec<SettingsError> = parse(&text)?;
        at_most("mistakes", errors.len(), self.limits.findings)?;
        Ok(errors)
    }

    /// Where the documents stand, each at a multiple of 8.
    fn copy_in<const N: usize>(&mut self, documents: [&TreeBuf; N]) -> Result<[usize; N], Failure> {
        let documents = documents.map(|document| self.form(document));
        let len: usize = documents.iter().map(|d| d.len().next_multiple_of(8)).sum();
        self.grow(self.guest.grows_in_alloc);
        let ptr = self.guest.room;
        if !ptr.is_multiple_of(8) {
            return Err(BadAnswer::RoomNotAligned { ptr }.into());
        }
        let memory = self.memory.len();
        if ptr as usize + len > memory {
            let len = len as u32;
            return Err(BadAnswer::RoomOutOfRange { ptr, len, memory }.into());
        }
        let mut at = ptr as usize;
        Ok(documents.map(|document| {
            let place = at;
            self.memory[place..][..document.len()].copy_from_slice(&document);
            at += document.len().next_multiple_of(8);
            place
        }))
    }

    fn form(&self, document: &TreeBuf) -> Vec<u8> {
        if self.guest.json {
            return document.root().to_value().to_string().into_bytes();
        }
        document.to_bytes()
    }

    fn grow(&mut self, pages: usize) {
        let size = self.memory.len() + pages * PAGE;
        match size <= self.limits.memory {
            true => self.memory.resize(size, 0),
            false => self.refused = true,
        }
    }

    /// A trap after a refusal is taken to come of it.
    fn trap(&self) -> Failure {
        let limit = self.limits.memory;
        match self.refused {
            true => Failure::OutOfMemory { limit },
            false => Failure::Trapped(Trap::MemoryOutOfBounds),
        }
    }

    /// The text that the guest answers with.
    fn answer(&mut self, settings: usize) -> Result<Option<String>, Failure> {
        self.grow(self.guest.grows_in_call);
        let returned = self.memory.get(settings + 8..settings + 16);
        let returned = returned.and_then(|bytes| bytes.try_into().ok());
        let returned = returned
            .map(u64::from_le_bytes)
            .ok_or_else(|| self.trap())?;
        if returned == 0 {
            return Ok(None);
        }
        let (ptr, len) = ((returned >> 32) as u32, returned as u32);
        let (limit, memory) = (self.limits.answer, self.memory.len());
        if len as usize > limit {
            return Err(BadAnswer::TooLong { len, limit }.into());
        }
        let bytes = self.memory.get(ptr as usize..ptr as usize + len as usize);
        let bytes = bytes.ok_or(BadAnswer::OutOfRange { ptr, len, memory })?;
        match str::from_utf8(bytes) {
            Ok(text) => Ok(Some(text.to_owned())),
            Err(error) => Err(BadAnswer::NotText {
                at: error.valid_up_to(),
            }
            .into()),
        }
    }
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, BadAnswer> {
    serde_json::from_str(text).map_err(|error| BadAnswer::NotAnAnswer(error.to_string()))
}

fn at_most(what: &'static str, found: usize, limit: usize) -> Result<(), BadAnswer> {
    if found > limit {
        return Err(BadAnswer::TooMany { what, found, limit });
    }
    Ok(())
}

/// Whether two failures are the same, but for the text of others that they repeat: of a module's text that
/// must be fit to be shown.
pub(crate) fn same_failure(a: &Failure, b: &Failure) -> bool {
    use BadAnswer as Bad;
    match (a, b) {
        (Failure::BadAnswer(Bad::NotAnAnswer(_)), Failure::BadAnswer(Bad::NotAnAnswer(_)))
        | (
            Failure::BadAnswer(Bad::UndeclaredCode(_)),
            Failure::BadAnswer(Bad::UndeclaredCode(_)),
        )
        | (
            Failure::BadAnswer(Bad::UndeclaredFact(_)),
            Failure::BadAnswer(Bad::UndeclaredFact(_)),
        ) => {
            let text = a.to_string();
            !text.contains(char::is_control) && text.chars().count() < 500
        }
        _ => a == b,
    }
}
