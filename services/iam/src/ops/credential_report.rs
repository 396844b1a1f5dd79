//! The report of who has which credentials.

use std::sync::Arc;

use identity::keys;
use identity::records::{AccessKey, AccessKeyUsed, Account, CredentialReport, SigningCertificate, User};
use kernel::{Call, Timestamp};
use model_iam::types::*;
use service::Allowed;
use store::{KeyRange, Record as _, Snapshot};
use wire::Bytes;

use crate::error::Error;
use crate::iam::Iam;
use crate::read::Reader as _;
use crate::{arn, belongings, find};

/// For how long a report is not made anew (documentation of credential reports).
const FRESH_MS: i64 = 4 * 3_600_000;
const DAY_MS: i64 = 86_400_000;
/// Bytes of a report in one record: below what the store takes.
const PIECE_BYTES: usize = 1_000_000;

const HEADER: &str = "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,\
password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,\
access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,\
access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,\
cert_1_last_rotated,cert_2_active,cert_2_last_rotated";

impl Iam {
    pub async fn generate_credential_report(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        _: GenerateCredentialReportInput,
    ) -> Result<GenerateCredentialReportOutput, Error> {
        let account = &call.account;
        let prefix = keys::credential_report(account);
        let (before, text) = {
            let mut snapshot = self.store.snapshot();
            let before: Option<CredentialReport> = snapshot.records(&prefix)?.pop();
            if before.as_ref().is_some_and(|before| is_fresh(before, call.now)) {
                let state = Some(ReportStateType::Complete.into());
                return Ok(GenerateCredentialReportOutput { state, description: None });
            }
            (before, report(&mut snapshot, account)?)
        };
        let pieces = pieces(&text);
        self.transact(|tx| {
            tx.delete_range(KeyRange::prefix(&prefix));
            for (number, piece) in (0..).zip(&pieces) {
                let made_ms = call.now.millis();
                let piece = CredentialReport { made_ms, text: (*piece).to_owned() };
                tx.put(keys::credential_report_piece(account, number), piece.encode());
            }
            Ok(())
        })
        .await?;
        let description = match before {
            None => "No report exists. Starting a new report generation task",
            Some(_) => "The report is older than four hours. Starting a new report generation task",
        };
        Ok(GenerateCredentialReportOutput {
            state: Some(ReportStateType::Started.into()),
            description: Some(description.to_owned()),
        })
    }

    pub async fn get_credential_report(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        _: GetCredentialReportInput,
    ) -> Result<GetCredentialReportOutput, Error> {
        let prefix = keys::credential_report(&call.account);
        let pieces: Vec<CredentialReport> = self.store.snapshot().records(&prefix)?;
        let Some(first) = pieces.first() else {
            let text = "No report exists. Call GenerateCredentialReport to make one.";
            return Err(Error::credential_report_not_present_exception(text));
        };
        if !is_fresh(first, call.now) {
            let text = "The report has expired. Call GenerateCredentialReport to make a new one.";
            return Err(Error::credential_report_expired_exception(text));
        }
        let generated_time = Some(Timestamp::from_millis(first.made_ms));
        let text: String = pieces.into_iter().map(|piece| piece.text).collect();
        Ok(GetCredentialReportOutput {
            content: Some(Bytes::from(text.into_bytes())),
            report_format: Some(ReportFormatType::TextCsv.into()),
            generated_time,
        })
    }
}

fn is_fresh(report: &CredentialReport, now: Timestamp) -> bool {
    now.millis() < report.made_ms.saturating_add(FRESH_MS)
}

/// Cuts a text into pieces at the ends of lines.
fn pieces(text: &str) -> Vec<&str> {
    let (mut rest, mut pieces) = (text, Vec::new());
    while rest.len() > PIECE_BYTES {
        let cut = rest.as_bytes()[..PIECE_BYTES].iter().rposition(|byte| *byte == b'\n');
        let (piece, more) = rest.split_at(cut.map_or(rest.len(), |at| at + 1));
        pieces.push(piece);
        rest = more;
    }
    pieces.push(rest);
    pieces
}

fn report(snapshot: &mut Snapshot, account: &str) -> Result<String, Error> {
    let of_account = find::account(snapshot, account)?;
    let users: Vec<User> = snapshot.records(&keys::all(account, "user"))?;
    let mut out = format!("{HEADER}\n");
    out.push_str(&root_line(snapshot, account, &of_account)?);
    for user in &users {
        out.push('\n');
        out.push_str(&user_line(snapshot, account, &of_account, user)?);
    }
    Ok(out)
}

