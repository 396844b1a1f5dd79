//! What a put makes of a parameter: the request, and what the versions before have left.

use std::collections::BTreeMap;

use kernel::{Call, Timestamp};
use model_ssm::Error;
use model_ssm::types::{ParameterTier, ParameterType, PutParameterInput};
use zeroize::Zeroizing;

use crate::data_type::DataType;
use crate::error::invalid;
use crate::limits::{ADVANCED_VALUE_MAX, STANDARD_VALUE_MAX};
use crate::name::Reference;
use crate::ops::tags;
use crate::records::{Kind, Parameter, Policy, Tier, Value, Version};
use crate::secure::{DEFAULT_KEY, Sealing};
use crate::{pattern, policies};

/// A request to put a parameter, checked as far as it can be by itself.
pub struct Request {
    name: String,
    pub value: Zeroizing<String>,
    kind: Option<Kind>,
    overwrite: bool,
    tier: Option<ParameterTier>,
    policies: Option<Vec<Policy>>,
    data_type: Option<DataType>,
    description: Option<String>,
    allowed_pattern: Option<String>,
    key_id: Option<String>,
    /// Of a new parameter.
    pub tags: BTreeMap<String, String>,
}

/// The version to be made, but for its value.
#[derive(Debug)]
pub struct Plan {
    pub kind: Kind,
    pub tier: Tier,
    number: i64,
    key_id: Option<String>,
    description: Option<String>,
    allowed_pattern: Option<String>,
    data_type: DataType,
    policies: Vec<Policy>,
}

impl Request {
    pub fn check(call: &Call, reference: &Reference, input: PutParameterInput) -> Result<Self, Error> {
        let value = Zeroizing::new(input.value.into_inner());
        if value.is_empty() {
            return Err(invalid(
                "1 validation error detected: Value '' at 'value' failed to satisfy constraint: Member must have length \
                 greater than or equal to 1.",
            ));
        }
        if nests(&value) {
            return Err(invalid(
                "Parameter value: can't nest another parameter. Do not use \"{{}}\" in the value.",
            ));
        }
        let overwrite = input.overwrite == Some(true);
        if overwrite && input.tags.as_ref().is_some_and(|tags| !tags.is_empty()) {
            return Err(invalid(
                "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please \
                 remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or \
                 RemoveTagsFromResource.",
            ));
        }
        Ok(Self {
            name: reference.name.clone(),
            value,
            kind: input.r#type.and_then(|kind| kind.known()).map(kind_of),
            overwrite,
            tier: input.tier.and_then(|tier| tier.known()),
            policies: input.policies.map(|text| policies::parse(&text, call.now)).transpose()?,
            data_type: input.data_type.map(|name| DataType::parse(&name)).transpose()?,
            description: input.description,
            allowed_pattern: input.allowed_pattern,
            key_id: input.key_id,
            tags: tags::of_request(input.tags.unwrap_or_default())?,
        })
    }

    /// What is to be made, given the parameter as it is and whether there is room for another standard one.
    pub fn plan(&self, before: Option<&Parameter>, standard_is_full: bool) -> Result<Plan, Error> {
        if before.is_some() && !self.overwrite {
            return Err(Error::parameter_already_exists(
                "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
            ));
        }
        let before = before.map(|parameter| &parameter.current);
        let kind = self.kind(before)?;
        let data_type = self.data_type(before)?;
        data_type.check(&self.name, kind, &self.value)?;
        let inherit = |own: &Option<String>, theirs: fn(&Version) -> &Option<String>| {
            own.clone().or_else(|| before.and_then(|version| theirs(version).clone()))
        };
        let allowed_pattern =
            inherit(&self.allowed_pattern, |version| &version.allowed_pattern).filter(|p| !p.is_empty());
        if let Some(pattern) = &allowed_pattern {
            pattern::check(pattern, &self.value)?;
        }
        if self.key_id.is_some() && kind != Kind::SecureString {
            return Err(invalid("KeyId is required for SecureString type parameter only."));
        }
        let key_id = inherit(&self.key_id, |version| &version.key_id);
        let key_id = key_id.or_else(|| (kind == Kind::SecureString).then(|| DEFAULT_KEY.to_owned()));
        let policies = match &self.policies {
            Some(policies) => policies.clone(),
            None => before.map(|version| version.policies.clone()).unwrap_or_default(),
        };
        let tier = self.tier(before, &policies, data_type, standard_is_full)?;
        Ok(Plan {
            kind,
            tier,
            number: before.map_or(1, |version| version.number + 1),
            key_id,
            description: inherit(&self.description, |version| &version.description),
            allowed_pattern,
            data_type,
            policies,
        })
    }

