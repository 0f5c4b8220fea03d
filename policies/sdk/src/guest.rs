//! The wasm side of the ABI: memory, inputs, answers. One call an instance, so nothing is ever freed.
#![allow(
    unsafe_code,
    reason = "the ABI hands over raw pointers, and a global allocator is unsafe by its trait"
)]

use std::{
    alloc::{GlobalAlloc, Layout},
    cell::UnsafeCell,
};

use gatehouse_abi::{
    Answer, SettingsError,
    tree::{Node, Tree},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{Facts, Findings, Needs, Request, read_settings};

/// Address and length of an input.
type Input = (u32, u32);

/// Room for the inputs of one call, 8-aligned.
pub fn alloc(len: u32) -> u32 {
    let words = (len as usize).div_ceil(8);
    Vec::<u64>::with_capacity(words).leak().as_mut_ptr() as u32
}

/// The export `gatehouse_configure`.
pub fn configure<S: DeserializeOwned>(
    settings: Input,
    judge: impl Fn(&S) -> Vec<SettingsError>,
) -> u64 {
    let errors = match read_settings(root(settings)) {
        Ok(settings) => judge(&settings),
        Err(error) => vec![error],
    };
    if errors.is_empty() {
        0
    } else {
        answer(&errors)
    }
}

/// The export `gatehouse_evaluate`.
pub fn evaluate<S: DeserializeOwned>(
    request: Input,
    settings: Input,
    facts: Input,
    evaluate: fn(&Request<'_>, &S, &Facts<'_>) -> Result<Findings, Needs>,
) -> u64 {
    let request = Request::new(root(request));
    let facts = Facts::new(root(facts));
    // the host let `configure` judge these very settings before
    let Ok(settings) = read_settings(root(settings)) else {
        core::arch::wasm32::unreachable()
    };
    match evaluate(&request, &settings, &facts) {
        Ok(findings) if findings.is_empty() => 0,
        Ok(findings) => answer(&Answer::from(findings)),
        Err(needs) => answer(&Answer::from(needs)),
    }
}

fn root((at, len): Input) -> Node<'static> {
    // SAFETY: the host wrote `len` bytes at `at`, in memory that `alloc` gave it and nobody else uses.
    let bytes = unsafe { std::slice::from_raw_parts(at as *const u8, len as usize) };
    match Tree::parse(bytes) {
        Ok(tree) => tree.root(),
        // a trap is a failure of the policy; an empty request would be an allow
        Err(_) => core::arch::wasm32::unreachable(),
    }
}

fn answer(value: &impl Serialize) -> u64 {
    match serde_json::to_vec(value) {
        Ok(json) => {
            let json = json.leak();
            (json.as_ptr() as u64) << 32 | json.len() as u64
        }
        Err(_) => core::arch::wasm32::unreachable(),
    }
}

const ARENA_BYTES: usize = 256 * 1024;
const PAGE_BYTES: usize = 64 * 1024;

/// Bumps through a static arena, which the module's memory already holds: growing memory costs 5 µs, a
/// large part of a whole evaluation. Only past the arena does memory grow.
struct Bump {
    arena: UnsafeCell<[u64; ARENA_BYTES / 8]>,
    next: UnsafeCell<usize>,
    end: UnsafeCell<usize>,
}

// SAFETY: wasm32-unknown-unknown has one thread.
unsafe impl Sync for Bump {}

#[global_allocator]
static BUMP: Bump = Bump {
    arena: UnsafeCell::new([0; ARENA_BYTES / 8]),
    next: UnsafeCell::new(0),
    end: UnsafeCell::new(0),
};

impl Bump {
    /// Takes `size` bytes, aligned; `None` when memory cannot grow further.
    unsafe fn take(&self, size: usize, align: usize) -> Option<usize> {
        // SAFETY: one thread, and no reference to the cells outlives a statement.
        unsafe {
            if *self.end.get() == 0 {
                *self.next.get() = self.arena.get() as usize;
                *self.end.get() = self.arena.get() as usize + ARENA_BYTES;
            }
            let start = (*self.next.get()).checked_next_multiple_of(align)?;
            let end = start.checked_add(size)?;
            if end > *self.end.get() {
                return self.grow(size.checked_add(align)?, size, align);
            }
            *self.next.get() = end;
            Some(start)
        }
    }

    /// Goes on in new pages, with room for `room` bytes.
    unsafe fn grow(&self, room: usize, size: usize, align: usize) -> Option<usize> {
        let pages = room.div_ceil(PAGE_BYTES).max(ARENA_BYTES / PAGE_BYTES);
        let first = core::arch::wasm32::memory_grow(0, pages);
        if first == usize::MAX {
            return None;
        }
        // SAFETY: the pages from `first` on are new, so nobody else uses them.
        unsafe {
            *self.next.get() = first * PAGE_BYTES;
            *self.end.get() = (first * PAGE_BYTES).checked_add(pages * PAGE_BYTES)?;
            self.take(size, align)
        }
    }
}

// SAFETY: every block lies in the arena or in pages grown for it, aligned, and is handed out once.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as for the trait.
        unsafe { self.take(layout.size(), layout.align()) }.unwrap_or(0) as *mut u8
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}

    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the last block can grow in place; any other is copied into a new one, which is at
        // least as long as what is copied.
        unsafe {
            let is_last = old as usize + layout.size() == *self.next.get();
            if is_last && old as usize + size <= *self.end.get() {
                *self.next.get() = old as usize + size;
                return old;
            }
            let new = self.take(size, layout.align()).unwrap_or(0) as *mut u8;
            if !new.is_null() {
                new.copy_from_nonoverlapping(old, layout.size().min(size));
            }
            new
        }
    }
}
