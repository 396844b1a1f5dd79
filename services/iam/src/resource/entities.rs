//! Devices, providers and certificates, and what else users have.

use identity::keys;
use identity::mfa::{named as device_named, serial_of};
use identity::records::{MfaDevice, OidcProvider, SamlProvider, ServerCertificate};
use kernel::{Arn, Call};
use model_iam::types::*;
use service::{Resource, Target};

use super::{
    MaybeUser, Names, Owner, caller, read, self_or_user, user_target, with_request_tags, with_resource_tags,
};
use crate::arn;
use crate::error::{Error, validation};
use crate::iam::Iam;
use crate::limits::PATH_DEFAULT;
use crate::oidc;

macro_rules! required_user {
    ($($input:ty),* $(,)?) => {
        $(impl Names for $input {
            fn name(&self) -> &str {
                &self.user_name
            }
        })*
    };
}

macro_rules! maybe_user {
    ($($input:ty),* $(,)?) => {
        $(impl MaybeUser for $input {
            fn user_name(&self) -> Option<&str> {
                self.user_name.as_deref()
            }
        })*
    };
}

/// Inputs that name something by its ARN or name, with the tags they set or remove.
pub trait Tagged {
    fn named(&self) -> &str;
    fn sets(&self) -> &[Tag] {
        &[]
    }
    fn removes(&self) -> Option<&[String]> {
        None
    }
}

macro_rules! tagged {
    ($field:ident: $($input:ty),* ; $tag:ty, $untag:ty) => {
        $(impl Tagged for $input {
            fn named(&self) -> &str {
                &self.$field
            }
        })*
        impl Tagged for $tag {
            fn named(&self) -> &str {
                &self.$field
            }
            fn sets(&self) -> &[Tag] {
                &self.tags
            }
        }
        impl Tagged for $untag {
            fn named(&self) -> &str {
                &self.$field
            }
            fn removes(&self) -> Option<&[String]> {
                Some(&self.tag_keys)
            }
        }
    };
}

required_user!(
    DeleteSSHPublicKeyInput,
    EnableMFADeviceInput,
    GetSSHPublicKeyInput,
    ResyncMFADeviceInput,
    UpdateLoginProfileInput,
    UpdateSSHPublicKeyInput,
    UploadSSHPublicKeyInput,
);

maybe_user!(
    CreateLoginProfileInput,
    DeactivateMFADeviceInput,
    DeleteLoginProfileInput,
    DeleteServiceSpecificCredentialInput,
    DeleteSigningCertificateInput,
    GetLoginProfileInput,
    GetMFADeviceInput,
    ListMFADevicesInput,
    ListSSHPublicKeysInput,
    ListSigningCertificatesInput,
    ResetServiceSpecificCredentialInput,
    UpdateServiceSpecificCredentialInput,
    UpdateSigningCertificateInput,
    UploadSigningCertificateInput,
);

tagged!(serial_number: DeleteVirtualMFADeviceInput, ListMFADeviceTagsInput; TagMFADeviceInput, UntagMFADeviceInput);
tagged!(
    open_id_connect_provider_arn:
    AddClientIDToOpenIDConnectProviderInput,
    DeleteOpenIDConnectProviderInput,
    GetOpenIDConnectProviderInput,
    ListOpenIDConnectProviderTagsInput,
    RemoveClientIDFromOpenIDConnectProviderInput,
    UpdateOpenIDConnectProviderThumbprintInput;
    TagOpenIDConnectProviderInput,
    UntagOpenIDConnectProviderInput
);
tagged!(
    saml_provider_arn:
    DeleteSAMLProviderInput,
    GetSAMLProviderInput,
    ListSAMLProviderTagsInput,
    UpdateSAMLProviderInput;
    TagSAMLProviderInput,
    UntagSAMLProviderInput
);
tagged!(
    server_certificate_name:
    DeleteServerCertificateInput,
    GetServerCertificateInput,
    ListServerCertificateTagsInput;
    TagServerCertificateInput,
    UntagServerCertificateInput
);

/// What the input says of tags.
fn with_tags_of(target: Target, input: &impl Tagged) -> Target {
    let target = with_request_tags(target, input.sets());
    match input.removes() {
        Some(keys) => target.with_tag_keys(keys.iter().map(String::as_str)),
        None => target,
    }
}

fn with_new_tags(target: Target, tags: Option<&Vec<Tag>>) -> Resource<()> {
    Resource::new(with_request_tags(target, tags.into_iter().flatten()), ())
}

/// The ARN that an input gives, which must be one of IAM in the caller's account.
fn given_arn(call: &Call, given: &str) -> Result<Arn, Error> {
    let arn = given.parse::<Arn>().ok();
    let own = arn.filter(|arn| arn.service() == "iam" && arn.account() == call.account);
    own.ok_or_else(|| Error::invalid_input_exception(format!("ARN {given} is not valid.")))
}

