//! Configurations of which a bucket can have many, each under its id: of inventories, analytics, metrics and intelligent
//! tiering. All four are put, got, listed and deleted alike.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kernel::{Arn, Call};
use model_s3::Error;
use model_s3::types::*;
use service::Allowed;
use store::{KeyRange, RangeOptions, Record as _, Tx};
use wire::{Detailed, Structure};

use crate::bucket::{self, Bucket, kind};
use crate::error::{Failure, corrupt, invalid_argument, malformed_xml};
use crate::keys::text_after;
use crate::limits::{CONFIGURATIONS_MAX, CONFIGURATIONS_PAGE};
use crate::ops::bucket::change::document;
use crate::records;
use crate::s3::S3;

/// Characters of an id.
const ID_MAX: usize = 64;

/// A configuration that has an id.
trait Listed: Structure + Default {
    /// The kind of its rows.
    const KIND: &'static str;
    fn id(&self) -> &str;
    /// What its document may not say.
    fn check(&self) -> Result<(), Detailed>;
    /// That the document's id is not the request's.
    fn mismatch() -> Detailed {
        malformed_xml()
    }
}

/// A page of a list.
struct Page<T> {
    entries: Vec<T>,
    next: Option<String>,
}

impl S3 {
    async fn put_listed<T: Listed>(&self, bucket: &Bucket, id: &str, value: &T) -> Result<(), Error> {
        if value.id() != id {
            return Err(T::mismatch().into());
        }
        let clean = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if id.is_empty() || id.len() > ID_MAX || !id.chars().all(clean) {
            let text = "The specified configuration ID is invalid.";
            return Err(Detailed::new("InvalidConfigurationId", 400, text).into());
        }
        value.check()?;
        let document = document(value)?;
        self.change(bucket, |record, tx| {
            let row = bucket.inside().configuration(T::KIND, id);
            if tx.get(&row)?.is_none() && count(tx, bucket, T::KIND)? >= CONFIGURATIONS_MAX {
                let text = "You are attempting to create a new configuration but have already reached the \
                            1,000-configuration limit.";
                return Err(Detailed::new("TooManyConfigurations", 400, text).into());
            }
            bucket::put_document(tx, bucket, record, (T::KIND, id), document.clone())
        })
        .await
    }

    fn get_listed<T: Listed>(&self, bucket: &Bucket, id: &str) -> Result<T, Error> {
        let document = if bucket.has(T::KIND) { bucket.document(self, T::KIND, id)? } else { None };
        Ok(read(&document.ok_or_else(no_such_configuration)?)?)
    }

    async fn delete_listed<T: Listed>(&self, bucket: &Bucket, id: &str) -> Result<(), Error> {
        self.change(bucket, |record, tx| {
            let row = bucket.inside().configuration(T::KIND, id);
            if tx.get(&row)?.is_none() {
                return Err(no_such_configuration().into());
            }
            tx.delete(row);
            let all = KeyRange::prefix(bucket.inside().configurations(T::KIND));
            if tx.range(all, RangeOptions::limit(1))?.entries.is_empty() {
                record.configured.retain(|found| found != T::KIND);
            }
            Ok(())
        })
        .await
    }

    fn page_of<T: Listed>(&self, bucket: &Bucket, token: Option<&str>) -> Result<Page<T>, Error> {
        if !bucket.has(T::KIND) {
            return Ok(Page { entries: Vec::new(), next: None });
        }
        let prefix = bucket.inside().configurations(T::KIND);
        let mut range = KeyRange::prefix(&prefix);
        if let Some(token) = token.filter(|token| !token.is_empty()) {
            let text = "The continuation token provided is incorrect";
            let after = id_of(token).ok_or_else(|| invalid_argument(text, "continuation-token", token))?;
            range = range.after(&bucket.inside().configuration(T::KIND, &after));
        }
        let page = self.store.snapshot().range(range, RangeOptions::limit(CONFIGURATIONS_PAGE))?;
        let next = match page.entries.last() {
            Some((last, _)) if page.more => {
                Some(URL_SAFE_NO_PAD.encode(text_after(last, &prefix).map_err(Failure::from)?))
            }
            _ => None,
        };
        let entries = page.entries.iter().map(|(_, value)| {
            read(&records::Configuration::decode(value).map_err(Failure::from)?.document).map_err(Error::from)
        });
        Ok(Page { entries: entries.collect::<Result<_, _>>()?, next })
    }
}

