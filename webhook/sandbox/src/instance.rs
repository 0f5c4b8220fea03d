use wasmtime::{
    Extern, ModuleExport, ResourceLimiter, Store, UpdateDeadline, WasmParams, WasmResults,
};

use crate::{
    BadAnswer, Failure, Limits, Trap,
    module::{Code, Module},
    sandbox::reason,
    time::Time,
};

/// A document in one of the forms in which a module reads it.
pub(crate) trait Document {
    /// Bytes it takes.
    fn len(&self) -> usize;
    /// Writes it; `room` is exactly as long as it is.
    fn write(&self, room: &mut [u8]);
}

/// What the host keeps of an instance: its limits, and which of them it has come up against.
pub(crate) struct Guest {
    memory: usize,
    table: usize,
    time: Time,
    refused: Option<Failure>,
    stopped: Option<Failure>,
}

impl Guest {
    fn new(limits: &Limits, time: Time) -> Self {
        Self {
            memory: limits.memory,
            table: limits.table,
            time,
            refused: None,
            stopped: None,
        }
    }

    fn time_is_up(&mut self) -> UpdateDeadline {
        match self.time.look() {
            Ok(ticks) => UpdateDeadline::Continue(ticks),
            Err(failure) => {
                self.stopped = Some(failure);
                UpdateDeadline::Interrupt
            }
        }
    }
}

impl ResourceLimiter for Guest {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let limit = self.memory;
        if desired > limit {
            self.refused = Some(Failure::OutOfMemory { limit });
        }
        Ok(desired <= limit)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let limit = self.table;
        if desired > limit {
            self.refused = Some(Failure::OutOfTable { limit });
        }
        Ok(desired <= limit)
    }
}

/// One instance of a module, made for one call and dropped after it.
pub(crate) struct Instance<'m> {
    code: &'m Code,
    limits: &'m Limits,
    store: Store<Guest>,
    instance: wasmtime::Instance,
}

/// Where a document stands in the instance's memory: its address and its bytes.
pub(crate) type Place = (u32, u32);

impl<'m> Instance<'m> {
    /// Runs the module's start function, if it has one; the time runs from here on.
    pub(crate) fn new(module: &'m Module, time: Time) -> Result<Self, Failure> {
        let (code, sandbox) = (module.code().ok_or_else(lost)?, module.sandbox());
        let first_half = time.first_half();
        let mut store = Store::new(&sandbox.engine, Guest::new(&sandbox.limits, time));
        store.limiter(|guest| guest);
        store.set_epoch_deadline(first_half);
        store.epoch_deadline_callback(|mut store| Ok(store.data_mut().time_is_up()));
        match code.pre.instantiate(&mut store) {
            Ok(instance) => Ok(Self {
                code,
                limits: &sandbox.limits,
                store,
                instance,
            }),
            Err(error) => Err(failure(&error, store.data())),
        }
    }

    /// Asks the module for one room and copies the documents into it, each at a multiple of 8.
    pub(crate) fn copy_in<const N: usize>(
        &mut self,
        documents: [&dyn Document; N],
    ) -> Result<[Place; N], Failure> {
        let total = documents.iter().map(|document| room_of(*document)).sum();
        let (mut ptr, mut room) = self.room(total)?;
        let mut places = [(0, 0); N];
        for (place, document) in places.iter_mut().zip(documents) {
            let (bytes, rest) = room.split_at_mut(room_of(document));
            document.write(&mut bytes[..document.len()]);
            *place = (ptr, document.len() as u32);
            ptr = ptr.wrapping_add(bytes.len() as u32);
            room = rest;
        }
        Ok(places)
    }

    pub(crate) fn configure(&mut self, settings: Place) -> Result<Option<&str>, Failure> {
        let (ptr, len) = settings;
        let returned = self.call(&self.code.configure, (ptr, len))?;
        self.answer(returned)
    }

    pub(crate) fn evaluate(&mut self, places: [Place; 3]) -> Result<Option<&str>, Failure> {
        let [request, settings, facts] = places;
        let places = (
            request.0, request.1, settings.0, settings.1, facts.0, facts.1,
        );
        let returned = self.call(&self.code.evaluate, places)?;
        self.answer(returned)
    }