/// A virtual MFA device, by its serial number.
pub fn device<I: Tagged>(iam: &Iam, call: &Call, input: &I) -> Result<Resource<()>, Error> {
    let Some((name, arn)) = device_named(&call.account, input.named()) else {
        return Err(validation(format!(
            "The serial number {} is not that of a virtual MFA device.",
            input.named()
        )));
    };
    let found: Option<MfaDevice> = read(iam, &keys::mfa_device(&call.account, name))?;
    let found = found.filter(|device| serial_of(&call.account, device) == arn);
    let target = with_resource_tags(Target::new(arn), &found.map(|device| device.tags).unwrap_or_default());
    Ok(Resource::new(with_tags_of(target, input), ()))
}

/// A virtual MFA device that is to be made.
pub fn new_device(_: &Iam, call: &Call, input: &CreateVirtualMFADeviceInput) -> Result<Resource<()>, Error> {
    let path = input.path.as_deref().unwrap_or(PATH_DEFAULT);
    let arn = arn::named(&call.account, "mfa", path, &input.virtual_mfa_device_name);
    Ok(with_new_tags(Target::new(arn), input.tags.as_ref()))
}

/// An OpenID Connect provider, by its ARN.
pub fn oidc_provider<I: Tagged>(iam: &Iam, call: &Call, input: &I) -> Result<Resource<()>, Error> {
    let arn = given_arn(call, input.named())?;
    let found: Option<OidcProvider> = match arn.resource().strip_prefix("oidc-provider/") {
        Some(url) => read(iam, &keys::oidc_provider(&call.account, url))?,
        None => None,
    };
    let tags = found.map(|provider| provider.tags).unwrap_or_default();
    Ok(Resource::new(with_tags_of(with_resource_tags(Target::new(arn), &tags), input), ()))
}

/// An OpenID Connect provider that is to be made.
pub fn new_oidc_provider(
    _: &Iam,
    call: &Call,
    input: &CreateOpenIDConnectProviderInput,
) -> Result<Resource<()>, Error> {
    let arn = arn::of(&call.account, &format!("oidc-provider/{}", oidc::without_scheme(&input.url)));
    Ok(with_new_tags(Target::new(arn), input.tags.as_ref()))
}

/// A SAML provider, by its ARN.
pub fn saml_provider<I: Tagged>(iam: &Iam, call: &Call, input: &I) -> Result<Resource<()>, Error> {
    let arn = given_arn(call, input.named())?;
    let found: Option<SamlProvider> = match arn.resource().strip_prefix("saml-provider/") {
        Some(name) => read(iam, &keys::saml_provider(&call.account, name))?,
        None => None,
    };
    let tags = found.map(|provider| provider.tags).unwrap_or_default();
    Ok(Resource::new(with_tags_of(with_resource_tags(Target::new(arn), &tags), input), ()))
}

/// A SAML provider that is to be made.
pub fn new_saml_provider(
    _: &Iam,
    call: &Call,
    input: &CreateSAMLProviderInput,
) -> Result<Resource<()>, Error> {
    let arn = arn::of(&call.account, &format!("saml-provider/{}", *input.name));
    Ok(with_new_tags(Target::new(arn), input.tags.as_ref()))
}

/// A server certificate, by its name.
pub fn server_certificate<I: Tagged>(iam: &Iam, call: &Call, input: &I) -> Result<Resource<()>, Error> {
    let target = certificate_target(iam, call, input.named())?;
    Ok(Resource::new(with_tags_of(target, input), ()))
}

/// A server certificate that is to be made.
pub fn new_server_certificate(
    _: &Iam,
    call: &Call,
    input: &UploadServerCertificateInput,
) -> Result<Resource<()>, Error> {
    let path = input.path.as_deref().unwrap_or(PATH_DEFAULT);
    let arn = arn::named(&call.account, "server-certificate", path, &input.server_certificate_name);
    Ok(with_new_tags(Target::new(arn), input.tags.as_ref()))
}

/// A server certificate that changes its path or name: what it was, and what it becomes.
pub fn renamed_server_certificate(
    iam: &Iam,
    call: &Call,
    input: &UpdateServerCertificateInput,
) -> Result<Resource<()>, Error> {
    let before = certificate_target(iam, call, &input.server_certificate_name)?;
    let resource = before.arn.resource().to_owned();
    let (old_path, old_name) = resource.split_at(resource.rfind('/').map_or(0, |at| at + 1));
    let old_path = old_path.strip_prefix("server-certificate").unwrap_or(old_path);
    let path = input.new_path.as_deref().unwrap_or(old_path);
    let name = input.new_server_certificate_name.as_deref().unwrap_or(old_name);
    let after = arn::named(&call.account, "server-certificate", path, name);
    let resource = Resource::new(before, ());
    Ok(if *resource.arn() == after { resource } else { resource.and(after) })
}

