//! What the fuzz targets share: choices made of bytes, objects grown from choices, and the judging of a
//! request by policies that answer as the bytes say.

mod grow;
mod json;
mod script;
mod session;
mod walk;

pub use grow::{pod, settings, value};
pub use json::has_duplicates;
pub use script::{Script, split};
pub use session::{Answerer, check_response, document, judge, policy};
pub use walk::{paths, walk};
