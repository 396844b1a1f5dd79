//! Projections.

use super::{Language, Parser};
use crate::error::Reason;
use crate::tree::Projection;

impl Projection {
    /// Reads a projection: paths between commas.
    pub fn parse(text: &str) -> Result<Projection, Reason> {
        let mut parser = Parser::new(text, Language::Projection)?;
        let mut paths = vec![parser.path()?];
        while parser.take_sign(",") {
            paths.push(parser.path()?);
        }
        parser.expect_end()?;
        match parser.faults.reserved {
            Some(reason) => Err(reason),
            None => Ok(Projection { paths, placeholders: parser.placeholders }),
        }
    }
}
