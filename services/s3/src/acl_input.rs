//! Access control lists as requests say them, by a canned name, by headers or by a document, and as answers show them.

use model_s3::types::{self, AccessControlPolicy, Type};
use wire::{Detailed, Open};

use crate::error::{access_denied, invalid_argument, invalid_request, malformed_xml, not_implemented};
use crate::limits::GRANTS_MAX;
use crate::records::{Acl, Grant, Grantee, Permission};
use crate::s3::S3;

const ALL_USERS: &str = "http://acs.amazonaws.com/groups/global/AllUsers";
const AUTHENTICATED_USERS: &str = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";
const LOG_DELIVERY: &str = "http://acs.amazonaws.com/groups/s3/LogDelivery";

/// What a request says of an access control list.
#[derive(Clone, Copy, Default)]
pub struct AclInput<'a> {
    pub canned: Option<&'a str>,
    pub full_control: Option<&'a str>,
    pub read: Option<&'a str>,
    pub read_acp: Option<&'a str>,
    pub write: Option<&'a str>,
    pub write_acp: Option<&'a str>,
    pub document: Option<&'a AccessControlPolicy>,
}

/// [`AclInput`] of an input with a canned name and grants in headers.
macro_rules! acl_headers {
    ($input:expr) => {
        $crate::acl_input::AclInput {
            canned: $input.acl.as_ref().map(wire::Open::as_str),
            full_control: $input.grant_full_control.as_deref(),
            read: $input.grant_read.as_deref(),
            read_acp: $input.grant_read_acp.as_deref(),
            write_acp: $input.grant_write_acp.as_deref(),
            ..Default::default()
        }
    };
}
pub(crate) use acl_headers;

/// Accounts that a canned name speaks of.
#[derive(Clone, Copy)]
pub struct Owners<'a> {
    /// Whose resource it is.
    pub resource: &'a str,
    /// Whose bucket it lies in.
    pub bucket: &'a str,
}

/// A list that gives its owner everything and others nothing.
pub fn private(owner: &str) -> Acl {
    Acl { owner: owner.to_owned(), grants: vec![full_control(owner)] }
}

fn full_control(account: &str) -> Grant {
    Grant { grantee: Grantee::Account(account.to_owned()), permission: Permission::FullControl }
}

impl<'a> AclInput<'a> {
    /// The grants in headers: name of the header, what it gives, to whom.
    fn headers(&self) -> impl Iterator<Item = (&'static str, Permission, &'a str)> {
        [
            ("x-amz-grant-read", Permission::Read, self.read),
            ("x-amz-grant-write", Permission::Write, self.write),
            ("x-amz-grant-read-acp", Permission::ReadAcp, self.read_acp),
            ("x-amz-grant-write-acp", Permission::WriteAcp, self.write_acp),
            ("x-amz-grant-full-control", Permission::FullControl, self.full_control),
        ]
        .into_iter()
        .filter_map(|(name, permission, value)| Some((name, permission, value?)))
    }

    /// Whether the request says anything.
    pub fn is_empty(&self) -> bool {
        self.canned.is_none() && self.document.is_none() && self.headers().next().is_none()
    }

    /// Whether it says no more than that the bucket's owner, an account, has full control. Who may write an object may say
    /// this without the right to change lists: the user guide's examples of policies that ask for it allow `s3:PutObject`
    /// alone.
    pub fn is_for_bucket_owner(&self, s3: &S3, owner: &str) -> bool {
        let mut headers = self.headers();
        match (self.canned, headers.next(), self.document) {
            (Some(name), None, None) => name == "bucket-owner-full-control",
            (None, Some((header, Permission::FullControl, value)), None) => {
                let owner = Grantee::Account(owner.to_owned());
                let is_owner =
                    |part: &str| of_header(s3, header, part.trim()).is_ok_and(|found| found == owner);
                headers.next().is_none() && value.split(',').all(is_owner)
            }
            _ => false,
        }
    }

    /// The headers as policies know them: `s3:x-amz-acl` and `s3:x-amz-grant-…`.
    pub fn condition_keys(&self) -> impl Iterator<Item = (String, String)> {
        let canned = self.canned.map(|name| ("s3:x-amz-acl".to_owned(), name.to_owned()));
        canned
            .into_iter()
            .chain(self.headers().map(|(name, _, value)| (format!("s3:{name}"), value.to_owned())))
    }

