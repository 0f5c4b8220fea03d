use gatehouse_abi::{Path, Segment, SettingsError, tree::Node};
use serde::de::DeserializeOwned;
use serde_path_to_error::Segment as Step;

/// Reads a policy's settings from their tree; absent settings are an empty object.
///
/// # Errors
/// Where the settings are not what the type says, and what it expects there.
pub fn read_settings<S: DeserializeOwned>(settings: Node<'_>) -> Result<S, SettingsError> {
    if settings.is_null() {
        return S::deserialize(serde_json::json!({})).map_err(|error| SettingsError {
            path: Path::root(),
            message: error.to_string(),
        });
    }
    serde_path_to_error::deserialize(settings.deserializer()).map_err(|error| SettingsError {
        path: error.path().iter().filter_map(segment).collect(),
        message: error.inner().to_string(),
    })
}

fn segment(step: &Step) -> Option<Segment> {
    match step {
        Step::Seq { index } => Some(Segment::Index(*index)),
        Step::Map { key } => Some(Segment::Key(key.clone())),
        Step::Enum { .. } | Step::Unknown => None,
    }
}