fn root_line(snapshot: &mut Snapshot, account: &str, of_account: &Account) -> Result<String, Error> {
    let mut columns = vec!["<root_account>".to_owned(), arn::of(account, "root").to_string()];
    columns.push(of_account.created_ms.map_or_else(not_available, date));
    let fixed = ["not_supported", "no_information", "not_supported", "not_supported", "false"];
    columns.extend(fixed.map(str::to_owned));
    access_keys(snapshot, &of_account.access_keys, &mut columns)?;
    certificates(snapshot, account, "root", &mut columns)?;
    Ok(columns.join(","))
}

fn user_line(
    snapshot: &mut Snapshot,
    account: &str,
    of_account: &Account,
    user: &User,
) -> Result<String, Error> {
    let max_age_days = of_account.password_policy.as_ref().and_then(|policy| policy.max_age_days);
    let mut columns =
        vec![quoted(&user.name), quoted(arn::user(account, user).as_str()), date(user.created_ms)];
    match &user.login {
        None => columns.extend(["false", "N/A", "N/A", "N/A"].map(str::to_owned)),
        Some(login) => columns.extend([
            "true".to_owned(),
            user.password_used_ms.map_or_else(|| "no_information".to_owned(), date),
            date(login.changed_ms),
            max_age_days.map_or_else(not_available, |days| date(login.changed_ms + i64::from(days) * DAY_MS)),
        ]),
    }
    columns.push((!user.mfa.is_empty()).to_string());
    access_keys(snapshot, &user.access_keys, &mut columns)?;
    certificates(snapshot, account, &user.id, &mut columns)?;
    Ok(columns.join(","))
}

/// Five columns for each of two keys.
fn access_keys(snapshot: &mut Snapshot, ids: &[String], columns: &mut Vec<String>) -> Result<(), Error> {
    for place in 0..2 {
        let key: Option<AccessKey> = match ids.get(place) {
            Some(id) => snapshot.record(&keys::access_key(id))?,
            None => None,
        };
        let used: Option<AccessKeyUsed> = match ids.get(place) {
            Some(id) => snapshot.record(&keys::access_key_used(id))?,
            None => None,
        };
        columns.push(key.as_ref().is_some_and(|key| key.active).to_string());
        columns.push(key.map_or_else(not_available, |key| date(key.created_ms)));
        match used {
            Some(used) => columns.extend([date(used.used_ms), used.region, used.service]),
            None => columns.extend([not_available(), not_available(), not_available()]),
        }
    }
    Ok(())
}

/// Two columns for each of two certificates.
fn certificates(
    snapshot: &mut Snapshot,
    account: &str,
    owner: &str,
    columns: &mut Vec<String>,
) -> Result<(), Error> {
    let mut all: Vec<SigningCertificate> = belongings::all(snapshot, account, "signing", owner)?;
    all.sort_by_key(|found| found.uploaded_ms);
    for place in 0..2 {
        let found = all.get(place);
        columns.push(found.is_some_and(|found| found.active).to_string());
        columns.push(found.map_or_else(not_available, |found| date(found.uploaded_ms)));
    }
    Ok(())
}

fn not_available() -> String {
    "N/A".to_owned()
}

/// `2015-01-25T08:00:00+00:00`
fn date(ms: i64) -> String {
    let whole = Timestamp::from_secs(Timestamp::from_millis(ms).secs()).to_string();
    format!("{}+00:00", whole.trim_end_matches('Z'))
}

/// Names may hold commas (RFC 4180).
fn quoted(text: &str) -> String {
    if text.contains([',', '"']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_whole_lines() {
        assert_eq!(pieces("a\nb"), ["a\nb"]);
        let text = "0123456789\n".repeat(PIECE_BYTES / 5);
        let cut = pieces(&text);
        assert!(
            cut.len() == 3 && cut.iter().all(|piece| piece.len() <= PIECE_BYTES && piece.ends_with('\n'))
        );
        assert_eq!(cut.concat(), text);
    }

    #[test]
    fn texts() {
        assert_eq!(date(1_422_172_800_123), "2015-01-25T08:00:00+00:00");
        assert_eq!((quoted("a@b"), quoted("a,b")), ("a@b".to_owned(), "\"a,b\"".to_owned()));
    }
}
