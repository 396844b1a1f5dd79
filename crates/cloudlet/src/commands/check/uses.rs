//! Who uses which file: what the store counts beside what can be counted.

use std::collections::HashMap;

use anyhow::Result;
use blob::BlobId;
use s3::{Files, Found};

use super::files::Report;

/// Files whose users are counted in one pass: some 50 MB. Of more, each pass counts a part.
const FILES_PER_PASS: u64 = 1 << 20;
/// Rows read at once.
const PAGE: usize = 1_000;

/// Counts the users of every file, and notes which objects what is wrong already is of.
pub fn check(files: &Files, report: &mut Report) -> Result<()> {
    let passes = report.files.div_ceil(FILES_PER_PASS).max(1);
    let wrong: HashMap<BlobId, usize> =
        report.faults.iter().enumerate().filter_map(|(number, fault)| Some((fault.file?, number))).collect();
    for pass in 0..passes {
        count(files, (pass, passes), &wrong, report)?;
    }
    Ok(())
}

fn count(
    files: &Files,
    (pass, passes): (u64, u64),
    wrong: &HashMap<BlobId, usize>,
    report: &mut Report,
) -> Result<()> {
    // What the store counts, less what is found.
    let mut left: HashMap<BlobId, i64> = HashMap::new();
    let is_ours = |id: &BlobId| {
        let [.., a, b, c, d] = *id.bytes();
        u64::from(u32::from_be_bytes([a, b, c, d])) % passes == pass
    };
    let mut after = None;
    loop {
        let page = files.in_use(after.as_deref(), PAGE)?;
        left.extend(page.iter().filter(|file| is_ours(&file.id)).map(|file| (file.id, i64::from(file.uses))));
        let Some(last) = page.last() else { break };
        after = Some(last.position.clone());
    }
    files.users(|user| match user.bytes {
        Found::InStore => {}
        Found::Missing if pass == 0 => {
            report.fault(None, "bytes are missing in the store", Some((user.bucket, user.key)));
        }
        Found::Missing => {}
        Found::File(id) if !is_ours(&id) => {}
        Found::File(id) => {
            if let Some(number) = wrong.get(&id) {
                report.faults[*number].concerns(user.bucket, user.key);
            }
            match left.get_mut(&id) {
                Some(left) => *left -= 1,
                None => report.fault(
                    Some(id),
                    "a file is used of which the store has no row",
                    Some((user.bucket, user.key)),
                ),
            }
        }
    })?;
    for (id, left) in left.into_iter().filter(|(_, left)| *left != 0) {
        report.fault(Some(id), format!("the store counts {left:+} users more than a file has"), None);
    }
    Ok(())
}
