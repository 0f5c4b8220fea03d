/// A sequence of choices, read from an input; when it is over, every choice is the first one.
#[derive(Clone, Copy, Debug)]
pub struct Script<'a>(&'a [u8]);

/// An input's text, and the choices after it: the byte 0xff, which no text has, divides them.
pub fn split(data: &[u8]) -> (&[u8], Script<'_>) {
    match data.iter().position(|byte| *byte == 0xff) {
        Some(end) => (&data[..end], Script(&data[end + 1..])),
        None => (data, Script(&[])),
    }
}

impl<'a> Script<'a> {
    /// The choices that these bytes are.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Whether no choice is left.
    pub fn is_over(&self) -> bool {
        self.0.is_empty()
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((first, rest)) => {
                self.0 = rest;
                *first
            }
            None => 0,
        }
    }

    /// A number less than `end`; 0 where there is none.
    pub fn below(&mut self, end: usize) -> usize {
        usize::from(self.byte()) % end.max(1)
    }

    /// One of these.
    pub fn choose<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// The next few bytes as text.
    pub fn text(&mut self) -> String {
        let len = self.below(16).min(self.0.len());
        let (text, rest) = self.0.split_at(len);
        self.0 = rest;
        String::from_utf8_lossy(text).into_owned()
    }
}