    /// The list that the request means; `None` if it says nothing.
    ///
    /// # Errors
    /// `InvalidRequest`, `InvalidArgument`, `MalformedACLError`, `UnexpectedContent` and those of grants by e-mail.
    pub fn list(&self, s3: &S3, owners: Owners<'_>) -> Result<Option<Acl>, Detailed> {
        let by_headers = self.headers().next().is_some();
        if self.canned.is_some() && by_headers {
            return Err(invalid_request("Specifying both Canned ACLs and Header Grants is not allowed"));
        }
        if self.document.is_some() && (self.canned.is_some() || by_headers) {
            return Err(Detailed::new("UnexpectedContent", 400, "This request does not support content"));
        }
        if let Some(document) = self.document {
            return of_document(s3, document, owners.resource).map(Some);
        }
        if let Some(name) = self.canned {
            return canned(name, owners).map(Some);
        }
        if !by_headers {
            return Ok(None);
        }
        let mut grants = Vec::new();
        for (header, permission, value) in self.headers() {
            for part in value.split(',') {
                grants.push(Grant { grantee: of_header(s3, header, part.trim())?, permission });
            }
        }
        check_count(&grants)?;
        Ok(Some(Acl { owner: owners.resource.to_owned(), grants }))
    }
}

fn canned(name: &str, owners: Owners<'_>) -> Result<Acl, Detailed> {
    let to = |grantee: Grantee, permission| Grant { grantee, permission };
    let bucket_owner = |permission| {
        let other = owners.bucket != owners.resource;
        other.then(|| to(Grantee::Account(owners.bucket.to_owned()), permission))
    };
    let mut acl = private(owners.resource);
    let grants = &mut acl.grants;
    match name {
        "private" => {}
        "public-read" => grants.push(to(Grantee::AllUsers, Permission::Read)),
        "public-read-write" => {
            grants.extend([to(Grantee::AllUsers, Permission::Read), to(Grantee::AllUsers, Permission::Write)])
        }
        "authenticated-read" => grants.push(to(Grantee::AuthenticatedUsers, Permission::Read)),
        "bucket-owner-read" => grants.extend(bucket_owner(Permission::Read)),
        "bucket-owner-full-control" => grants.extend(bucket_owner(Permission::FullControl)),
        "log-delivery-write" => grants.extend([
            to(Grantee::LogDelivery, Permission::Write),
            to(Grantee::LogDelivery, Permission::ReadAcp),
        ]),
        "aws-exec-read" => return Err(not_implemented("x-amz-acl: aws-exec-read")),
        _ => return Err(invalid_argument("", "x-amz-acl", name)),
    }
    Ok(acl)
}

/// A grantee as headers write it: `id="…"`, `uri="…"` or `emailAddress="…"`.
fn of_header(s3: &S3, header: &str, text: &str) -> Result<Grantee, Detailed> {
    let unrecognized = || invalid_argument("Argument format not recognized", header, text);
    let (kind, value) = text.split_once('=').ok_or_else(unrecognized)?;
    let value = value.trim();
    let value = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value);
    match kind.trim() {
        "id" => by_id(s3, value, "id"),
        "uri" => by_uri(value, "uri"),
        "emailAddress" => by_email(s3, value),
        _ => Err(unrecognized()),
    }
}

fn of_document(s3: &S3, document: &AccessControlPolicy, owner: &str) -> Result<Acl, Detailed> {
    let (Some(said), Some(listed)) = (&document.owner, &document.grants) else {
        return Err(malformed());
    };
    let said = said.id.as_deref().unwrap_or_default();
    match s3.accounts.with_canonical_id(said) {
        None => return Err(invalid_argument("Invalid id", "CanonicalUser/ID", said)),
        // The owner does not change by a list.
        Some(account) if account != owner => return Err(access_denied()),
        Some(_) => {}
    }
    let mut grants = Vec::with_capacity(listed.len().min(GRANTS_MAX));
    for grant in listed {
        let (Some(grantee), Some(permission)) = (&grant.grantee, &grant.permission) else {
            return Err(malformed());
        };
        let permission = permission.known().map(Permission::from).ok_or_else(malformed)?;
        let text = |value: &Option<String>| value.clone().ok_or_else(malformed);
        let grantee = match grantee.r#type.known().ok_or_else(malformed)? {
            Type::CanonicalUser => by_id(s3, &text(&grantee.id)?, "CanonicalUser/ID")?,
            Type::Group => by_uri(&text(&grantee.uri)?, "Group/URI")?,
            Type::AmazonCustomerByEmail => by_email(s3, &text(&grantee.email_address)?)?,
        };
        grants.push(Grant { grantee, permission });
        check_count(&grants)?;
    }
    Ok(Acl { owner: owner.to_owned(), grants })
}

