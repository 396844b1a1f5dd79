//! Which resources an operation touches.

use kernel::{Arn, Call};
use model_ssm::Error;
use model_ssm::types::*;
use service::{Resource, Target};
use wire::Open;

use crate::error::invalid_resource_id;
use crate::name::{self, Reference};
use crate::public;
use crate::records::Parameter;
use crate::ssm::Ssm;

/// A parameter that was looked up.
#[derive(Debug)]
pub struct Named {
    /// The name or ARN as the request gave it.
    pub given: String,
    pub reference: Reference,
    pub found: Found,
}

/// What was found.
#[derive(Debug)]
pub enum Found {
    Nothing,
    Own(Box<Parameter>),
    Public(public::Parameter),
}

impl Named {
    fn look_up(ssm: &Ssm, call: &Call, given: &str, reference: Reference) -> Result<Self, Error> {
        let found = if reference.is_public() {
            public::find(&reference.region, &reference.name).map_or(Found::Nothing, Found::Public)
        } else {
            let found = ssm.find(reference.place(), &reference.name, call.now)?;
            found.map_or(Found::Nothing, |parameter| Found::Own(Box::new(parameter)))
        };
        Ok(Self { given: given.to_owned(), reference, found })
    }

    /// As policies see it: with its tags and its own policy.
    fn target(&self) -> Target {
        match &self.found {
            Found::Own(parameter) => tagged(self.reference.arn(), parameter),
            Found::Nothing | Found::Public(_) => Target::new(self.reference.arn()),
        }
    }
}

fn tagged(arn: Arn, parameter: &Parameter) -> Target {
    let mut target =
        Target::new(arn).with_tags(parameter.tags.iter().map(|(key, value)| (key.as_str(), value.as_str())));
    for (key, value) in &parameter.tags {
        target = target.with_key(format!("ssm:resourceTag/{key}"), value.clone());
    }
    match &parameter.resource_policy {
        Some(policy) => target.with_policy(policy.document.as_str()),
        None => target,
    }
}

/// `true` and `false` as the service's own condition keys write them: they are texts.
fn text(flag: bool) -> &'static str {
    if flag { "true" } else { "false" }
}

/// A parameter that need not exist yet. Who gives it tags must be allowed to do that too.
pub fn put(_: &Ssm, call: &Call, input: &PutParameterInput) -> Result<Resource<Reference>, Error> {
    let reference = name::new(call, &input.name)?;
    let tags = input.tags.as_deref().unwrap_or_default();
    let with_request_tags = |target: Target| {
        target.with_request_tags(tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str())))
    };
    let target = with_request_tags(Target::new(reference.arn()))
        .with_key("ssm:Overwrite", text(input.overwrite == Some(true)))
        .with_key("ssm:Policies", text(input.policies.is_some()));
    let mut resource = Resource::new(target, ());
    if !tags.is_empty() {
        resource = resource
            .and(with_request_tags(Target::new(reference.arn())).for_actions(["ssm:AddTagsToResource"]));
    }
    Ok(resource.map(|()| reference))
}

/// A parameter, by name or ARN, with a selector or without.
pub fn get(ssm: &Ssm, call: &Call, input: &GetParameterInput) -> Result<Resource<Named>, Error> {
    one(ssm, call, &input.name, Reference::parse(call, &input.name)?)
}

/// A parameter, by name or ARN.
pub fn history(ssm: &Ssm, call: &Call, input: &GetParameterHistoryInput) -> Result<Resource<Named>, Error> {
    one(ssm, call, &input.name, Reference::parse(call, &input.name)?)
}

/// One of the caller's own parameters, by name.
pub fn delete(ssm: &Ssm, call: &Call, input: &DeleteParameterInput) -> Result<Resource<Named>, Error> {
    one(ssm, call, &input.name, Reference::own(call, &input.name)?)
}

pub fn label(ssm: &Ssm, call: &Call, input: &LabelParameterVersionInput) -> Result<Resource<Named>, Error> {
    one(ssm, call, &input.name, Reference::own(call, &input.name)?)
}

pub fn unlabel(
    ssm: &Ssm,
    call: &Call,
    input: &UnlabelParameterVersionInput,
) -> Result<Resource<Named>, Error> {
    one(ssm, call, &input.name, Reference::own(call, &input.name)?)
}

fn one(ssm: &Ssm, call: &Call, given: &str, reference: Reference) -> Result<Resource<Named>, Error> {
    let named = Named::look_up(ssm, call, given, reference)?;
    Ok(Resource::new(named.target(), named))
}

/// Several parameters: the caller must be allowed to get each.
pub fn get_all(ssm: &Ssm, call: &Call, input: &GetParametersInput) -> Result<Resource<Vec<Named>>, Error> {
    all(ssm, call, &input.names, Reference::parse)
}

/// Several of the caller's own parameters.
pub fn delete_all(
    ssm: &Ssm,
    call: &Call,
    input: &DeleteParametersInput,
) -> Result<Resource<Vec<Named>>, Error> {
    all(ssm, call, &input.names, Reference::own)
}

fn all(
    ssm: &Ssm,
    call: &Call,
    names: &[String],
    parse: impl Fn(&Call, &str) -> Result<Reference, Error>,
) -> Result<Resource<Vec<Named>>, Error> {
    let mut all: Vec<Named> = Vec::new();
    for name in names {
        // Names that are said twice count once.
        if !all.iter().any(|named| named.given == *name) {
            all.push(Named::look_up(ssm, call, name, parse(call, name)?)?);
        }
    }
    let mut targets = all.iter().map(Named::target);
    let first = targets.next().ok_or_else(|| crate::error::invalid("At least one name must be given."))?;
    let resource = targets.fold(Resource::new(first, ()), Resource::and);
    Ok(resource.map(|()| all))
}

