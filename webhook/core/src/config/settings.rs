use gatehouse_abi::Segment;
use jsonschema::{ValidationError, Validator, error::ValidationErrorKind};
use serde_json::Value;

use super::ConfigError;

/// Prepares the JSON Schema of a module's settings.
///
/// # Errors
/// When the module's schema is none, which is the module's fault.
pub fn compile_schema(schema: &Value) -> Result<Validator, String> {
    jsonschema::validator_for(schema).map_err(|error| error.to_string())
}

/// Everything in `settings` that is not of the module's shape; paths start at the settings.
pub fn check_settings(schema: &Validator, settings: &Value) -> Vec<ConfigError> {
    schema.iter_errors(settings).map(located).collect()
}

fn located(error: ValidationError<'_>) -> ConfigError {
    let path = error.instance_path().as_str();
    let segments = path.split('/').skip(1).map(segment);
    ConfigError::new(segments.collect(), words(&error))
}

fn segment(token: &str) -> Segment {
    match token.parse() {
        Ok(index) => Segment::Index(index),
        Err(_) => Segment::Key(token.replace("~1", "/").replace("~0", "~")),
    }
}

fn words(error: &ValidationError<'_>) -> String {
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            format!("unknown field `{}`", unexpected.join("`, `"))
        }
        ValidationErrorKind::Enum { options } => {
            format!("{} is not one of {options}", error.instance())
        }
        _ => error.to_string().replace('"', "`"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn problems(settings: Value) -> Vec<String> {
        let schema = json!({
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "level": {"enum": ["baseline", "restricted"]},
                "ports": {"type": "array", "items": {"type": "integer"}}
            }
        });
        let schema = compile_schema(&schema).unwrap();
        let errors = check_settings(&schema, &settings);
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_mistake_is_located() {
        assert_eq!(problems(json!({"level": "baseline"})), [""; 0]);
        insta::assert_debug_snapshot!(
            problems(json!({"level": "high", "lvl": 1, "ports": [1, "x"]})),
            @r#"
        [
            "level: \"high\" is not one of [\"baseline\",\"restricted\"]",
            "ports[1]: `x` is not of type `integer`",
            "unknown field `lvl`",
        ]
        "#
        );
    }
}
