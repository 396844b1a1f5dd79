//! Errors of access points and their texts: codes and statuses are those of the API reference ("Error responses").

use model_s3control::Error;
use wire::{CommonError, Detailed};

service::failure!(Error, of_store);

impl From<Detailed> for Failure {
    fn from(error: Detailed) -> Self {
        Self::Api(Box::new(error.into()))
    }
}

fn of_store(error: store::Error) -> Error {
    match error {
        store::Error::Contention => crate::error::operation_aborted().into(),
        error => error.into(),
    }
}

/// What S3 itself answers, as S3 Control's answer: what both know alike.
pub fn of_s3(error: model_s3::Error) -> Error {
    match error {
        model_s3::Error::Common(error) => Error::Common(error),
        other => {
            tracing::error!(?other, "an error of S3 that S3 Control does not have");
            Error::Common(CommonError::InternalFailure)
        }
    }
}

/// There is no such access point.
pub fn no_such_access_point(name: &str) -> Detailed {
    Detailed::new("NoSuchAccessPoint", 404, "The specified accesspoint does not exist")
        .with("AccessPointName", name)
}

/// It has no policy.
pub fn no_such_policy(name: &str) -> Detailed {
    Detailed::new("NoSuchAccessPointPolicy", 404, "The specified accesspoint policy does not exist")
        .with("AccessPointName", name)
}

/// No access point can be called so.
pub fn invalid_access_point() -> Detailed {
    Detailed::new("InvalidAccessPoint", 400, "The specified access point name or account is not valid.")
}

/// The caller has one of that name.
pub fn already_owned() -> Detailed {
    let text = "Your previous request to create the named accesspoint succeeded and you already own it.";
    Detailed::new("AccessPointAlreadyOwnedByYou", 409, text)
}

/// There are as many as there may be.
pub fn too_many() -> Detailed {
    let text = "You have attempted to create more access points than are allowed for an account.";
    Detailed::new("TooManyAccessPoints", 400, text)
}

/// The operation is not one that access points take.
pub fn not_for_access_points() -> Detailed {
    Detailed::new("MethodNotAllowed", 405, "The specified method is not allowed against this resource.")
        .with("ResourceType", "ACCESSPOINT")
}

/// A bucket that an access point leads to stays.
pub fn has_access_points(bucket: &str) -> Detailed {
    let text = "Bucket has access points attached and cannot be deleted.";
    Detailed::new("BucketHasAccessPointsAttached", 400, text).with("BucketName", bucket)
}
