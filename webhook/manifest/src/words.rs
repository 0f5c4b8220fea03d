use granit_parser::ErrorKind;

/// What the parser stumbled over, for somebody who does not know YAML's grammar.
pub(crate) fn words(kind: &ErrorKind) -> String {
    use ErrorKind as E;
    match kind {
        E::UnclosedFlowCollection { open } => format!("this `{open}` is not closed"),
        E::MismatchedFlowCollectionEnd { open, close } => {
            format!("this `{open}` is closed by `{close}`")
        }
        E::UnexpectedCharacter { character } => {
            let shown = character.escape_debug();
            format!("`{shown}` cannot begin a value: put the text in quotes")
        }
        kind => fixed_words(kind).map_or_else(|| kind.to_string(), str::to_owned),
    }
}

fn fixed_words(kind: &ErrorKind) -> Option<&'static str> {
    use ErrorKind as E;
    Some(match kind {
        E::UnknownAnchor => {
            "an alias whose anchor does not stand above it in this document: put text that begins with `*` in quotes"
        }
        E::MissingAnchorOrAliasName => {
            "a name is missing after `&` or `*`: put text that begins so in quotes"
        }
        E::TabNotAllowed
        | E::TabInBlockIndentation
        | E::TabInIndentation
        | E::TabInPlainScalar
        | E::TabAtBlockScalarStart => "a tab cannot indent a line: use spaces",
        E::UnclosedQuotedScalar | E::InvalidQuotedScalarIndent => {
            "a quote is not closed, or a line of the quoted text is not indented enough"
        }
        E::InvalidTrailingDoubleQuotedScalar | E::InvalidTrailingSingleQuotedScalar => {
            "nothing can follow the closing quote: put the whole text in quotes"
        }
        E::InvalidQuotedScalarHexEscape
        | E::InvalidUnicodeEscape
        | E::InvalidLowSurrogateHexEscape
        | E::InvalidLowSurrogate
        | E::MissingLowSurrogate
        | E::UnpairedLowSurrogate => "an escape in double quotes that stands for no character",
        E::UnknownQuotedScalarEscape => {
            "an unknown escape in double quotes: write `\\\\` for a backslash"
        }
        E::MappingValueNotAllowed | E::InvalidColonPlacement => {
            "`:` cannot stand here: check the indentation, or put the text in quotes"
        }
        E::MappingKeyNotAllowed => "`?` cannot stand here: put text that begins with it in quotes",
        E::BlockSequenceEntryNotAllowed => {
            "`-` cannot stand here: begin a list on a line of its own, or put the text in quotes"
        }
        E::PlainScalarStartsWithDashFlowIndicator => "`-` alone is no value: put it in quotes",
        E::InvalidBlockScalarHeader | E::ZeroBlockScalarIndent => {
            "after `|` and `>` there can be only `-` or `+`, a digit from 1 to 9, and a comment"
        }
        E::CommentInterceptedScalar => {
            "the text goes on after a comment: move the comment, or put the text in quotes"
        }
        E::UndeclaredTagHandle => {
            "a tag of a kind that this document does not declare: put text that begins with `!` in quotes"
        }
        E::ExpectedBlockMappingKey => "expected a key here: check the indentation",
        E::ExpectedBlockSequenceEntry => "expected `- ` here: check the indentation",
        E::SimpleKeyExpected => "expected `:` after a key",
        E::InvalidIndentation => "this indentation fits nothing above",
        E::MisplacedFlowCollectionEnd => "nothing is open that this bracket could close",
        E::ExpectedFlowSequenceSeparator => "expected `,` or `]`",
        E::ExpectedFlowMappingSeparator => "expected `,` or `}`",
        E::ExpectedNodeContent => "expected a value",
        E::ExpectedDocumentStart => "this belongs to nothing above it: check the indentation",
        E::CommentNotSeparated => "put a space before `#`",
        E::UnexpectedEofFlowSequence
        | E::UnexpectedEofFlowMapping
        | E::UnexpectedEofImplicitFlowMapping
        | E::UnexpectedEofBlockSequence
        | E::UnexpectedEofBlockMapping
        | E::UnexpectedEof => "expected a value or the end of this list or mapping",
        _ => return None,
    })
}
