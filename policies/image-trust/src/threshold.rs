//! How many signers there are when each authority needs one of its own.

use crate::verdict::Signers;

/// How many authorities can be given a signer each, none of them twice: a maximum matching, found by
/// augmenting paths (Kuhn's algorithm). So two names for one key count once, and nobody who could count
/// is left out because of the order of the names.
pub(crate) fn distinct(authorities: &[&Signers<'_>]) -> usize {
    let wishes: Vec<_> = authorities
        .iter()
        .map(|signers| first_distinct(signers.ids(), authorities.len()))
        .collect();
    count_of(&wishes)
}

/// The first signers, each once. As many as there are authorities suffice: one of them is always free.
fn first_distinct<'a>(ids: impl Iterator<Item = &'a str>, max: usize) -> Vec<&'a str> {
    let mut distinct = Vec::new();
    for id in ids {
        if distinct.len() == max {
            break;
        }
        if !distinct.contains(&id) {
            distinct.push(id);
        }
    }
    distinct
}

fn count_of(wishes: &[Vec<&str>]) -> usize {
    let mut given = Vec::new();
    (0..wishes.len())
        .filter(|&authority| give(authority, wishes, &mut given, &mut Vec::new()))
        .count()
}

/// Gives the authority a signer, if need be by giving those who have one another. It goes no deeper than
/// there are authorities, for each step tries a signer that was not tried before.
fn give<'a>(
    authority: usize,
    wishes: &[Vec<&'a str>],
    given: &mut Vec<(&'a str, usize)>,
    tried: &mut Vec<&'a str>,
) -> bool {
    for &signer in wishes.get(authority).into_iter().flatten() {
        if tried.contains(&signer) {
            continue;
        }
        tried.push(signer);
        let Some(place) = given.iter().position(|(id, _)| *id == signer) else {
            given.push((signer, authority));
            return true;
        };
        if give(given[place].1, wishes, given, tried) {
            given[place].1 = authority;
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn count(wishes: &[&[&str]]) -> usize {
        let wishes: Vec<_> = wishes
            .iter()
            .map(|ids| first_distinct(ids.iter().copied(), wishes.len()))
            .collect();
        count_of(&wishes)
    }

    #[test]
    fn one_key_counts_once() {
        assert_eq!(count(&[]), 0);
        assert_eq!(count(&[&["a"], &["a"]]), 1);
        assert_eq!(count(&[&["a"], &["b"]]), 2);
        assert_eq!(count(&[&["a", "a", "a", "b"], &["a"]]), 2);
    }

    #[test]
    fn no_order_of_the_names_matters() {
        assert_eq!(count(&[&["a", "b"], &["a"]]), 2);
        assert_eq!(count(&[&["a"], &["a", "b"]]), 2);
        assert_eq!(count(&[&["a", "b"], &["b", "c"], &["a"], &["b"]]), 3);
    }

    /// By trying every way to give signers: slow, and plainly right.
    fn count_slowly(wishes: &[Vec<u8>], taken: &mut Vec<u8>) -> usize {
        let Some((first, rest)) = wishes.split_first() else {
            return 0;
        };
        let mut best = count_slowly(rest, taken);
        for &signer in first {
            if !taken.contains(&signer) {
                taken.push(signer);
                best = best.max(1 + count_slowly(rest, taken));
                taken.pop();
            }
        }
        best
    }

    proptest! {
        #[test]
        fn as_many_as_by_trying_everything(
            wishes in prop::collection::vec(prop::collection::vec(0..6_u8, 0..8), 0..5),
        ) {
            const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
            let named: Vec<Vec<_>> = wishes
                .iter()
                .map(|ids| ids.iter().map(|&id| NAMES[usize::from(id)]).collect())
                .collect();
            let named: Vec<&[&str]> = named.iter().map(Vec::as_slice).collect();
            prop_assert_eq!(count(&named), count_slowly(&wishes, &mut Vec::new()));
        }
    }
}