/// A path: whoever may get it gets all that is below.
pub fn path(_: &Ssm, call: &Call, input: &GetParametersByPathInput) -> Result<Resource<String>, Error> {
    let path = name::path(&input.path)?;
    let is_public = path == "aws" || path.starts_with("aws/");
    let account = if is_public { "" } else { &call.account };
    let target = Target::new(name::arn(account, &call.region, path))
        .with_key("ssm:Recursive", text(input.recursive == Some(true)));
    Ok(Resource::new(target, path.to_owned()))
}

/// All parameters.
pub fn any(_: &Ssm, call: &Call, _: &DescribeParametersInput) -> Result<Resource<()>, Error> {
    Ok(Resource::new(call.arn("*"), ()))
}

/// What tags are put on: one of the caller's own parameters. Nothing else that could have tags exists here.
pub struct Tagged {
    pub reference: Reference,
    pub parameter: Option<Parameter>,
}

pub fn add_tags(ssm: &Ssm, call: &Call, input: &AddTagsToResourceInput) -> Result<Resource<Tagged>, Error> {
    tags_of(ssm, call, &input.resource_type, &input.resource_id, |target| {
        target.with_request_tags(input.tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str())))
    })
}

pub fn remove_tags(
    ssm: &Ssm,
    call: &Call,
    input: &RemoveTagsFromResourceInput,
) -> Result<Resource<Tagged>, Error> {
    tags_of(ssm, call, &input.resource_type, &input.resource_id, |target| {
        target.with_tag_keys(input.tag_keys.iter().map(String::as_str))
    })
}

pub fn list_tags(
    ssm: &Ssm,
    call: &Call,
    input: &ListTagsForResourceInput,
) -> Result<Resource<Tagged>, Error> {
    tags_of(ssm, call, &input.resource_type, &input.resource_id, |target| target)
}

fn tags_of(
    ssm: &Ssm,
    call: &Call,
    kind: &Open<ResourceTypeForTagging>,
    id: &str,
    with: impl FnOnce(Target) -> Target,
) -> Result<Resource<Tagged>, Error> {
    use ResourceTypeForTagging as Type;
    let prefix = match kind.known() {
        Some(Type::Parameter) | None => {
            let reference = Reference::own(call, id).map_err(|_| invalid_resource_id())?;
            let Named { reference, found, .. } = Named::look_up(ssm, call, id, reference)?;
            let parameter = match found {
                Found::Own(parameter) => Some(*parameter),
                Found::Nothing | Found::Public(_) => None,
            };
            let target = match &parameter {
                Some(parameter) => tagged(reference.arn(), parameter),
                None => Target::new(reference.arn()),
            };
            return Ok(Resource::new(with(target), Tagged { reference, parameter }));
        }
        Some(Type::Document) => "document",
        Some(Type::ManagedInstance) => "managed-instance",
        Some(Type::MaintenanceWindow) => "maintenancewindow",
        Some(Type::PatchBaseline) => "patchbaseline",
        Some(Type::OpsItem) => "opsitem",
        Some(Type::OpsMetadata) => "opsmetadata",
        Some(Type::Automation) => "automation-execution",
        Some(Type::Association) => "association",
        Some(Type::CloudConnector) => "cloud-connector",
    };
    // None of these exists; the policies are asked all the same, so that the answer is news to nobody.
    let id = name::normal(id);
    let reference = Reference {
        account: call.account.clone(),
        region: call.region.clone(),
        name: id.to_owned(),
        selector: None,
    };
    let target = with(Target::new(call.arn(&format!("{prefix}/{id}"))));
    Ok(Resource::new(target, Tagged { reference, parameter: None }))
}

/// What a resource policy is for: a parameter, if the ARN is that of one.
pub struct Shared {
    pub reference: Option<Reference>,
    pub parameter: Option<Parameter>,
}

pub fn put_policy(ssm: &Ssm, call: &Call, input: &PutResourcePolicyInput) -> Result<Resource<Shared>, Error> {
    shared(ssm, call, &input.resource_arn)
}

pub fn get_policies(
    ssm: &Ssm,
    call: &Call,
    input: &GetResourcePoliciesInput,
) -> Result<Resource<Shared>, Error> {
    shared(ssm, call, &input.resource_arn)
}

pub fn delete_policy(
    ssm: &Ssm,
    call: &Call,
    input: &DeleteResourcePolicyInput,
) -> Result<Resource<Shared>, Error> {
    shared(ssm, call, &input.resource_arn)
}

fn shared(ssm: &Ssm, call: &Call, arn: &str) -> Result<Resource<Shared>, Error> {
    let parsed: Arn = arn.parse().map_err(|_| {
        Error::from(ResourcePolicyInvalidParameterException {
            parameter_names: Some(vec!["ResourceArn".to_owned()]),
            message: Some("The resource ARN is not valid.".to_owned()),
        })
    })?;
    let reference =
        Reference::parse(call, arn).ok().filter(|named| named.selector.is_none() && !named.is_public());
    let Some(reference) = reference else {
        return Ok(Resource::new(parsed, Shared { reference: None, parameter: None }));
    };
    let parameter = ssm.find(reference.place(), &reference.name, call.now)?;
    let target = match &parameter {
        Some(parameter) => tagged(reference.arn(), parameter),
        None => Target::new(reference.arn()),
    };
    Ok(Resource::new(target, Shared { reference: Some(reference), parameter }))
}
