use crate::{FileError, Limit, Limits, Span, node::Range};

/// Characters of a line that are shown at most.
pub const MAX_LINE_CHARS: usize = 400;

/// A file's text and where its lines begin.
#[derive(Debug)]
pub(crate) struct Text {
    text: String,
    /// It stood behind a byte order mark.
    marked: bool,
    /// The last line had a line break of its own.
    terminated: bool,
    line_break: &'static str,
    /// Offset of every line.
    lines: Vec<u32>,
    /// How many characters begin before every [`STEP`]th byte.
    chars: Vec<u32>,
}

/// Line breaks for YAML 1.1 and kubectl, but not for YAML 1.2.
pub(crate) const LINE_BREAKS: [char; 3] = ['\u{85}', '\u{2028}', '\u{2029}'];

/// Bytes of a line that are counted through to know a column, however long the line is: a file of megabytes may have
/// one line, and thousands of findings in it.
const STEP: usize = 1024;

const BOM: char = '\u{feff}';
const UTF16_AND_32_MARKS: [&[u8]; 3] = [b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff"];

impl Text {
    pub(crate) fn read(bytes: &[u8], limits: &Limits) -> Result<Self, FileError> {
        if bytes.len() > limits.file_bytes {
            return Err(Limit::FileBytes(limits.file_bytes).into());
        }
        if UTF16_AND_32_MARKS
            .iter()
            .any(|mark| bytes.starts_with(mark))
        {
            return Err(FileError::Utf16);
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|error| not_utf8(bytes.get(..error.valid_up_to()).unwrap_or_default()))?;
        let unmarked = text.strip_prefix(BOM);
        let text = Self {
            marked: unmarked.is_some(),
            ..Self::new(unmarked.unwrap_or(text))
        };
        match text.text.find('\0') {
            Some(at) => Err(text.binary(at)),
            None => Ok(text),
        }
    }

    /// The last line gets the line break that it may lack, as kubectl does it: a text block at the end of a
    /// file ends with it.
    fn new(text: &str) -> Self {
        let line_break = first_line_break(text);
        let terminated = text.is_empty() || text.ends_with(['\n', '\r']);
        let text = [text, if terminated { "" } else { line_break }].concat();
        Self {
            lines: line_starts(&text),
            chars: chars_at_steps(&text),
            text,
            marked: false,
            terminated,
            line_break,
        }
    }

    fn binary(&self, at: usize) -> FileError {
        let (line, column) = self.position(at);
        FileError::Binary { line, column }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// The line break of the file: its first one.
    pub(crate) fn line_break(&self) -> &'static str {
        self.line_break
    }

    /// The file that this text becomes as `new`, with its byte order mark. The line break that the file's last line
    /// lacked does not become part of it, unless that line has gone.
    pub(crate) fn file_of(&self, new: &str, last_line_goes: bool) -> String {
        let mark = if self.marked { "\u{feff}" } else { "" };
        let bare = new.strip_suffix(self.line_break);
        let bare = bare.filter(|_| !self.terminated && !last_line_goes);
        [mark, bare.unwrap_or(new)].concat()
    }

    /// Every line with its offset, line breaks left out.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (0..self.lines.len()).map(|index| (self.lines[index] as usize, self.whole_line(index)))
    }

    /// The number of the line that the offset is in.
    pub(crate) fn line_at(&self, offset: usize) -> usize {
        self.lines
            .partition_point(|start| *start as usize <= offset)
    }

    /// Where the line begins that the offset is in.
    pub(crate) fn line_start(&self, offset: usize) -> usize {
        let index = self.line_at(offset) - 1;
        self.lines.get(index).map_or(0, |start| *start as usize)
    }

    /// Where the line ends that the offset is in, its line break left out.
    pub(crate) fn line_end(&self, offset: usize) -> usize {
        self.line_start(offset) + self.whole_line(self.line_at(offset) - 1).len()
    }

    /// Where the line after that of the offset begins; the end of the text after the last one.
    pub(crate) fn next_line(&self, offset: usize) -> usize {
        let next = self.lines.get(self.line_at(offset));
        next.map_or(self.text.len(), |start| *start as usize)
    }

    /// The line and column of an offset.
    pub(crate) fn position(&self, offset: usize) -> (usize, usize) {
        let line = self.line_at(offset);
        let start = self.lines.get(line - 1).map_or(0, |start| *start as usize);
        (line, 1 + self.chars(start, offset))
    }

    /// The first line of a range, without the white space at its end.
    pub(crate) fn span(&self, range: Range) -> Span {
        let (line, column) = self.position(range.at());
        let rest = self
            .text
            .get(range.at()..range.end as usize)
            .unwrap_or_default();
        let first = rest.split(['\n', '\r']).next().unwrap_or_default();
        Span {
            line,
            column,
            end_column: column + first.trim_end().chars().count(),
        }
    }

    /// The line with this number, at most [`MAX_LINE_CHARS`] characters of it; empty if there is none.
    pub(crate) fn line(&self, number: usize) -> &str {
        let line = number
            .checked_sub(1)
            .map_or("", |index| self.whole_line(index));
        cut(line)
    }

    /// The same, from a column on.
    pub(crate) fn line_from(&self, number: usize, column: usize) -> &str {
        let Some(index) = number.checked_sub(1) else {
            return "";
        };
        let start = self.lines.get(index).map_or(0, |start| *start as usize);
        let before = column.saturating_sub(1);
        let chars = self.chars_before(start).saturating_add(before);
        let skipped = self.offset(chars) - start;
        cut(self.whole_line(index).get(skipped..).unwrap_or_default())
    }

    fn whole_line(&self, index: usize) -> &str {
        let Some(start) = self.lines.get(index) else {
            return "";
        };
        let end = self
            .lines
            .get(index + 1)
            .map_or(self.text.len(), |end| *end as usize);
        self.text[*start as usize..end].trim_end_matches(['\n', '\r'])
    }

    fn chars(&self, start: usize, end: usize) -> usize {
        match end.saturating_sub(start) {
            0..=STEP => chars_of(self.text.as_bytes().get(start..end).unwrap_or_default()),
            _ => self.chars_before(end) - self.chars_before(start),
        }
    }

    fn chars_before(&self, offset: usize) -> usize {
        let step = offset / STEP;
        let rest = self.text.as_bytes().get(step * STEP..offset);
        let counted = self.chars.get(step).map_or(0, |chars| *chars as usize);
        counted + chars_of(rest.unwrap_or_default())
    }

    /// The offset of the character that so many stand before; the end of the text, if it has no more.
    fn offset(&self, chars: usize) -> usize {
        let steps = self.chars.partition_point(|c| *c as usize <= chars);
        let step = steps.saturating_sub(1);
        let counted = self.chars.get(step).map_or(0, |chars| *chars as usize);
        let bytes = self.text.as_bytes().iter().enumerate().skip(step * STEP);
        let mut begins = bytes.filter(|(_, byte)| begins_char(**byte));
        let found = begins.nth(chars - counted);
        found.map_or(self.text.len(), |(at, _)| at)
    }
}

