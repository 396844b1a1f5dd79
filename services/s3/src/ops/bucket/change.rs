//! Changing a bucket and its sub-resources.

use model_s3::Error;
use store::Tx;
use wire::Structure;

use crate::bucket::{self, Bucket};
use crate::error::{Failure, internal};
use crate::records;
use crate::s3::S3;

impl S3 {
    /// Changes a bucket's record. `change` may run several times.
    pub(crate) async fn change<T>(
        &self,
        bucket: &Bucket,
        change: impl Fn(&mut records::Bucket, &mut Tx) -> Result<T, Failure>,
    ) -> Result<T, Error> {
        self.transact(|tx| Self::change_bucket(tx, bucket, &change)).await
    }

    /// Puts a sub-resource of which there is one.
    pub(crate) async fn put_configuration(
        &self,
        bucket: &Bucket,
        kind: &str,
        value: &dyn Structure,
    ) -> Result<(), Error> {
        let document = document(value)?;
        self.change(bucket, |record, tx| {
            bucket::put_document(tx, bucket, record, (kind, ""), document.clone())
        })
        .await
    }

    /// Removes a sub-resource of which there is one; it need not be there.
    pub(crate) async fn delete_configuration(&self, bucket: &Bucket, kind: &str) -> Result<(), Error> {
        self.change(bucket, |record, tx| {
            bucket::delete_document(tx, bucket, record, kind);
            Ok(())
        })
        .await
    }
}

/// A sub-resource as it is stored.
pub fn document(value: &dyn Structure) -> Result<String, Error> {
    let bytes = wire::xml_document(value.schema().name, value);
    String::from_utf8(bytes.to_vec()).map_err(internal)
}
