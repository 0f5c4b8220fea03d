use std::{ops, sync::Arc};

use crate::{
    Document, DocumentError, FileError, Limit, Limits, Problem,
    budget::Budget,
    compose,
    document::Source,
    error::Failure,
    json,
    node::{Node, Value},
    scalar::Scalar,
    split,
    text::Text,
};

/// A file of manifests: its text and its documents.
#[derive(Clone, Debug)]
pub struct Manifest {
    text: Arc<Text>,
    limits: Limits,
    documents: Vec<Result<Document, DocumentError>>,
}

impl Manifest {
    /// Reads the bytes of a file.
    ///
    /// Documents count from 1. Empty ones, which have only comments or `null`, count but are left out.
    ///
    /// # Errors
    /// When nothing of the file can be read. What is wrong with one document is that document's error.
    pub fn read(bytes: &[u8], limits: &Limits) -> Result<Self, FileError> {
        let limits = limits.kept();
        let text = Arc::new(Text::read(bytes, &limits)?);
        let documents = Reader::new(&text, &limits).read()?;
        match documents.is_empty() {
            true => Err(FileError::Empty),
            false => Ok(Self {
                text,
                limits,
                documents,
            }),
        }
    }

    /// Its documents, in their order; at least one.
    pub fn documents(&self) -> &[Result<Document, DocumentError>] {
        &self.documents
    }

    pub(crate) fn text(&self) -> &Text {
        &self.text
    }

    /// The limits that it was read within.
    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The line with this number, from 1, without its line break and at most
    /// [`MAX_LINE_CHARS`](crate::MAX_LINE_CHARS) characters of it; empty if there is no such line.
    pub fn line_text(&self, line: usize) -> &str {
        self.text.line(line)
    }

    /// The text of a line from a column on (both from 1), as long at most; empty if there is no such place.
    pub fn line_from(&self, line: usize, column: usize) -> &str {
        self.text.line_from(line, column)
    }
}

struct Reader<'t> {
    text: &'t Arc<Text>,
    limits: &'t Limits,
    budget: Budget,
    /// Documents seen, empty ones included.
    count: usize,
    documents: Vec<Result<Document, DocumentError>>,
}

impl<'t> Reader<'t> {
    fn new(text: &'t Arc<Text>, limits: &'t Limits) -> Self {
        Self {
            text,
            limits,
            budget: Budget::new(limits),
            count: 0,
            documents: Vec::new(),
        }
    }

    fn read(mut self) -> Result<Vec<Result<Document, DocumentError>>, FileError> {
        for part in split::documents(self.text) {
            match json::start(self.text, &part) {
                Some(start) => self.json(start, part)?,
                None => self.yaml(part)?,
            }
        }
        Ok(self.documents)
    }

    fn yaml(&mut self, part: ops::Range<usize>) -> Result<(), FileError> {
        let mut budget = self.budget.clone();
        match compose::document(self.text, part.clone(), &mut budget) {
            Ok(node) => self.push(node, Source::Yaml(part), budget),
            Err(failure) => self.fail(failure),
        }
    }

    /// JSON texts, or YAML that begins like one.
    fn json(&mut self, start: usize, part: ops::Range<usize>) -> Result<(), FileError> {
        let mut texts = json::Texts::new(self.text, start..part.end);
        loop {
            let mut budget = self.budget.clone();
            let source = Source::Json(texts.rest());
            match texts.next(&mut budget) {
                Ok(None) => return Ok(()),
                Ok(node) => self.push(node, source, budget)?,
                Err(failure) if texts.may_be_yaml(start, &failure) => {
                    return self.not_json(failure, start, part);
                }
                Err(failure) => return self.fail(failure),
            }
        }
    }

    fn not_json(
        &mut self,
        failure: Failure,
        start: usize,
        part: ops::Range<usize>,
    ) -> Result<(), FileError> {
        let mut budget = self.budget.clone();
        match compose::document(self.text, part.clone(), &mut budget) {
            Ok(node) => self.push(node, Source::Yaml(part), budget),
            Err(_) if json::has_quoted_key(self.text, start) => self.fail(failure),
            Err(yaml) => self.fail(yaml),
        }
    }

    fn push(
        &mut self,
        node: Option<Node<'_>>,
        source: Source,
        budget: Budget,
    ) -> Result<(), FileError> {
        self.begin()?;
        let Some(node) = node.filter(|node| !matches!(node.value, Value::Scalar(Scalar::Null)))
        else {
            return Ok(());
        };
        let document = Document::new(self.text, self.count, source, &node)
            .map_err(|problem| self.error(Failure::new(node.range.at(), problem)));
        if document.is_ok() {
            self.budget = budget;
        }
        self.documents.push(document);
        Ok(())
    }

    fn fail(&mut self, failure: Failure) -> Result<(), FileError> {
        self.begin()?;
        let error = self.error(failure);
        self.documents.push(Err(error));
        Ok(())
    }

    fn begin(&mut self) -> Result<(), Limit> {
        self.count += 1;
        match self.count > self.limits.documents {
            true => Err(Limit::Documents(self.limits.documents)),
            false => Ok(()),
        }
    }

    fn error(&self, failure: Failure) -> DocumentError {
        let (line, column) = self.text.position(failure.at);
        let templated = is_unreadable(&failure) && self.text.line(line).contains("{{");
        DocumentError {
            document: self.count,
            line,
            column,
            problem: if templated {
                Problem::Template
            } else {
                failure.problem
            },
        }
    }
}

fn is_unreadable(failure: &Failure) -> bool {
    use Problem::{CompoundKey, Json, Yaml};
    matches!(failure.problem, Yaml(_) | Json(_) | CompoundKey)
}