fn by_id(s3: &S3, id: &str, name: &str) -> Result<Grantee, Detailed> {
    let account = s3.accounts.with_canonical_id(id);
    account.map(Grantee::Account).ok_or_else(|| invalid_argument("Invalid id", name, id))
}

fn by_uri(uri: &str, name: &str) -> Result<Grantee, Detailed> {
    match uri {
        ALL_USERS => Ok(Grantee::AllUsers),
        AUTHENTICATED_USERS => Ok(Grantee::AuthenticatedUsers),
        LOG_DELIVERY => Ok(Grantee::LogDelivery),
        _ => Err(invalid_argument("Invalid group uri", name, uri)),
    }
}

fn by_email(s3: &S3, email: &str) -> Result<Grantee, Detailed> {
    let mut accounts = s3.accounts.with_email(email);
    match (accounts.pop(), accounts.is_empty()) {
        (Some(account), true) => Ok(Grantee::Account(account)),
        (Some(_), false) => {
            let text = "The e-mail address you provided is associated with more than one account.";
            Err(Detailed::new("AmbiguousGrantByEmailAddress", 400, text).with("Email", email))
        }
        (None, _) => {
            let text = "The e-mail address you provided does not match any account on record.";
            Err(Detailed::new("UnresolvableGrantByEmailAddress", 400, text).with("Email", email))
        }
    }
}

fn malformed() -> Detailed {
    Detailed { code: "MalformedACLError".into(), ..malformed_xml() }
}

fn check_count(grants: &[Grant]) -> Result<(), Detailed> {
    if grants.len() > GRANTS_MAX { Err(malformed()) } else { Ok(()) }
}

/// An account as answers show it.
pub fn owner(s3: &S3, account: &str) -> types::Owner {
    let owner = s3.accounts.owner(account);
    types::Owner { display_name: Some(owner.display_name), id: Some(owner.canonical_id) }
}

/// A list as answers show it: its owner and its entries. Their order says nothing; those of groups come first.
pub fn shown(s3: &S3, acl: &Acl) -> (types::Owner, Vec<types::Grant>) {
    let (accounts, groups): (Vec<_>, Vec<_>) =
        acl.grants.iter().partition(|grant| matches!(grant.grantee, Grantee::Account(_)));
    let grants = groups.into_iter().chain(accounts).map(|grant| types::Grant {
        grantee: Some(grantee(s3, &grant.grantee)),
        permission: Some(Open::Known(grant.permission.into())),
    });
    (owner(s3, &acl.owner), grants.collect())
}

fn grantee(s3: &S3, grantee: &Grantee) -> types::Grantee {
    let group = |uri: &str| types::Grantee {
        r#type: Open::Known(Type::Group).into(),
        uri: Some(uri.to_owned()),
        ..Default::default()
    };
    match grantee {
        Grantee::AllUsers => group(ALL_USERS),
        Grantee::AuthenticatedUsers => group(AUTHENTICATED_USERS),
        Grantee::LogDelivery => group(LOG_DELIVERY),
        Grantee::Account(account) => {
            let owner = owner(s3, account);
            types::Grantee {
                r#type: Open::Known(Type::CanonicalUser).into(),
                display_name: owner.display_name,
                id: owner.id,
                ..Default::default()
            }
        }
    }
}

impl From<types::Permission> for Permission {
    fn from(permission: types::Permission) -> Self {
        match permission {
            types::Permission::FullControl => Self::FullControl,
            types::Permission::Read => Self::Read,
            types::Permission::Write => Self::Write,
            types::Permission::ReadAcp => Self::ReadAcp,
            types::Permission::WriteAcp => Self::WriteAcp,
        }
    }
}

impl From<Permission> for types::Permission {
    fn from(permission: Permission) -> Self {
        match permission {
            Permission::FullControl => Self::FullControl,
            Permission::Read => Self::Read,
            Permission::Write => Self::Write,
            Permission::ReadAcp => Self::ReadAcp,
            Permission::WriteAcp => Self::WriteAcp,
        }
    }
}