    fn kind(&self, before: Option<&Version>) -> Result<Kind, Error> {
        match (self.kind, before.map(|version| version.kind)) {
            (None, None) => Err(invalid("A parameter type is required when you create a parameter.")),
            (Some(asked), Some(is)) if asked != is => Err(Error::hierarchy_type_mismatch_exception(format!(
                "The type of a parameter can't be changed from {is:?} to {asked:?}. Delete the parameter, or create one \
                 with another name."
            ))),
            (asked, is) => Ok(asked.or(is).unwrap_or(Kind::String)),
        }
    }

    fn data_type(&self, before: Option<&Version>) -> Result<DataType, Error> {
        let is = before.map(|version| DataType::parse(&version.data_type)).transpose()?;
        let asked = self.data_type.or(is).unwrap_or(DataType::Text);
        match is {
            Some(is) if !is.may_become(asked) => Err(invalid(format!(
                "The data type of a parameter can't be changed from {} to {}.",
                is.name(),
                asked.name()
            ))),
            _ => Ok(asked),
        }
    }

    fn tier(
        &self,
        before: Option<&Version>,
        policies: &[Policy],
        data_type: DataType,
        standard_is_full: bool,
    ) -> Result<Tier, Error> {
        let is = before.map(|version| version.tier);
        let too_much = self.too_much_for_standard(policies, data_type);
        let tier = match (self.tier, is) {
            (Some(ParameterTier::Standard), Some(Tier::Advanced)) => {
                return Err(invalid(
                    "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the \
                     advanced-parameter tier to the standard-parameter tier. If necessary, you can delete the advanced \
                     parameter and recreate it as a standard parameter.",
                ));
            }
            (_, Some(Tier::Advanced)) | (Some(ParameterTier::Advanced), _) => Tier::Advanced,
            (Some(ParameterTier::IntelligentTiering), _)
                if too_much.is_some() || is.is_none() && standard_is_full =>
            {
                Tier::Advanced
            }
            _ => Tier::Standard,
        };
        match (tier, too_much) {
            (Tier::Standard, Some(why)) => Err(invalid(why)),
            (Tier::Advanced, _) if self.value.len() > ADVANCED_VALUE_MAX => Err(invalid(format!(
                "Advanced tier parameters support a maximum parameter value of {ADVANCED_VALUE_MAX} characters."
            ))),
            _ => Ok(tier),
        }
    }

    fn too_much_for_standard(&self, policies: &[Policy], data_type: DataType) -> Option<String> {
        const MORE: &str = "For more information, see https://docs.aws.amazon.com/systems-manager/latest/userguide/\
                            parameter-store-advanced-parameters.html";
        if self.value.len() > STANDARD_VALUE_MAX {
            return Some(format!(
                "Standard tier parameters support a maximum parameter value of {STANDARD_VALUE_MAX} characters. To \
                 create a larger parameter value, upgrade the parameter to use the advanced-parameter tier. {MORE}"
            ));
        }
        if !policies.is_empty() {
            return Some(format!(
                "Standard tier parameters don't support parameter policies. To use parameter policies, upgrade the \
                 parameter to use the advanced-parameter tier. {MORE}"
            ));
        }
        data_type.is_advanced().then(|| {
            format!(
                "Standard tier parameters don't support the data type {}. To use it, upgrade the parameter to use the \
                 advanced-parameter tier. {MORE}",
                data_type.name()
            )
        })
    }
}

impl Plan {
    /// Under what the value is to be encrypted, if it is.
    pub fn sealing(&self) -> Option<Sealing> {
        let key_id = self.key_id.clone().filter(|_| self.kind == Kind::SecureString)?;
        Some(Sealing { key_id, tier: self.tier })
    }

    pub fn number(&self) -> i64 {
        self.number
    }

    /// The version.
    pub fn version(&self, value: Value, now: Timestamp, by: &str) -> Version {
        Version {
            number: self.number,
            kind: self.kind,
            value,
            modified_ms: now.millis(),
            modified_by: by.to_owned(),
            description: self.description.clone(),
            allowed_pattern: self.allowed_pattern.clone(),
            key_id: self.key_id.clone(),
            tier: self.tier,
            data_type: self.data_type.name().to_owned(),
            policies: self.policies.clone(),
        }
    }
}

fn kind_of(kind: ParameterType) -> Kind {
    match kind {
        ParameterType::String => Kind::String,
        ParameterType::StringList => Kind::StringList,
        ParameterType::SecureString => Kind::SecureString,
    }
}

/// Whether a value holds what looks like a reference to another parameter.
fn nests(value: &str) -> bool {
    value.find("{{").is_some_and(|at| value[at..].contains("}}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nesting() {
        assert!(nests("a {{ssm:x}} b") && nests("{{}}"));
        assert!(!nests("}} {{") && !nests("{\"a\":{\"b\":1}}") && !nests("{{"));
    }
}
