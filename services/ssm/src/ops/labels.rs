//! LabelParameterVersion and UnlabelParameterVersion.

use std::sync::Arc;

use kernel::Call;
use model_ssm::Error;
use model_ssm::types::*;
use service::Allowed;
use store::{Record as _, Tx};

use crate::error::{Failure, no_version, not_found};
use crate::limits::LABELS_MAX;
use crate::name::Reference;
use crate::records::Labels;
use crate::resource::Named;
use crate::ssm::{self, Ssm};

impl Ssm {
    pub async fn label_parameter_version(
        self: Arc<Self>,
        call: Arc<Call>,
        named: Allowed<Named>,
        input: LabelParameterVersionInput,
    ) -> Result<LabelParameterVersionOutput, Error> {
        let (good, bad): (Vec<String>, Vec<String>) =
            input.labels.into_inner().into_iter().partition(|label| is_label(label));
        let reference = &named.reference;
        let version = self
            .transact(|tx| {
                let version = check_version(tx, reference, input.parameter_version, &call)?;
                let row = reference.place().labels(&reference.name);
                let mut labels = ssm::labels_of(tx.get(&row)?)?;
                for label in &good {
                    labels.versions.insert(label.clone(), version);
                }
                if labels.of(version).len() > LABELS_MAX {
                    return Err(Error::parameter_version_label_limit_exceeded(format!(
                        "A parameter version can have maximum {LABELS_MAX} labels. Move one or more labels to another \
                         version and try again."
                    ))
                    .into());
                }
                keep(tx, row, &labels);
                Ok(version)
            })
            .await?;
        Ok(LabelParameterVersionOutput { invalid_labels: Some(bad), parameter_version: Some(version) })
    }

    pub async fn unlabel_parameter_version(
        self: Arc<Self>,
        call: Arc<Call>,
        named: Allowed<Named>,
        input: UnlabelParameterVersionInput,
    ) -> Result<UnlabelParameterVersionOutput, Error> {
        let reference = &named.reference;
        let (removed, unknown) = self
            .transact(|tx| {
                let version = check_version(tx, reference, Some(*input.parameter_version), &call)?;
                let row = reference.place().labels(&reference.name);
                let mut labels = ssm::labels_of(tx.get(&row)?)?;
                let (removed, unknown): (Vec<String>, Vec<String>) = input
                    .labels
                    .iter()
                    .cloned()
                    .partition(|label| labels.versions.get(label) == Some(&version));
                for label in &removed {
                    labels.versions.remove(label);
                }
                keep(tx, row, &labels);
                Ok((removed, unknown))
            })
            .await?;
        Ok(UnlabelParameterVersionOutput { removed_labels: Some(removed), invalid_labels: Some(unknown) })
    }
}

fn keep(tx: &mut Tx, row: bytes::Bytes, labels: &Labels) {
    if labels.versions.is_empty() {
        tx.delete(row);
    } else {
        tx.put(row, labels.encode());
    }
}

/// The version asked for, or else the newest; it must be there.
fn check_version(
    tx: &mut Tx,
    reference: &Reference,
    asked: Option<i64>,
    call: &Call,
) -> Result<i64, Failure> {
    let parameter = Ssm::current(tx, reference.place(), &reference.name, call.now)?.ok_or_else(not_found)?;
    let version = asked.unwrap_or(parameter.current.number);
    if !(parameter.oldest()..=parameter.current.number).contains(&version) {
        return Err(no_version(&parameter.name, version).into());
    }
    Ok(version)
}

/// Letters, digits and `.-_`; not begun by a digit, `aws` or `ssm`.
fn is_label(label: &str) -> bool {
    let reserved =
        |prefix: &str| label.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    !label.starts_with(|c: char| c.is_ascii_digit())
        && !reserved("aws")
        && !reserved("ssm")
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules() {
        for label in ["a", "Live-1.0_x", ".x", "_1"] {
            assert!(is_label(label), "{label}");
        }
        for label in ["1a", "aws", "AWSx", "ssm.x", "a b", "a/b", "é"] {
            assert!(!is_label(label), "{label}");
        }
    }
}
