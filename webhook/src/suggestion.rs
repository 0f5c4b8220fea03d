//! What a person meant who wrote something that is not known.

/// Most letters by which a word may differ from the one that was meant.
const TYPO_MAX: usize = 3;

/// The known word that is nearest, if one is near.
pub(crate) fn nearest<'k>(
    word: &str,
    known: impl IntoIterator<Item = &'k String>,
) -> Option<&'k String> {
    known
        .into_iter()
        .map(|known| (strsim::osa_distance(word, known), known))
        .min()
        .filter(|(distance, known)| *distance <= TYPO_MAX && *distance < known.len())
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_near_is_suggested() {
        let known = ["host-network".to_owned(), "image-tag".to_owned()];
        assert_eq!(nearest("hostnetwork", &known), known.first());
        assert_eq!(nearest("image-tga", &known), known.get(1));
        assert_eq!(nearest("privileged", &known), None);
        assert_eq!(nearest("abc", &["xyz".to_owned()]), None);
    }
}
