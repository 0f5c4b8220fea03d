use super::Files;
use crate::text::excerpt;

const FILE: &str = "file:";

/// What `read` makes of a field: of its text, or of that of the file that it names.
///
/// # Errors
/// Why the file cannot be read, or what is wrong with the text; of a file with its name.
pub(super) fn read<T>(
    field: &str,
    files: &Files<'_>,
    read: impl FnOnce(String) -> Result<T, String>,
) -> Result<T, String> {
    let Some(file) = field.strip_prefix(FILE) else {
        return read(field.to_owned());
    };
    let text = files(file)
        .map_err(|reason| format!("cannot read `{}`: {}", excerpt(file), excerpt(&reason)))?;
    read(text).map_err(|mistake| format!("`{}` {mistake}", excerpt(file)))
}

/// Whether the field names a file.
pub(super) fn names_file(field: &str) -> bool {
    field.starts_with(FILE)
}
