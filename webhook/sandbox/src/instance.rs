use std::time::{Duration, Instant};

use wasmtime::{Extern, ModuleExport, ResourceLimiter, Store, WasmParams, WasmResults};

use crate::{
    BadAnswer, Failure, Limits, Trap,
    engine::TICK,
    module::{Code, Module},
    sandbox::reason,
};

/// A document in one of the forms in which a module reads it.
pub(crate) trait Document {
    /// Bytes it takes.
    fn len(&self) -> usize;
    /// Writes it; `room` is exactly as long as it is.
    fn write(&self, room: &mut [u8]);
}

/// How long an instance may run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Time {
    ticks: u64,
    too_late: TooLate,
}

#[derive(Clone, Copy, Debug)]
enum TooLate {
    Limit(Duration),
    Deadline,
}

impl Time {
    /// As long as `limit`, or until `deadline` where that is nearer.
    pub(crate) fn new(limit: Duration, deadline: Option<Instant>) -> Result<Self, Failure> {
        let left = deadline.map(|at| at.saturating_duration_since(Instant::now()));
        match left {
            Some(Duration::ZERO) => Err(Failure::Deadline),
            Some(left) if left < limit => Ok(Self {
                ticks: ticks(left),
                too_late: TooLate::Deadline,
            }),
            _ => Ok(Self {
                ticks: ticks(limit),
                too_late: TooLate::Limit(limit),
            }),
        }
    }

    fn failure(self) -> Failure {
        match self.too_late {
            TooLate::Limit(limit) => Failure::TimedOut { limit },
            TooLate::Deadline => Failure::Deadline,
        }
    }
}

/// One more than fits: the first tick may come at once.
fn ticks(time: Duration) -> u64 {
    (time.as_nanos() / TICK.as_nanos()) as u64 + 1
}

/// What the host keeps of an instance: its limits, and whether it was refused anything.
pub(crate) struct Guest {
    memory: usize,
    table: usize,
    refused: Option<Failure>,
}

impl Guest {
    fn new(limits: &Limits) -> Self {
        Self {
            memory: limits.memory,
            table: limits.table,
            refused: None,
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
    time: Time,
    store: Store<Guest>,
    instance: wasmtime::Instance,
}

/// Where a document stands in the instance's memory: its address and its bytes.
pub(crate) type Place = (u32, u32);

impl<'m> Instance<'m> {
    /// Runs the module's start function, if it has one; the time runs from here on.
    pub(crate) fn new(module: &'m Module, time: Time) -> Result<Self, Failure> {
        let (code, sandbox) = (module.code().ok_or_else(lost)?, module.sandbox());
        let mut store = Store::new(&sandbox.engine, Guest::new(&sandbox.limits));
        store.limiter(|guest| guest);
        store.set_epoch_deadline(time.ticks);
        match code.pre.instantiate(&mut store) {
            Ok(instance) => Ok(Self {
                code,
                limits: &sandbox.limits,
                time,
                store,
                instance,
            }),
            Err(error) => Err(failure(&error, store.data(), time)),
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
            ptr += bytes.len() as u32;
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
            .map_err(|error| failure(&error, self.store.data(), self.time))
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

/// What stopped a policy. Time comes first, as it decides whether the policy is given up; then what it
/// was refused, as most modules answer a refusal with a trap that says nothing.
fn failure(error: &wasmtime::Error, guest: &Guest, time: Time) -> Failure {
    match error.downcast_ref::<wasmtime::Trap>() {
        Some(wasmtime::Trap::Interrupt) => time.failure(),
        Some(_) if guest.refused.is_some() => guest.refused.clone().unwrap_or_else(lost),
        Some(trap) => Failure::Trapped(Trap::from(*trap)),
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
