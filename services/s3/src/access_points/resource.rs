//! Resolvers of S3 Control: an account, an access point that is to be, and one that is there.

use std::sync::Arc;

use kernel::{Arn, Call};
use model_s3control::Error;
use model_s3control::types::*;
use service::{Resource, Target};
use wire::Enum as _;

use crate::access_points::error::{invalid_access_point, no_such_access_point, of_s3};
use crate::access_points::name;
use crate::access_points::point::{Point, origin};
use crate::error::{access_denied, not_implemented};
use crate::keys::Place;
use crate::s3::S3;

type Found = Result<Resource<Arc<Point>>, Error>;

/// An input that names an account, which is the caller's.
pub trait OfAccount {
    fn account(&self) -> &str;
}

/// An input that names an access point of an account.
pub trait OfPoint: OfAccount {
    fn name(&self) -> &str;
}

macro_rules! of_account {
    ($($input:ident),* $(,)?) => {
        $(impl OfAccount for $input {
            fn account(&self) -> &str {
                &self.account_id
            }
        })*
    };
}

macro_rules! of_point {
    ($($input:ident),* $(,)?) => {
        of_account!($($input),*);
        $(impl OfPoint for $input {
            fn name(&self) -> &str {
                &self.name
            }
        })*
    };
}

of_account!(
    DeletePublicAccessBlockInput,
    GetPublicAccessBlockInput,
    ListAccessPointsInput,
    PutPublicAccessBlockInput,
);
of_point!(
    DeleteAccessPointInput,
    DeleteAccessPointPolicyInput,
    GetAccessPointInput,
    GetAccessPointPolicyInput,
    GetAccessPointPolicyStatusInput,
    PutAccessPointPolicyInput,
);

/// Whose things are asked for: nobody sees those of another account.
fn check_account(call: &Call, account: &str) -> Result<(), Error> {
    if account == call.account { Ok(()) } else { Err(access_denied().into()) }
}

/// The account itself.
pub fn account<I: OfAccount>(_: &S3, call: &Call, input: &I) -> Result<Resource<()>, Error> {
    check_account(call, input.account())?;
    let target = Target::new(Arn::aws("s3", "", &call.account, "*"));
    Ok(Resource::new(target.with_key("s3:ResourceAccount", call.account.clone()), ()))
}

/// An access point that is to be.
pub fn new_point(_: &S3, call: &Call, input: &CreateAccessPointInput) -> Result<Resource<Place>, Error> {
    check_account(call, &input.account_id)?;
    if !name::is_valid(&input.name) {
        return Err(invalid_access_point().into());
    }
    let place = Place::of(call);
    let arn = name::arn(&place, &input.name);
    let mut actions = vec!["s3:CreateAccessPoint"];
    if input.public_access_block_configuration.is_some() {
        actions.push("s3:PutAccessPointPublicAccessBlock");
    }
    let tags = input.tags.as_deref().unwrap_or_default();
    if !tags.is_empty() {
        actions.push("s3:TagResource");
    }
    let target = Target::new(arn.clone())
        .with_key("s3:ResourceAccount", place.account.clone())
        .with_key("s3:DataAccessPointArn", arn.to_string())
        .with_key("s3:DataAccessPointAccount", place.account.clone())
        .with_key("s3:AccessPointNetworkOrigin", origin(input.vpc_configuration.is_some()).as_str())
        .with_request_tags(tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str())))
        .for_actions(actions);
    Ok(Resource::new(target, place))
}

/// An access point that is there.
pub fn point<I: OfPoint>(s3: &S3, call: &Call, input: &I) -> Found {
    check_account(call, input.account())?;
    let place = Place::of(call);
    let (target, point) = of_point(s3, call, place, input.name())?;
    Ok(Resource::new(target, point))
}

fn of_point(s3: &S3, call: &Call, place: Place, name: &str) -> Result<(Target, Arc<Point>), Error> {
    check_account(call, &place.account)?;
    let found = s3.find_point(&place, name).map_err(of_s3)?;
    let point = found.ok_or_else(|| no_such_access_point(name))?;
    let tags = || point.record.tags.iter();
    let mut target = point
        .known_to(Target::new(point.arn.clone()))
        .with_key("s3:ResourceAccount", place.account)
        .with_tags(tags().map(|(key, value)| (key.as_str(), value.as_str())));
    for (key, value) in tags() {
        target = target.with_key(format!("s3:AccessPointTag/{key}"), value.clone());
    }
    Ok((target, point))
}

/// The access point whose tags are asked for. Other resources of S3 have theirs by other operations.
fn by_arn(s3: &S3, call: &Call, account: &str, arn: &str) -> Result<(Target, Arc<Point>), Error> {
    check_account(call, account)?;
    match name::of_arn(arn) {
        Some((place, name)) => of_point(s3, call, place, name),
        None => Err(not_implemented("resourceArn").into()),
    }
}

pub fn tagged(s3: &S3, call: &Call, input: &ListTagsForResourceInput) -> Found {
    let (target, point) = by_arn(s3, call, &input.account_id, &input.resource_arn)?;
    Ok(Resource::new(target, point))
}

pub fn to_tag(s3: &S3, call: &Call, input: &TagResourceInput) -> Found {
    let (target, point) = by_arn(s3, call, &input.account_id, &input.resource_arn)?;
    let tags = input.tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str()));
    Ok(Resource::new(target.with_request_tags(tags), point))
}

pub fn to_untag(s3: &S3, call: &Call, input: &UntagResourceInput) -> Found {
    let (target, point) = by_arn(s3, call, &input.account_id, &input.resource_arn)?;
    let keys = input.tag_keys.iter().map(String::as_str);
    Ok(Resource::new(target.with_tag_keys(keys), point))
}
