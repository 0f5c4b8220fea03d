use std::ops::Range;

/// Replacements in a text, none of which touches another.
#[derive(Debug, Default)]
pub(crate) struct Splices(Vec<(Range<usize>, String)>);

impl Splices {
    pub(crate) fn cut(&mut self, range: Range<usize>) {
        self.replace(range, "");
    }

    /// What is inserted at one place stands there in the order of insertion.
    pub(crate) fn insert(&mut self, at: usize, text: impl Into<String>) {
        self.replace(at..at, text);
    }

    pub(crate) fn replace(&mut self, range: Range<usize>, text: impl Into<String>) {
        self.0.push((range, text.into()));
    }

    pub(crate) fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// Whether what ends at this offset is cut, and nothing put there.
    pub(crate) fn cut_end(&self, end: usize) -> bool {
        let last = self
            .0
            .iter()
            .max_by_key(|(range, _)| (range.start, range.end));
        last.is_some_and(|(range, text)| range.end == end && !range.is_empty() && text.is_empty())
    }

    /// The new text; `None` if two replacements touch each other.
    pub(crate) fn apply(mut self, text: &str) -> Option<String> {
        self.0.sort_by_key(|(range, _)| (range.start, range.end));
        let mut new = String::with_capacity(text.len());
        let mut at = 0;
        for (range, replacement) in self.0 {
            new.push_str(text.get(at..range.start)?);
            new.push_str(&replacement);
            at = range.end;
        }
        new.push_str(text.get(at..)?);
        Some(new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn insertions_keep_their_order_and_stand_before_what_is_cut() {
        let mut splices = Splices::default();
        splices.cut(1..2);
        splices.insert(1, "x");
        splices.insert(1, "y");
        splices.replace(2..3, "z");
        assert_eq!(splices.apply("abcd").as_deref(), Some("axyzd"));
    }

    #[test]
    fn what_touches_is_refused() {
        let mut splices = Splices::default();
        splices.cut(1..3);
        splices.insert(2, "x");
        assert_eq!(splices.apply("abcd"), None);
    }
}
