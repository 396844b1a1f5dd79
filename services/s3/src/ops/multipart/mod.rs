//! Objects in parts.

mod abort;
mod complete;
mod create;
mod list_parts;
mod list_uploads;
mod plan;
mod upload_part;
mod upload_part_copy;

use model_s3::Error;
use wire::Detailed;

use crate::error::no_part_number;
use crate::limits::PARTS_MAX;
use crate::records::Upload;

/// The number of a part.
fn part_number(asked: i32) -> Result<u32, Error> {
    match u32::try_from(asked) {
        Ok(number) if (1..=PARTS_MAX).contains(&number) => Ok(number),
        _ => Err(no_part_number(&asked.to_string()).into()),
    }
}

/// What parts have to be checked by: the algorithm that the upload was begun with, in the words of error messages.
fn spoken(upload: &Upload) -> String {
    upload.checksum_algorithm.as_deref().map_or_else(|| "null".to_owned(), str::to_lowercase)
}

fn no_conditions(name: &'static str) -> Detailed {
    crate::error::not_implemented(name)
}