/// How many configurations of a kind a bucket has, which is never more than it may have.
fn count(tx: &mut Tx, bucket: &Bucket, kind: &str) -> Result<usize, store::Error> {
    let mut range = KeyRange::prefix(bucket.inside().configurations(kind));
    let mut count = 0;
    loop {
        // A page may end sooner, for it is also limited in bytes.
        let page = tx.range(range.clone(), RangeOptions::limit(CONFIGURATIONS_MAX))?;
        count += page.entries.len();
        match page.entries.last() {
            Some((last, _)) if page.more && count < CONFIGURATIONS_MAX => range = range.after(last),
            _ => return Ok(count),
        }
    }
}

fn read<T: Listed>(document: &str) -> Result<T, Failure> {
    let mut value = T::default();
    wire::read_xml_document(document.as_bytes(), &mut value).map_err(corrupt)?;
    Ok(value)
}

fn id_of(token: &str) -> Option<String> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()
}

fn no_such_configuration() -> Detailed {
    Detailed::new("NoSuchConfiguration", 404, "The specified configuration does not exist.")
}

/// Where reports go.
fn check_destination(bucket: &str) -> Result<(), Detailed> {
    match bucket.parse::<Arn>() {
        Ok(arn) if arn.service() == "s3" => Ok(()),
        _ => Err(Detailed::new("InvalidS3DestinationBucket", 400, "Invalid bucket ARN.")),
    }
}

/// A filter says one thing; several are under `And`.
fn at_most_one(parts: &[bool]) -> Result<(), Detailed> {
    if parts.iter().filter(|there| **there).count() > 1 { Err(malformed_xml()) } else { Ok(()) }
}

impl Listed for InventoryConfiguration {
    const KIND: &'static str = kind::INVENTORY;

    fn id(&self) -> &str {
        &self.id
    }

    fn check(&self) -> Result<(), Detailed> {
        check_destination(&self.destination.s3_bucket_destination.bucket)
    }

    fn mismatch() -> Detailed {
        Detailed::new("IdMismatch", 400, "Document ID does not match the specified configuration ID.")
    }
}

impl Listed for AnalyticsConfiguration {
    const KIND: &'static str = kind::ANALYTICS;

    fn id(&self) -> &str {
        &self.id
    }

    fn check(&self) -> Result<(), Detailed> {
        if let Some(filter) = &self.filter {
            at_most_one(&[filter.prefix.is_some(), filter.tag.is_some(), filter.and.is_some()])?;
        }
        match &self.storage_class_analysis.data_export {
            Some(export) => check_destination(&export.destination.s3_bucket_destination.bucket),
            None => Ok(()),
        }
    }
}

impl Listed for MetricsConfiguration {
    const KIND: &'static str = kind::METRICS;

    fn id(&self) -> &str {
        &self.id
    }

    fn check(&self) -> Result<(), Detailed> {
        let Some(filter) = &self.filter else { return Ok(()) };
        let access_point = filter.access_point_arn.is_some();
        at_most_one(&[filter.prefix.is_some(), filter.tag.is_some(), access_point, filter.and.is_some()])
    }
}

impl Listed for IntelligentTieringConfiguration {
    const KIND: &'static str = kind::INTELLIGENT_TIERING;

    fn id(&self) -> &str {
        &self.id
    }

    fn check(&self) -> Result<(), Detailed> {
        if let Some(filter) = &self.filter {
            at_most_one(&[filter.prefix.is_some(), filter.tag.is_some(), filter.and.is_some()])?;
        }
        let mut tiers = std::collections::HashSet::new();
        for tiering in self.tierings.iter() {
            let least = match tiering.access_tier.known() {
                Some(IntelligentTieringAccessTier::ArchiveAccess) => 90,
                Some(IntelligentTieringAccessTier::DeepArchiveAccess) => 180,
                None => return Err(malformed_xml()),
            };
            if !(least..=730).contains(&*tiering.days) || !tiers.insert(tiering.access_tier.as_str()) {
                let text =
                    format!("'Days' for {} must be between {least} and 730", tiering.access_tier.as_str());
                return Err(invalid_argument(text, "Days", &tiering.days.to_string()));
            }
        }
        if tiers.is_empty() { Err(malformed_xml()) } else { Ok(()) }
    }
}

