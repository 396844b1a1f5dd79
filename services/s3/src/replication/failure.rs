//! Why something is not copied.

use wire::{Fault, Protocol, ServiceError as _};

use crate::error::{Failure, status};

/// Why a copy is given up ("Amazon S3 replication failure reasons" has the names).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    AssumeRoleNotPermitted,
    DstBucketNotFound,
    DstBucketObjectLockConfigMissing,
    DstBucketUnversioned,
    DstDelObjNotPermitted,
    DstKmsKeyInvalidState,
    DstKmsKeyNotFound,
    DstPutAclNotPermitted,
    DstPutObjectNotPermitted,
    DstVersionNotFound,
    SrcGetObjectNotPermitted,
    SrcKmsKeyInvalidState,
    SrcKmsKeyNotFound,
    SrcObjectNotEligible,
    Other,
}

impl Reason {
    /// As events say it.
    pub fn name(self) -> &'static str {
        match self {
            Self::AssumeRoleNotPermitted => "AssumeRoleNotPermitted",
            Self::DstBucketNotFound => "DstBucketNotFound",
            Self::DstBucketObjectLockConfigMissing => "DstBucketObjectLockConfigMissing",
            Self::DstBucketUnversioned => "DstBucketUnversioned",
            Self::DstDelObjNotPermitted => "DstDelObjNotPermitted",
            Self::DstKmsKeyInvalidState => "DstKmsKeyInvalidState",
            Self::DstKmsKeyNotFound => "DstKmsKeyNotFound",
            Self::DstPutAclNotPermitted => "DstPutAclNotPermitted",
            Self::DstPutObjectNotPermitted => "DstPutObjectNotPermitted",
            Self::DstVersionNotFound => "DstVersionNotFound",
            Self::SrcGetObjectNotPermitted => "SrcGetObjectNotPermitted",
            Self::SrcKmsKeyInvalidState => "SrcKmsKeyInvalidState",
            Self::SrcKmsKeyNotFound => "SrcKmsKeyNotFound",
            Self::SrcObjectNotEligible => "SrcObjectNotEligible",
            Self::Other => "Other",
        }
    }
}

/// Why an attempt has ended without a copy.
#[derive(Debug)]
pub enum Trouble {
    /// Nobody can want it any more: the version has gone, or its bucket.
    Gone,
    /// It is given up.
    Refused(Reason),
    /// It may go well later.
    Passing(String),
}

impl From<Reason> for Trouble {
    fn from(reason: Reason) -> Self {
        Self::Refused(reason)
    }
}

impl From<store::Error> for Trouble {
    fn from(error: store::Error) -> Self {
        Self::Passing(error.to_string())
    }
}

impl From<blob::Error> for Trouble {
    fn from(error: blob::Error) -> Self {
        Self::Passing(error.to_string())
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Store(error) => error.into(),
            Failure::Api(error) => of_api(&error, Reason::Other),
        }
    }
}

/// What an error of an operation means: what is broken here passes; all else is `reason`.
pub fn of_api(error: &model_s3::Error, reason: Reason) -> Trouble {
    let fault = error.fault();
    if passes(fault) {
        return Trouble::Passing(fault.message(Protocol::RestXml).into_owned());
    }
    let refused = match fault.code(Protocol::RestXml) {
        "KMS.NotFoundException" if reason == Reason::SrcGetObjectNotPermitted => Reason::SrcKmsKeyNotFound,
        "KMS.NotFoundException" if reason == Reason::DstPutObjectNotPermitted => Reason::DstKmsKeyNotFound,
        code if code.starts_with("KMS.") && reason == Reason::SrcGetObjectNotPermitted => {
            Reason::SrcKmsKeyInvalidState
        }
        code if code.starts_with("KMS.") && reason == Reason::DstPutObjectNotPermitted => {
            Reason::DstKmsKeyInvalidState
        }
        _ => reason,
    };
    Trouble::Refused(refused)
}

/// Whether an error is of something that is broken here, or too busy.
pub fn passes(fault: Fault<'_>) -> bool {
    const NOT_IMPLEMENTED: u16 = 501;
    let status = status(fault);
    status >= 500 && status != NOT_IMPLEMENTED
}