    fn room(&mut self, len: usize) -> Result<(u32, &mut [u8]), Failure> {
        let limit = self.limits.memory;
        let asked = u32::try_from(len).ok().filter(|_| len <= limit);
        let asked = asked.ok_or(Failure::OutOfMemory { limit })?;
        let ptr: u32 = self.call(&self.code.alloc, asked)?;
        if !ptr.is_multiple_of(8) {
            return Err(BadAnswer::RoomNotAligned { ptr }.into());
        }
        let memory = self.memory()?;
        let size = memory.len();
        match range(ptr, asked).and_then(|range| memory.get_mut(range)) {
            Some(room) => Ok((ptr, room)),
            None => Err(BadAnswer::RoomOutOfRange {
                ptr,
                len: asked,
                memory: size,
            }
            .into()),
        }
    }

    /// The text that an export returned; `None` where it returned 0.
    fn answer(&mut self, returned: u64) -> Result<Option<&str>, Failure> {
        if returned == 0 {
            return Ok(None);
        }
        let (ptr, len) = ((returned >> 32) as u32, returned as u32);
        let limit = self.limits.answer;
        if len as usize > limit {
            return Err(BadAnswer::TooLong { len, limit }.into());
        }
        let memory = &*self.memory()?;
        let bytes = range(ptr, len).and_then(|range| memory.get(range));
        let bytes = bytes.ok_or(BadAnswer::OutOfRange {
            ptr,
            len,
            memory: memory.len(),
        })?;
        let text = str::from_utf8(bytes);
        Ok(Some(text.map_err(|error| BadAnswer::NotText {
            at: error.valid_up_to(),
        })?))
    }

    fn call<P: WasmParams, R: WasmResults>(
        &mut self,
        export: &ModuleExport,
        params: P,
    ) -> Result<R, Failure> {
        let export = self.instance.get_module_export(&mut self.store, export);
        let function = export.and_then(Extern::into_func).ok_or_else(lost)?;
        function
            .typed(&self.store)
            .and_then(|function| function.call(&mut self.store, params))
            .map_err(|error| failure(&error, self.store.data()))
    }

    fn memory(&mut self) -> Result<&mut [u8], Failure> {
        let export = self
            .instance
            .get_module_export(&mut self.store, &self.code.memory);
        let memory = export.and_then(Extern::into_memory).ok_or_else(lost)?;
        Ok(memory.data_mut(&mut self.store))
    }
}

fn room_of(document: &dyn Document) -> usize {
    document.len().next_multiple_of(8)
}

fn range(ptr: u32, len: u32) -> Option<std::ops::Range<usize>> {
    let (ptr, len) = (ptr as usize, len as usize);
    Some(ptr..ptr.checked_add(len)?)
}

/// The code is there as long as the module, and its exports were checked when it was loaded.
fn lost() -> Failure {
    Failure::Host("its code is gone".into())
}

/// What stopped a policy. Only an interrupt comes from the host; any other trap may be a module's answer
/// to a refusal, which says more than the trap.
fn failure(error: &wasmtime::Error, guest: &Guest) -> Failure {
    let refused = || guest.refused.clone();
    match error.downcast_ref::<wasmtime::Trap>() {
        Some(wasmtime::Trap::Interrupt) => guest.stopped.clone().unwrap_or_else(lost),
        Some(trap) => refused().unwrap_or_else(|| Failure::Trapped(Trap::from(*trap))),
        None => Failure::Host(reason(error)),
    }
}

impl From<wasmtime::Trap> for Trap {
    fn from(trap: wasmtime::Trap) -> Self {
        use wasmtime::Trap as T;
        match trap {
            T::UnreachableCodeReached => Trap::Unreachable,
            T::StackOverflow => Trap::StackOverflow,
            T::MemoryOutOfBounds => Trap::MemoryOutOfBounds,
            T::TableOutOfBounds => Trap::TableOutOfBounds,
            T::IndirectCallToNull | T::BadSignature => Trap::BadCall,
            T::IntegerDivisionByZero => Trap::DivisionByZero,
            T::IntegerOverflow | T::BadConversionToInteger => Trap::NumberOverflow,
            _ => Trap::Other,
        }
    }
}
