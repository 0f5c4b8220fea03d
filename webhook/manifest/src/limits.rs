use gatehouse_abi::tree::MAX_DEPTH;

/// How much of a file is read. Each limit has an error of its own, a [`Limit`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a file. Default: 16 MiB; never more than 4 GiB.
    pub file_bytes: usize,
    /// Documents of a file, empty ones included. Default: 10,000.
    pub documents: usize,
    /// Levels of lists and objects inside each other. Default: 100; never more than a tree can hold (127).
    pub depth: usize,
    /// Values of a file: everything that is not a key, what aliases repeat counted each time. It bounds memory
    /// at some 120 bytes a value. Default: 2,000,000.
    pub values: usize,
    /// Bytes that aliases add to a file by repeating their anchors' values, each value counted as its text and
    /// 16 bytes more. Default: 4 MiB.
    pub alias_bytes: usize,
}

/// A limit that was crossed, and where it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Limit {
    /// [`Limits::file_bytes`]
    #[error("the file is larger than {0} bytes")]
    FileBytes(usize),
    /// [`Limits::documents`]
    #[error("the file has more than {0} documents")]
    Documents(usize),
    /// [`Limits::depth`]
    #[error("lists and objects are nested deeper than {0} levels")]
    Depth(usize),
    /// [`Limits::values`]
    #[error("the file has more than {0} values")]
    Values(usize),
    /// [`Limits::alias_bytes`]
    #[error("aliases add more than {0} bytes")]
    AliasBytes(usize),
}

impl Limits {
    /// The limits that can be kept: offsets have 32 bits, that of an added line break as well, and trees nest
    /// less than [`MAX_DEPTH`].
    pub(crate) fn kept(&self) -> Self {
        Self {
            file_bytes: self.file_bytes.min(u32::MAX as usize - "\r\n".len()),
            depth: self.depth.min(MAX_DEPTH - 1),
            ..*self
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 16 << 20,
            documents: 10_000,
            depth: 100,
            values: 2_000_000,
            alias_bytes: 4 << 20,
        }
    }
}
