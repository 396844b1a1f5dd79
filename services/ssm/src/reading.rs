//! Making answers of what was looked up.

use std::sync::Arc;

use kernel::{Call, Timestamp};
use model_ssm::Error;
use model_ssm::types::{self, ParameterType};

use crate::error::{no_label, no_version, not_found};
use crate::name::Selector;
use crate::public;
use crate::records::{Kind, Parameter, Version};
use crate::resource::{Found, Named};
use crate::secure;
use crate::ssm::Ssm;

impl From<Kind> for ParameterType {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::String => Self::String,
            Kind::StringList => Self::StringList,
            Kind::SecureString => Self::SecureString,
        }
    }
}

impl Ssm {
    /// A parameter in the version that is asked for.
    pub async fn read(
        self: &Arc<Self>,
        call: &Call,
        named: Named,
        with_decryption: bool,
    ) -> Result<types::Parameter, Error> {
        match named.found {
            Found::Public(parameter) => {
                public_parameter(&named.reference.arn().to_string(), parameter, named.reference.selector)
            }
            Found::Own(parameter) => {
                let reference = &named.reference;
                let version = reference.version();
                let chosen = match version {
                    None => *parameter,
                    Some(selector) => self.choose(reference, *parameter, &selector)?,
                };
                let arn = reference.arn();
                let mut answer = self.shown(call, arn, chosen, with_decryption).await?;
                answer.selector = named.reference.selector;
                Ok(answer)
            }
            Found::Nothing if named.reference.secret().is_some() => {
                crate::secret::read(&self.cloud, call, &named.reference, with_decryption).await
            }
            Found::Nothing => Err(not_found()),
        }
    }

    /// A parameter whose newest version is the chosen one.
    fn choose(
        &self,
        reference: &crate::name::Reference,
        mut parameter: Parameter,
        selector: &Selector,
    ) -> Result<Parameter, Error> {
        let (place, name) = (reference.place(), &reference.name);
        let snapshot = self.store.snapshot();
        let number = match selector {
            Selector::Version(number) => *number,
            Selector::Label(label) => {
                let labels = Self::labels(&snapshot, place, name)?;
                *labels.versions.get(label).ok_or_else(|| no_label(&parameter.name, label))?
            }
        };
        if number != parameter.current.number {
            let version = Self::version(&snapshot, place, name, number)?;
            parameter.current = version.ok_or_else(|| no_version(&parameter.name, number))?;
        }
        Ok(parameter)
    }

    /// A parameter as the operations that get values show it.
    pub async fn shown(
        &self,
        call: &Call,
        arn: kernel::Arn,
        parameter: Parameter,
        with_decryption: bool,
    ) -> Result<types::Parameter, Error> {
        let Parameter {
            name, current: Version { kind, mut value, number, modified_ms, data_type, .. }, ..
        } = parameter;
        let value = secure::shown(&self.cloud, call, &arn, &mut value, with_decryption).await?;
        Ok(types::Parameter {
            name: Some(name),
            r#type: Some(ParameterType::from(kind).into()),
            value: Some(value),
            version: Some(number),
            selector: None,
            source_result: None,
            last_modified_date: Some(Timestamp::from_millis(modified_ms)),
            arn: Some(arn.to_string()),
            data_type: Some(data_type),
        })
    }
}

/// A public parameter. It has one version.
fn public_parameter(
    arn: &str,
    parameter: public::Parameter,
    selector: Option<String>,
) -> Result<types::Parameter, Error> {
    if let Some(text) = selector.as_deref().map(|text| text.trim_start_matches(':'))
        && text != "1"
    {
        return Err(match text.parse() {
            Ok(number) => no_version(&parameter.name, number),
            Err(_) => no_label(&parameter.name, text),
        });
    }
    Ok(types::Parameter { selector, ..public_shown(arn, parameter) })
}

/// A public parameter in a list.
pub fn public_shown(arn: &str, parameter: public::Parameter) -> types::Parameter {
    types::Parameter {
        name: Some(parameter.name),
        r#type: Some(ParameterType::String.into()),
        value: Some(parameter.value),
        version: Some(1),
        selector: None,
        source_result: None,
        last_modified_date: Some(public::MODIFIED),
        arn: Some(arn.to_owned()),
        data_type: Some(parameter.data_type.to_owned()),
    }
}
