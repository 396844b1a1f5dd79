//! ListAccessPoints.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use kernel::Call;
use model_s3control::Error;
use model_s3control::types::*;
use service::Allowed;
use store::{KeyRange, RangeOptions, Record as _};

use crate::access_points::error::of_s3;
use crate::access_points::name;
use crate::access_points::point::origin;
use crate::error::{corrupt, invalid_argument, no_such_bucket};
use crate::keys::{Place, text_after};
use crate::limits::PAGE_MAX;
use crate::records::AccessPoint as Record;
use crate::s3::S3;

impl S3 {
    /// Those of the account in the region, or of these those of one bucket, in the order of their names.
    pub async fn list_access_points(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: ListAccessPointsInput,
    ) -> Result<ListAccessPointsOutput, Error> {
        let place = Place::of(&call);
        // Nothing of what else has access points is kept here.
        if input.data_source_id.is_some() || input.data_source_type.is_some() {
            return Ok(ListAccessPointsOutput { access_point_list: Some(Vec::new()), next_token: None });
        }
        let bucket = match &input.bucket {
            Some(name) => {
                let found = self.find_bucket(name).map_err(of_s3)?;
                Some(found.ok_or_else(|| no_such_bucket(name))?)
            }
            None => None,
        };
        let row = |name: &str| match &bucket {
            Some(bucket) => bucket.inside().point(&place.account, name),
            None => place.point(name),
        };
        let base: Bytes = match &bucket {
            Some(bucket) => bucket.inside().points_of(&place.account),
            None => place.points(),
        };
        let mut range = KeyRange::prefix(&base);
        if let Some(token) = &input.next_token {
            let after =
                name_of(token).ok_or_else(|| invalid_argument("Invalid token", "nextToken", token))?;
            range = range.after(&row(&after));
        }
        let max = input.max_results.and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
        let max = max.unwrap_or(PAGE_MAX).min(PAGE_MAX);
        let snapshot = self.store.snapshot();
        let page = snapshot.range(range, RangeOptions::limit(max))?;
        let mut names = Vec::with_capacity(page.entries.len());
        for (row, _) in &page.entries {
            names.push(text_after(row, &base).map_err(corrupt)?);
        }
        let next_token = names.last().filter(|_| page.more).map(|name| URL_SAFE_NO_PAD.encode(name));
        let mut list = Vec::with_capacity(names.len());
        for name in names {
            let Some(row) = snapshot.get(&place.point(&name))? else { continue };
            list.push(shown(&place, name, Record::decode(&row)?));
        }
        Ok(ListAccessPointsOutput { access_point_list: Some(list), next_token })
    }
}

fn shown(place: &Place, name: String, record: Record) -> AccessPoint {
    AccessPoint {
        network_origin: Some(origin(record.vpc.is_some()).into()),
        vpc_configuration: record.vpc.map(|id| VpcConfiguration { vpc_id: id.into() }),
        bucket: Some(record.bucket),
        access_point_arn: Some(name::arn(place, &name).to_string()),
        alias: Some(record.alias),
        bucket_account_id: Some(record.bucket_owner),
        name: Some(name),
        ..Default::default()
    }
}

fn name_of(token: &str) -> Option<String> {
    let name = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    name::is_valid(&name).then_some(name)
}