/// The four operations on one kind of configuration.
macro_rules! operations {
    ($type:ident, $field:ident, $list:ident:
        $put:ident($put_input:ident, $put_output:ident),
        $get:ident($get_input:ident, $get_output:ident),
        $delete:ident($delete_input:ident, $delete_output:ident),
        $page:ident($page_input:ident, $page_output:ident)
    ) => {
        impl S3 {
            pub async fn $put(
                self: Arc<Self>,
                _: Arc<Call>,
                bucket: Allowed<Arc<Bucket>>,
                input: $put_input,
            ) -> Result<$put_output, Error> {
                self.put_listed::<$type>(&bucket, &input.id, &input.$field).await?;
                Ok($put_output {})
            }

            pub async fn $get(
                self: Arc<Self>,
                _: Arc<Call>,
                bucket: Allowed<Arc<Bucket>>,
                input: $get_input,
            ) -> Result<$get_output, Error> {
                Ok($get_output { $field: Some(self.get_listed::<$type>(&bucket, &input.id)?) })
            }

            pub async fn $delete(
                self: Arc<Self>,
                _: Arc<Call>,
                bucket: Allowed<Arc<Bucket>>,
                input: $delete_input,
            ) -> Result<$delete_output, Error> {
                self.delete_listed::<$type>(&bucket, &input.id).await?;
                Ok($delete_output {})
            }

            pub async fn $page(
                self: Arc<Self>,
                _: Arc<Call>,
                bucket: Allowed<Arc<Bucket>>,
                input: $page_input,
            ) -> Result<$page_output, Error> {
                let page = self.page_of::<$type>(&bucket, input.continuation_token.as_deref())?;
                Ok($page_output {
                    is_truncated: Some(page.next.is_some()),
                    continuation_token: input.continuation_token,
                    next_continuation_token: page.next,
                    $list: (!page.entries.is_empty()).then_some(page.entries),
                })
            }
        }
    };
}

operations!(InventoryConfiguration, inventory_configuration, inventory_configuration_list:
    put_bucket_inventory_configuration(
        PutBucketInventoryConfigurationInput, PutBucketInventoryConfigurationOutput),
    get_bucket_inventory_configuration(
        GetBucketInventoryConfigurationInput, GetBucketInventoryConfigurationOutput),
    delete_bucket_inventory_configuration(
        DeleteBucketInventoryConfigurationInput, DeleteBucketInventoryConfigurationOutput),
    list_bucket_inventory_configurations(
        ListBucketInventoryConfigurationsInput, ListBucketInventoryConfigurationsOutput)
);
operations!(AnalyticsConfiguration, analytics_configuration, analytics_configuration_list:
    put_bucket_analytics_configuration(
        PutBucketAnalyticsConfigurationInput, PutBucketAnalyticsConfigurationOutput),
    get_bucket_analytics_configuration(
        GetBucketAnalyticsConfigurationInput, GetBucketAnalyticsConfigurationOutput),
    delete_bucket_analytics_configuration(
        DeleteBucketAnalyticsConfigurationInput, DeleteBucketAnalyticsConfigurationOutput),
    list_bucket_analytics_configurations(
        ListBucketAnalyticsConfigurationsInput, ListBucketAnalyticsConfigurationsOutput)
);
operations!(MetricsConfiguration, metrics_configuration, metrics_configuration_list:
    put_bucket_metrics_configuration(PutBucketMetricsConfigurationInput, PutBucketMetricsConfigurationOutput),
    get_bucket_metrics_configuration(GetBucketMetricsConfigurationInput, GetBucketMetricsConfigurationOutput),
    delete_bucket_metrics_configuration(
        DeleteBucketMetricsConfigurationInput, DeleteBucketMetricsConfigurationOutput),
    list_bucket_metrics_configurations(
        ListBucketMetricsConfigurationsInput, ListBucketMetricsConfigurationsOutput)
);
operations!(
    IntelligentTieringConfiguration, intelligent_tiering_configuration, intelligent_tiering_configuration_list:
    put_bucket_intelligent_tiering_configuration(
        PutBucketIntelligentTieringConfigurationInput, PutBucketIntelligentTieringConfigurationOutput),
    get_bucket_intelligent_tiering_configuration(
        GetBucketIntelligentTieringConfigurationInput, GetBucketIntelligentTieringConfigurationOutput),
    delete_bucket_intelligent_tiering_configuration(
        DeleteBucketIntelligentTieringConfigurationInput, DeleteBucketIntelligentTieringConfigurationOutput),
    list_bucket_intelligent_tiering_configurations(
        ListBucketIntelligentTieringConfigurationsInput, ListBucketIntelligentTieringConfigurationsOutput)
);
