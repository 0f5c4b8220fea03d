use std::{
    fmt,
    time::{Duration, Instant},
};

use gatehouse_abi::{
    Answer, Input, SettingsError,
    tree::{Node, TreeBuf},
};

use crate::{
    Failure, Limits, Module,
    answer::{read_answer, read_settings_errors},
    giveup::GiveUp,
    instance::{Document, Instance},
    permits::Permit,
    time::Time,
};

/// A module with the settings by which it judges: what a request is evaluated by.
pub struct Policy {
    module: Module,
    settings: Form,
    give_up: GiveUp,
}

/// Settings in the form in which the module reads them.
enum Form {
    Tree(TreeBuf),
    Json(Vec<u8>),
}

impl Policy {
    /// The policy of `module` with `settings`, which [`Policy::configure`] should judge first.
    pub fn new(module: Module, settings: TreeBuf) -> Self {
        let settings = match module.metadata().input {
            Input::Tree => Form::Tree(settings),
            Input::Json => Form::Json(json(settings.root())),
        };
        Self {
            module,
            settings,
            give_up: GiveUp::default(),
        }
    }

    /// The module.
    pub fn module(&self) -> &Module {
        &self.module
    }

    /// Lets the module judge its settings, within [`Limits::configure_time`]; no errors: they are good.
    ///
    /// # Errors
    /// What kept the module from judging them.
    pub fn configure(&self) -> Result<Vec<SettingsError>, Failure> {
        let (_permit, mut instance) = self.instance(self.limits().configure_time, None)?;
        let [settings] = instance.copy_in([self.settings.document()])?;
        match instance.configure(settings)? {
            Some(text) => Ok(read_settings_errors(text, self.limits())?),
            None => Ok(Vec::new()),
        }
    }

    /// Judges a request with the facts that are known so far, on the calling thread and in an instance
    /// of its own; `None`: nothing found and nothing needed.
    ///
    /// It may take [`Limits::evaluate_time`], but not past `deadline`.
    ///
    /// # Errors
    /// What kept the module from answering.
    pub fn evaluate(
        &self,
        request: &TreeBuf,
        facts: &TreeBuf,
        deadline: Option<Instant>,
    ) -> Result<Option<Answer>, Failure> {
        self.give_up.check(self.limits())?;
        let result = match self.settings {
            Form::Tree(_) => self.run(request, facts, deadline),
            Form::Json(_) => self.run(&json(request.root()), &json(facts.root()), deadline),
        };
        let timed_out = result.as_ref().is_err_and(Failure::is_time_out);
        self.give_up.record(timed_out, self.limits());
        result
    }

    fn run(
        &self,
        request: &dyn Document,
        facts: &dyn Document,
        deadline: Option<Instant>,
    ) -> Result<Option<Answer>, Failure> {
        let (_permit, mut instance) = self.instance(self.limits().evaluate_time, deadline)?;
        let places = instance.copy_in([request, self.settings.document(), facts])?;
        match instance.evaluate(places)? {
            Some(text) => Ok(read_answer(text, self.module.metadata(), self.limits())?),
            None => Ok(None),
        }
    }

    /// The permit comes first, as it must be given back after the instance is gone.
    fn instance(
        &self,
        limit: Duration,
        deadline: Option<Instant>,
    ) -> Result<(Permit<'_>, Instance<'_>), Failure> {
        let permits = &self.module.sandbox().permits;
        let permit = permits.acquire(deadline).ok_or(Failure::Busy {
            instances: self.limits().instances,
        })?;
        let instance = Instance::new(&self.module, Time::new(limit, deadline)?)?;
        Ok((permit, instance))
    }

    fn limits(&self) -> &Limits {
        &self.module.sandbox().limits
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Policy").field(&self.module).finish()
    }
}

impl Form {
    fn document(&self) -> &dyn Document {
        match self {
            Form::Tree(tree) => tree,
            Form::Json(text) => text,
        }
    }
}

impl Document for TreeBuf {
    fn len(&self) -> usize {
        self.byte_len()
    }

    fn write(&self, room: &mut [u8]) {
        let (header, words, text) = self.parts();
        let (to_header, rest) = room.split_at_mut(header.len());
        let (to_words, to_text) = rest.split_at_mut(words.len());
        to_header.copy_from_slice(&header);
        to_words.copy_from_slice(words);
        to_text.copy_from_slice(text);
    }
}

impl Document for Vec<u8> {
    fn len(&self) -> usize {
        self.len()
    }

    fn write(&self, room: &mut [u8]) {
        room.copy_from_slice(self);
    }
}

/// Only a corrupt tree cannot be written, and the host writes its trees itself: it reads as `null`, as
/// its nodes do.
fn json(document: Node<'_>) -> Vec<u8> {
    serde_json::to_vec(&document).unwrap_or_else(|_| b"null".to_vec())
}
