//! ListBuckets.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kernel::{Call, Timestamp};
use model_s3::Error;
use model_s3::types::*;
use service::Allowed;
use store::{KeyRange, KeyReader, KeyWriter, RangeOptions, Record as _, prefix_end};

use crate::acl_input;
use crate::bucket::bucket_arn;
use crate::error::{corrupt, internal, invalid_argument};
use crate::keys::{Place, SERVICE, text_after};
use crate::limits::{BUCKETS_MAX, BUCKETS_SCAN_PAGE};
use crate::records;
use crate::region;
use crate::s3::S3;

impl S3 {
    pub async fn list_buckets(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: ListBucketsInput,
    ) -> Result<ListBucketsOutput, Error> {
        let max = match input.max_buckets {
            None => BUCKETS_MAX,
            Some(n) => {
                usize::try_from(n).ok().filter(|n| (1..=BUCKETS_MAX).contains(n)).ok_or_else(|| {
                    let text = "Argument max-buckets must be an integer between 1 and 10000";
                    Error::from(invalid_argument(text, "max-buckets", &n.to_string()))
                })?
            }
        };
        if let Some(region) = input.bucket_region.as_deref().filter(|region| !region::is_known(region)) {
            let text = format!("Argument value {region} is not a valid AWS Region");
            return Err(wire::Detailed::new("InvalidArgument", 400, text)
                .with("ArgumentName", "bucket-region")
                .into());
        }
        let after = match input.continuation_token.as_deref().filter(|token| !token.is_empty()) {
            None => String::new(),
            Some(token) => {
                let text = "The continuation token provided is incorrect";
                name_of(token).ok_or_else(|| invalid_argument(text, "continuation-token", token))?
            }
        };
        let prefix = input.prefix.as_deref().unwrap_or_default();
        let mut found = self.bucket_names(&call.account, prefix, &after, usize::MAX)?;
        if let Some(region) = &input.bucket_region {
            found.retain(|(_, place)| place.region == *region);
        }
        let more = found.len() > max;
        found.truncate(max);
        let token = found.last().filter(|_| more).map(|(name, _)| URL_SAFE_NO_PAD.encode(name));
        let mut buckets = Vec::with_capacity(found.len());
        let snapshot = self.store.snapshot();
        for (name, place) in found {
            let Some(row) = snapshot.get(&place.bucket(&name))? else { continue };
            let record = records::Bucket::decode(&row)?;
            buckets.push(Bucket {
                creation_date: Some(Timestamp::from_secs(Timestamp::from_millis(record.created_ms).secs())),
                bucket_region: Some(place.region),
                bucket_arn: Some(bucket_arn(&name).to_string()),
                name: Some(name),
            });
        }
        Ok(ListBucketsOutput {
            buckets: Some(buckets),
            owner: Some(acl_input::owner(&self, &call.account)),
            continuation_token: token,
            prefix: input.prefix,
        })
    }

    /// The names of an account's buckets that begin with `prefix` and come after `after`, with where they are, in order; at
    /// most `limit` of each region.
    pub(crate) fn bucket_names(
        &self,
        account: &str,
        prefix: &str,
        after: &str,
        limit: usize,
    ) -> Result<Vec<(String, Place)>, Error> {
        let mut names = Vec::new();
        for place in self.regions_of(account)? {
            let all = place.buckets();
            let mut range = KeyRange::prefix(&all);
            if !prefix.is_empty() {
                range.start = place.bucket(prefix);
            }
            if !after.is_empty() {
                range = range.after(&place.bucket(after));
            }
            let before = names.len();
            'pages: loop {
                // A snapshot lives for seconds only; a page is read at once.
                let page =
                    self.store.snapshot().range(range.clone(), RangeOptions::limit(BUCKETS_SCAN_PAGE))?;
                for (row, _) in &page.entries {
                    let name = text_after(row, &all).map_err(corrupt).map_err(internal)?;
                    if !name.starts_with(prefix) || names.len() - before >= limit {
                        break 'pages;
                    }
                    names.push((name, place.clone()));
                }
                match page.entries.last() {
                    Some((last, _)) if page.more => range = range.after(last),
                    _ => break,
                }
            }
        }
        names.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(names)
    }

    /// The regions in which an account may have buckets: those with any rows of this service. Walks by leaps, two reads for
    /// each region.
    fn regions_of(&self, account: &str) -> Result<Vec<Place>, Error> {
        let mut regions = Vec::new();
        let snapshot = self.store.snapshot();
        let mut range = KeyRange::prefix(KeyWriter::new().str(account).as_slice());
        loop {
            let page = snapshot.range(range.clone(), RangeOptions::limit(1))?;
            let Some((row, _)) = page.entries.first() else { return Ok(regions) };
            let mut reader = KeyReader::new(row);
            let (Ok(_), Ok(region)) = (reader.str(), reader.str()) else {
                range = range.after(row);
                continue;
            };
            let here = KeyWriter::new().str(account).str(&region);
            let ours = KeyWriter::from_prefix(here.as_slice()).str(SERVICE);
            if !snapshot.range(KeyRange::prefix(ours.as_slice()), RangeOptions::limit(1))?.entries.is_empty()
            {
                regions.push(Place { account: account.to_owned(), region: region.into_owned() });
            }
            range.start = prefix_end(here.as_slice());
        }
    }
}

fn name_of(token: &str) -> Option<String> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok().filter(|name| !name.is_empty())
}
