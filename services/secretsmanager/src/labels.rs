//! Staging labels: each is on one version at most.

use std::collections::BTreeMap;

use model_secretsmanager::Error;

use crate::error::invalid;
use crate::limits::LABELS_MAX;

/// The version that is used.
pub const CURRENT: &str = "AWSCURRENT";
/// The one used before.
pub const PREVIOUS: &str = "AWSPREVIOUS";
/// The one that a rotation prepares.
pub const PENDING: &str = "AWSPENDING";

/// Labels, and the versions that have them.
pub type Labels = BTreeMap<String, String>;

/// Attaches a label to a version, taking it from another. The version that loses `AWSCURRENT` gets `AWSPREVIOUS`.
pub fn attach(labels: &mut Labels, label: &str, version: &str) {
    let before = labels.insert(label.to_owned(), version.to_owned());
    if let Some(before) = before.filter(|before| label == CURRENT && before != version) {
        labels.insert(PREVIOUS.to_owned(), before);
    }
}

/// Attaches the labels of a new version: those that are asked for, or `AWSCURRENT`. The first version with a value
/// always gets `AWSCURRENT`.
pub fn attach_new(labels: &mut Labels, wanted: &[String], version: &str, first: bool) -> Result<(), Error> {
    for label in wanted {
        attach(labels, label, version);
    }
    if wanted.is_empty() || (first && !labels.contains_key(CURRENT)) {
        attach(labels, CURRENT, version);
    }
    check_number(labels)
}

/// Moves a label on request.
pub fn move_label(
    labels: &mut Labels,
    label: &str,
    from: Option<&str>,
    to: Option<&str>,
) -> Result<(), Error> {
    let holder = labels.get(label).cloned();
    match (from, to) {
        (None, None) => {
            return Err(invalid(
                "You must specify RemoveFromVersionId or MoveToVersionId to move or remove a staging label.",
            ));
        }
        (Some(from), _) if holder.as_deref() != Some(from) => {
            return Err(invalid(format!("Version stage {label} not found in version {from}")));
        }
        (Some(_), None) if label == CURRENT => {
            return Err(invalid(format!(
                "You can only move staging label {CURRENT} to a different secret version. It can\u{2019}t be \
                 completely removed."
            )));
        }
        (Some(_), None) => {
            labels.remove(label);
        }
        (from, Some(to)) => {
            if let Some(holder) = holder.filter(|holder| from.is_none() && holder != to) {
                return Err(invalid(format!(
                    "The parameter RemoveFromVersionId can't be empty. Staging label {label} is currently attached \
                     to version {holder}, so you must explicitly reference that version in RemoveFromVersionId."
                )));
            }
            attach(labels, label, to);
        }
    }
    check_number(labels)
}

fn check_number(labels: &Labels) -> Result<(), Error> {
    if labels.len() <= LABELS_MAX {
        return Ok(());
    }
    Err(Error::limit_exceeded_exception(format!(
        "A secret can have at most {LABELS_MAX} staging labels attached to its versions."
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs.iter().map(|(label, id)| ((*label).to_owned(), (*id).to_owned())).collect()
    }

    #[test]
    fn the_first_version_becomes_current_whatever_is_asked() {
        let mut all = Labels::new();
        attach_new(&mut all, &["X".to_owned()], "1", true).unwrap();
        assert_eq!(all, labels(&[(CURRENT, "1"), ("X", "1")]));
        attach_new(&mut all, &["X".to_owned()], "2", false).unwrap();
        assert_eq!(all, labels(&[(CURRENT, "1"), ("X", "2")]));
        attach_new(&mut all, &[], "3", false).unwrap();
        assert_eq!(all, labels(&[(CURRENT, "3"), (PREVIOUS, "1"), ("X", "2")]));
    }

    #[test]
    fn moving_current_back_exchanges_it_with_previous() {
        let mut all = labels(&[(CURRENT, "2"), (PREVIOUS, "1")]);
        move_label(&mut all, CURRENT, Some("2"), Some("1")).unwrap();
        assert_eq!(all, labels(&[(CURRENT, "1"), (PREVIOUS, "2")]));
        move_label(&mut all, CURRENT, None, Some("1")).unwrap();
        assert_eq!(all, labels(&[(CURRENT, "1"), (PREVIOUS, "2")]), "it is there already");
    }

    #[test]
    fn moves_that_do_not_say_what_they_mean_are_refused() {
        let before = labels(&[(CURRENT, "1"), ("X", "1")]);
        for (label, from, to) in [
            ("X", None, None),
            ("X", None, Some("2")),
            ("X", Some("2"), None),
            ("X", Some("2"), Some("3")),
            (CURRENT, Some("1"), None),
        ] {
            let mut all = before.clone();
            assert!(move_label(&mut all, label, from, to).is_err(), "{label} {from:?} {to:?}");
            assert_eq!(all, before);
        }
        let mut all = before.clone();
        move_label(&mut all, "X", Some("1"), None).unwrap();
        assert_eq!(all, labels(&[(CURRENT, "1")]));
    }

    #[test]
    fn a_secret_has_so_many_labels() {
        let mut all = Labels::new();
        let wanted: Vec<String> = (0..20).map(|i| format!("L{i}")).collect();
        assert!(attach_new(&mut all.clone(), &wanted, "1", true).is_err(), "with AWSCURRENT it is one more");
        attach_new(&mut all, &wanted[..19], "1", true).unwrap();
        assert!(move_label(&mut all, "another", None, Some("1")).is_err());
    }
}