/// Lines end with a line feed, a carriage return or both, as in YAML.
fn line_starts(text: &str) -> Vec<u32> {
    let bytes = text.as_bytes();
    let ends_line = |at: usize| match bytes[at] {
        b'\n' => true,
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        _ => false,
    };
    let ends = (0..bytes.len()).filter(|at| ends_line(*at));
    std::iter::once(0)
        .chain(ends.map(|at| at as u32 + 1))
        .collect()
}

fn chars_at_steps(text: &str) -> Vec<u32> {
    let steps = text.as_bytes().chunks(STEP);
    let counts = steps.scan(0, |before, step| {
        *before += chars_of(step) as u32;
        Some(*before)
    });
    std::iter::once(0).chain(counts).collect()
}

/// The characters that begin in these bytes of a text.
fn chars_of(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| begins_char(**byte)).count()
}

fn begins_char(byte: u8) -> bool {
    byte & 0b1100_0000 != 0b1000_0000
}

/// At most [`MAX_LINE_CHARS`] characters.
fn cut(line: &str) -> &str {
    let end = line.char_indices().nth(MAX_LINE_CHARS).map(|(at, _)| at);
    &line[..end.unwrap_or(line.len())]
}

fn first_line_break(text: &str) -> &'static str {
    let rest = text.find(['\n', '\r']).map_or("", |at| &text[at..]);
    match rest {
        _ if rest.starts_with("\r\n") => "\r\n",
        _ if rest.starts_with('\r') => "\r",
        _ => "\n",
    }
}

fn not_utf8(valid: &[u8]) -> FileError {
    let text = Text::new(std::str::from_utf8(valid).unwrap_or_default());
    let (line, column) = text.position(valid.len());
    FileError::NotUtf8 { line, column }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn columns_count_characters_of_lines_of_any_length(
            unit in "[aé€😀\n]{1,9}",
            times in 1..2000usize,
            at in any::<prop::sample::Index>(),
        ) {
            let text = Text::new(&unit.repeat(times));
            let offset = text.as_str().floor_char_boundary(at.index(text.as_str().len()));
            let line = text.as_str()[..offset].rsplit('\n').next().unwrap_or_default();
            let (number, column) = text.position(offset);
            prop_assert_eq!(column, 1 + line.chars().count());
            let rest = text.as_str()[offset..].split('\n').next().unwrap_or_default();
            let shown: String = rest.chars().take(MAX_LINE_CHARS).collect();
            prop_assert_eq!(text.line_from(number, column), shown);
        }
    }
}
