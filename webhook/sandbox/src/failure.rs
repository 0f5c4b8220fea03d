use std::time::Duration;

use thiserror::Error;

/// Why a policy gave no answer. This is the policy's failure, or a lack of time; never a violation.
///
/// Each reads on after "the policy": lower case, without a full stop, and without anything that differs
/// from one request to the next.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Failure {
    /// It trapped.
    #[error("trapped: {0}")]
    Trapped(Trap),
    /// It ran longer than the limit.
    #[error("ran longer than {} ms", limit.as_millis())]
    TimedOut {
        /// The limit, one of [`Limits::evaluate_time`](crate::Limits::evaluate_time) and
        /// [`Limits::configure_time`](crate::Limits::configure_time).
        limit: Duration,
    },
    /// The request's deadline came before its own limit.
    #[error("did not answer before the request's deadline")]
    Deadline,
    /// All instances were busy until the request's deadline.
    #[error("found no free instance before the request's deadline, of {instances}")]
    Busy {
        /// [`Limits::instances`](crate::Limits::instances).
        instances: u32,
    },
    /// It timed out so often that it is not run for a while.
    #[error("is not run for {} s: it timed out {timeouts} times running", pause.as_secs_f64())]
    GivenUp {
        /// [`Limits::give_up_after`](crate::Limits::give_up_after).
        timeouts: u32,
        /// [`Limits::give_up_for`](crate::Limits::give_up_for).
        pause: Duration,
    },
    /// It could not go on without more memory than the limit.
    #[error("needs more than {limit} bytes of memory")]
    OutOfMemory {
        /// [`Limits::memory`](crate::Limits::memory), in bytes.
        limit: usize,
    },
    /// It could not go on with a table as large as the limit.
    #[error("needs a table of more than {limit} elements")]
    OutOfTable {
        /// [`Limits::table`](crate::Limits::table).
        limit: usize,
    },
    /// It answered with something that is no answer.
    #[error("{0}")]
    BadAnswer(#[from] BadAnswer),
    /// It could not be run at all, for example because the machine has no memory left.
    #[error("could not be run: {0}")]
    Host(String),
}

/// What a policy did that made it trap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Trap {
    /// It gave up, as a panic does.
    #[error("it gave up (`unreachable`)")]
    Unreachable,
    /// It called itself too deeply.
    #[error("its calls nest too deeply")]
    StackOverflow,
    /// It reached outside its memory.
    #[error("it reached outside its memory")]
    MemoryOutOfBounds,
    /// It reached outside its table.
    #[error("it reached outside its table")]
    TableOutOfBounds,
    /// It called a function pointer that points nowhere, or at a function of another type.
    #[error("it called a function pointer that is not valid")]
    BadCall,
    /// It divided by zero.
    #[error("it divided by zero")]
    DivisionByZero,
    /// A division overflowed, or a float does not fit a whole number.
    #[error("a number did not fit")]
    NumberOverflow,
    /// Anything else.
    #[error("it did something that WebAssembly does not allow")]
    Other,
}

/// What is wrong with an answer, or with the room that a policy gave for its inputs.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadAnswer {
    /// `gatehouse_alloc` answered with room that is outside the memory.
    #[error("gave {len} bytes at {ptr} for its inputs, outside its memory of {memory} bytes")]
    RoomOutOfRange {
        /// Where the room begins.
        ptr: u32,
        /// Bytes that were asked for.
        len: u32,
        /// Bytes of the memory.
        memory: usize,
    },
    /// `gatehouse_alloc` answered with room whose address is not a multiple of 8.
    #[error("gave room for its inputs at {ptr}, which is not a multiple of 8")]
    RoomNotAligned {
        /// Where the room begins.
        ptr: u32,
    },
    /// The answer lies outside the memory.
    #[error("answered with {len} bytes at {ptr}, outside its memory of {memory} bytes")]
    OutOfRange {
        /// Where the answer begins.
        ptr: u32,
        /// Its bytes.
        len: u32,
        /// Bytes of the memory.
        memory: usize,
    },
    /// The answer is too long.
    #[error("answered with {len} bytes, more than the limit of {limit}")]
    TooLong {
        /// Bytes of the answer.
        len: u32,
        /// [`Limits::answer`](crate::Limits::answer).
        limit: usize,
    },
    /// The answer is not text.
    #[error("answered with bytes that are not UTF-8, at byte {at}")]
    NotText {
        /// The first byte that is not.
        at: usize,
    },
    /// The answer is text, but not an answer.
    #[error("answered with JSON that is not an answer: {0}")]
    NotAnAnswer(String),
    /// The answer asks for nothing, so the next round would be the same.
    #[error("asked for facts, but for none")]
    NothingNeeded,
    /// The answer has too many items.
    #[error("answered with {found} {what}, more than the limit of {limit}")]
    TooMany {
        /// What there are too many of.
        what: &'static str,
        /// How many.
        found: usize,
        /// How many there may be.
        limit: usize,
    },
    /// A finding has a code that the module's metadata does not declare.
    #[error("found `{0}`, a code that its metadata does not declare")]
    UndeclaredCode(String),
    /// A need is for a kind of fact that the module's metadata does not declare.
    #[error("asked for a fact `{0}`, a kind that its metadata does not declare")]
    UndeclaredFact(String),
}

impl Failure {
    /// Whether the policy alone is to blame for having run too long.
    pub(crate) fn is_time_out(&self) -> bool {
        matches!(self, Failure::TimedOut { .. })
    }
}