fn certificate_target(iam: &Iam, call: &Call, name: &str) -> Result<Target, Error> {
    let found: Option<ServerCertificate> = read(iam, &keys::server_certificate(&call.account, name))?;
    Ok(match found {
        None => Target::new(arn::named(&call.account, "server-certificate", PATH_DEFAULT, name)),
        Some(found) => {
            let arn = arn::named(&call.account, "server-certificate", &found.path, &found.name);
            with_resource_tags(Target::new(arn), &found.tags)
        }
    })
}

/// The calling user, whose password is changed. Where the account's policy says that users may, no other policy needs to
/// allow it.
pub fn own_password(iam: &Iam, call: &Call, _: &ChangePasswordInput) -> Result<Resource<Owner>, Error> {
    let owner = caller(call).map_err(|_| only_users())?;
    let Owner::User(name) = &owner else { return Err(only_users()) };
    let target = user_target(iam, &call.account, name)?;
    let rules = crate::find::account(&mut iam.store.snapshot(), &call.account)?.password_policy;
    if !rules.is_some_and(|rules| rules.may_change) {
        return Ok(Resource::new(target, owner));
    }
    let document = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"{}"}},"Action":"iam:ChangePassword","Resource":"{}"}}]}}"#,
        call.principal.arn, target.arn
    );
    Ok(Resource::new(target.with_policy(document), owner))
}

fn only_users() -> Error {
    Error::invalid_user_type_exception("Only IAM Users can change their own password")
}

/// The user for whom a credential for a service is made.
pub fn new_service_credential(
    iam: &Iam,
    call: &Call,
    input: &CreateServiceSpecificCredentialInput,
) -> Result<Resource<()>, Error> {
    let mut target = user_target(iam, &call.account, &input.user_name)?
        .with_key("iam:ServiceSpecificCredentialServiceName", input.service_name.to_string());
    if let Some(days) = input.credential_age_days {
        target = target.with_key("iam:ServiceSpecificCredentialAgeDays", i64::from(days));
    }
    Ok(Resource::new(target, ()))
}

/// Inputs that name a credential for a service.
pub trait OnServiceCredential: MaybeUser {
    fn credential(&self) -> &str;
}

macro_rules! on_service_credential {
    ($($input:ty),*) => {
        $(impl OnServiceCredential for $input {
            fn credential(&self) -> &str {
                &self.service_specific_credential_id
            }
        })*
    };
}

on_service_credential!(
    DeleteServiceSpecificCredentialInput,
    ResetServiceSpecificCredentialInput,
    UpdateServiceSpecificCredentialInput
);

/// The user that has a credential for a service, and that service.
pub fn service_credential<I: OnServiceCredential>(
    iam: &Iam,
    call: &Call,
    input: &I,
) -> Result<Resource<Owner>, Error> {
    let owner = match input.user_name() {
        Some(name) => Owner::User(name.to_owned()),
        None => caller(call)?,
    };
    let Owner::User(name) = &owner else {
        return Ok(Resource::new(arn::of(&call.account, "root"), owner));
    };
    let mut target = user_target(iam, &call.account, name)?;
    let user: Option<identity::records::User> = read(iam, &keys::user(&call.account, name))?;
    if let Some(user) = user {
        let row = keys::belonging(&call.account, "service-cred", &user.id, input.credential());
        let found: Option<identity::records::ServiceCredential> = read(iam, &row)?;
        if let Some(found) = found {
            target = target.with_key("iam:ServiceSpecificCredentialServiceName", found.service);
        }
    }
    Ok(Resource::new(target, owner))
}

/// The user whose credentials for services are listed, or all users.
pub fn service_credentials(
    iam: &Iam,
    call: &Call,
    input: &ListServiceSpecificCredentialsInput,
) -> Result<Resource<Option<Owner>>, Error> {
    if input.all_users == Some(true) {
        return Ok(Resource::new(arn::of(&call.account, "user/*"), None));
    }
    struct Named<'a>(Option<&'a str>);
    impl MaybeUser for Named<'_> {
        fn user_name(&self) -> Option<&str> {
            self.0
        }
    }
    Ok(self_or_user(iam, call, &Named(input.user_name.as_deref()))?.map(Some))
}

/// What a report of last accesses is made about: a user, group, role or policy.
pub fn reported(
    _: &Iam,
    call: &Call,
    input: &GenerateServiceLastAccessedDetailsInput,
) -> Result<Resource<Arn>, Error> {
    let given = &input.arn;
    let arn: Arn = given
        .parse()
        .map_err(|_| Error::invalid_input_exception(format!("ARN {} is not valid.", **given)))?;
    Ok(Resource::new(Target::new(arn.clone()).owned_by(&*call.account), arn))
}
